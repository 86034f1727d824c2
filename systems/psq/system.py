"""PSQ: probabilistic structured queries over BM25.

Darwish and Oard (SIGIR 2003), "Probabilistic structured query methods": a query word counts in a document as often
as its translations do, each weighted with its probability, and so for document frequencies:

    tf(q, d) = sum over terms e of p(e | q) tf(e, d)        df(q) = sum over terms e of p(e | q) df(e)

These go into BM25 as in `bm25`: idf(q) tf / (tf + k1 (1 - b + b length / mean length)), with
idf(q) = ln(1 + (N - df(q) + 0.5) / (df(q) + 0.5)). A word the table does not know (names, numbers) stands for itself,
as does every word of a query in the documents' language.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from harness.collections.base import Document, Query
from harness.errors import DataError
from harness.languages import LanguagePair
from harness.system import (
    IndexContext,
    Ranking,
    RetrievalSystem,
    SearchContext,
    Searcher,
    SystemConfig,
    register_system,
)
from harness.training import Bitext, TrainableSystem, TrainingContext
from systems.psq.postings import PostingsIndex, PostingsSearcher, rank
from systems.psq.table import Pruning, TableFolder, TranslationTable
from systems.psq.terms import words
from systems.psq.training import PSQTraining, train_tables


class PSQConfig(SystemConfig):
    """Settings of PSQ."""

    model: Path = Field(
        description="folder with translation tables, which training makes", json_schema_extra={"identity": False}
    )
    k1: float = Field(0.9, ge=0, description="term-frequency saturation")
    b: float = Field(0.4, ge=0, le=1, description="length normalisation")
    translations: int = Field(20, ge=1, description="translations of a word, at most")
    min_probability: float = Field(0.01, ge=0, le=1, description="less probable translations are left out")
    cumulative: float = Field(0.95, gt=0, le=1, description="share of the mass at which no more are taken")

    @property
    def pruning(self) -> Pruning:
        """Which translations take part in a search."""
        return Pruning(self.translations, self.min_probability, self.cumulative)


@register_system("psq")
class PSQ(TrainableSystem[PSQConfig]):
    """Probabilistic structured queries: an inverted index of the documents, and a table that translates the query."""

    summary = "probabilistic structured queries: BM25 through a translation table learned from parallel text"
    Config = PSQConfig
    Training = PSQTraining
    languages = "those its table was trained for, into its pivot; any language into itself"
    requires: ClassVar[tuple[str, ...]] = ("numpy", "pyserini")

    @cached_property
    def tables(self) -> TableFolder:
        """The folder with the tables."""
        return TableFolder(self.config.model)

    @cached_property
    def _components(self) -> tuple[PostingsIndex, ...]:
        return (PostingsIndex(SystemConfig()),)

    def components(self) -> Sequence[RetrievalSystem[Any]]:
        """The inverted index: it depends on no table, so that tables and query languages share it."""
        return self._components

    def supports(self, pair: LanguagePair) -> str | None:
        """None for a language the table translates into the documents' language, and for that language itself."""
        if pair.query == pair.document:
            return None
        pivot, trained = self.tables.meta["pivot"], self.tables.meta["languages"]
        if pair.document == pivot and pair.query in trained:
            return None
        return f"its table translates {', '.join(sorted(trained))} into {pivot}, not {pair.query} into {pair.document}"

    def index_settings(self) -> Mapping[str, Any]:
        """Nothing: the index is its component's."""
        return {}

    def inputs(self) -> Mapping[str, str]:
        """The digest of the tables."""
        return {"tables": self.tables.digest}

    def describe_index(self, language: str) -> Mapping[str, Any]:
        """What documents' words go through."""
        return self._components[0].describe_index(language)

    def index(self, documents: Iterable[Document], folder: Path, context: IndexContext) -> None:
        """Does nothing: the component has the index."""

    def open(self, folder: Path, context: SearchContext) -> Searcher:
        """Open the table of the query language over the opened component.

        Raises:
            DataError: when the table is damaged, or its terms are made in another way than those of the index.
        """
        (index,) = context.components
        assert isinstance(index, PostingsSearcher)
        if context.pair.query == context.pair.document:
            return _PSQSearcher(index, None, self.config)
        if (theirs := self.tables.meta["stemmer"]) != index.stemmer.name:
            raise DataError(
                f"the table's terms are made by '{theirs}', the index's by '{index.stemmer.name}'",
                path=self.config.model,
                hint="train the table again",
            )
        return _PSQSearcher(index, self.tables.load(context.pair.query), self.config)

    @classmethod
    def train(cls, bitext: Bitext, settings: Any, output: Path, context: TrainingContext) -> None:
        """Learn a translation table for each language; see `systems.psq.training.train_tables`."""
        train_tables(bitext, settings, output, context)


class _PSQSearcher(Searcher):
    def __init__(self, index: PostingsSearcher, table: TranslationTable | None, config: PSQConfig) -> None:
        self._postings, self._stemmer = index.postings, index.stemmer
        self._table = table
        self._config = config
        norm = config.k1 * (1 - config.b + config.b * self._postings.relative_lengths)
        self._norm: NDArray[np.float64] = norm

    def search(self, queries: Sequence[Query], depth: int) -> Sequence[Ranking]:
        return [self._answer(query.text, depth) for query in queries]

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
        """Weighted terms that stand for a word together; a word without translations stands for itself."""
        translations = self._table.translations(word, self._config.pruning) if self._table else None
        return [[(term, 1.0)] for term in self._stemmer(word)] if translations is None else [translations]
