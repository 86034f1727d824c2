"""The scores of PSQ: BM25 over frequencies expected under a translation table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clir_harness.harness.collections.base import Query
from clir_harness.harness.system import Ranking, Searcher
from clir_harness.systems.psq.postings import PostingsSearcher, rank
from clir_harness.systems.psq.settings import PSQConfig
from clir_harness.systems.psq.table import Pruning, TranslationTable
from clir_harness.systems.psq.terms import words


class PSQSearcher(Searcher):
    """Answers queries through a table, or in the documents' own language without one.

    Args:
        index: the opened inverted index.
        table: translations of the query language; None when queries are in the documents' language.
        config: weights of BM25, and which translations take part.
        language: the language of the table, for the record.
    """

    def __init__(
        self, index: PostingsSearcher, table: TranslationTable | None, config: PSQConfig, language: str | None = None
    ) -> None:
        self._language = language
        self._postings, self._stemmer = index.postings, index.stemmer
        self._table = table
        self._pruning = Pruning(config.translations, config.min_probability, config.cumulative)
        norm = config.k1 * (1 - config.b + config.b * self._postings.relative_lengths)
        self._norm: NDArray[np.float64] = norm

    def search(self, queries: Sequence[Query], depth: int) -> Sequence[Ranking]:
        """One ranking a query; empty when none of its words, nor a translation of one, is in the documents."""
        return [self._answer(query.text, depth) for query in queries]

    def describe(self) -> Mapping[str, Any]:
        """The language whose table translates the queries."""
        return {"table": self._language} if self._language else {}

    def _answer(self, text: str, depth: int) -> Ranking:
        scores = np.zeros(len(self._norm))
        for word, count in Counter(words(text)).items():
            for weights in self._structures(word):
                tf = self._postings.expected_frequencies(weights)
                df = sum(weight * self._postings.document_frequency(term) for term, weight in weights)
                idf = np.log1p((len(scores) - df + 0.5) / (df + 0.5))
                scores += count * idf * np.divide(tf, tf + self._norm, out=np.zeros(len(tf)), where=tf > 0)
        return rank(self._postings.ids, scores, depth)

    def _structures(self, word: str) -> list[list[tuple[str, float]]]:
        """Weighted terms that together represent a word; a word without translations represents itself."""
        translations = self._table.translations(word, self._pruning) if self._table else None
        return [[(term, 1.0)] for term in self._stemmer(word)] if translations is None else [translations]
