"""An inverted index of a document language: for every term, the documents it occurs in and how often.

It holds nothing of any query language or table, so all of them share it.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clir_harness.harness.collections.base import Document, Query
from clir_harness.harness.system import IndexContext, Ranking, RetrievalSystem, SearchContext, Searcher, SystemConfig
from clir_harness.systems.psq.terms import Stemmer, words

Floats = NDArray[np.float64]

_ARRAYS = ("starts", "documents", "frequencies", "lengths")


@dataclass(frozen=True)
class Postings:
    """An opened inverted index of n documents.

    Attributes:
        ids: ids of the documents, in the order they were indexed.
        terms: number of every term.
        starts: where the postings of each term start; one more than there are terms.
        documents: of each posting, the document's number; ascending within a term.
        frequencies: of each posting, how often the term occurs in the document.
        lengths: terms in each document.
    """

    ids: Sequence[str]
    terms: Mapping[str, int]
    starts: NDArray[np.int64]
    documents: NDArray[np.int32]
    frequencies: NDArray[np.int32]
    lengths: NDArray[np.int32]

    @cached_property
    def relative_lengths(self) -> Floats:
        """Length of each document over the mean."""
        mean = float(np.mean(self.lengths)) if len(self.lengths) else 0.0
        return np.asarray(self.lengths, np.float64) / (mean or 1.0)

    def document_frequency(self, term: str) -> int:
        """In how many documents a term occurs."""
        number = self.terms.get(term)
        return 0 if number is None else int(self.starts[number + 1] - self.starts[number])

    def expected_frequencies(self, weights: Sequence[tuple[str, float]]) -> Floats:
        """For each document, the sum over terms of weight times frequency; shape (n,)."""
        found = [(self.terms[term], weight) for term, weight in weights if term in self.terms]
        parts = [slice(self.starts[number], self.starts[number + 1]) for number, _ in found]
        if not parts:
            return np.zeros(len(self.ids))
        documents = np.concatenate([self.documents[part] for part in parts])
        values = np.concatenate(
            [weight * self.frequencies[part] for part, (_, weight) in zip(parts, found, strict=True)]
        )
        sums: Floats = np.bincount(documents, values, len(self.ids)).astype(np.float64)
        return sums

    def save(self, folder: Path) -> None:
        """Write the index's files."""
        for name in _ARRAYS:
            np.save(folder / f"{name}.npy", getattr(self, name), allow_pickle=False)
        (folder / "ids.json").write_text(json.dumps(list(self.ids)), encoding="utf-8")
        (folder / "terms.json").write_text(json.dumps(list(self.terms)), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Postings:
        """Open an index; its arrays are mapped from disk."""
        ids = json.loads((folder / "ids.json").read_text("utf-8"))
        terms = json.loads((folder / "terms.json").read_text("utf-8"))
        arrays = [np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS]
        return cls(ids, {term: number for number, term in enumerate(terms)}, *arrays)


def make_postings(documents: Iterable[Document], stemmer: Stemmer) -> Postings:
    """Index a stream of documents; memory grows with the postings, about 30 bytes each, not with the texts.

    Args:
        documents: the documents.
        stemmer: turns words into terms.

    Returns:
        The inverted index.
    """
    ids: list[str] = []
    terms: dict[str, int] = {}
    stems: dict[str, list[int]] = {}
    numbers, frequencies, sizes, lengths = array("i"), array("i"), array("i"), array("i")
    for document in documents:
        counts: Counter[int] = Counter()
        for word, count in Counter(words(document.contents)).items():
            mine = stems.get(word)
            if mine is None:
                mine = stems[word] = [terms.setdefault(term, len(terms)) for term in stemmer(word)]
            for number in mine:
                counts[number] += count
        ids.append(document.id)
        numbers.extend(counts)
        frequencies.extend(counts.values())
        sizes.append(len(counts))
        lengths.append(counts.total())
    by_term = np.asarray(numbers, np.int32)
    order = np.argsort(by_term, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(by_term, minlength=len(terms)))])
    owners = np.repeat(np.arange(len(ids), dtype=np.int32), np.asarray(sizes, np.int32))
    return Postings(
        ids,
        terms,
        starts.astype(np.int64),
        owners[order],
        np.asarray(frequencies, np.int32)[order],
        np.asarray(lengths, np.int32),
    )


class PostingsSearcher(Searcher):
    """An opened inverted index, for the system above it; ranks by how often the words of a query occur."""

    def __init__(self, folder: Path, stemmer: Stemmer) -> None:
        self.postings = Postings.load(folder)
        self.stemmer = stemmer

    def search(self, queries: Sequence[Query], depth: int) -> Sequence[Ranking]:
        """Documents with the query's terms, by how often these occur."""
        stems = ([(stem, 1.0) for word in words(query.text) for stem in self.stemmer(word)] for query in queries)
        return [rank(self.postings.ids, self.postings.expected_frequencies(weights), depth) for weights in stems]


def rank(ids: Sequence[str], scores: Floats, depth: int) -> list[tuple[str, float]]:
    """The documents with the highest scores above 0, by score, then by id, both descending.

    Args:
        ids: ids of the documents.
        scores: shape (documents,).
        depth: maximum length of the ranking.

    Returns:
        Ids with scores, best first.

    >>> rank(["a", "b", "c", "d"], np.array([1.0, 2.0, 1.0, 0.0]), 2)
    [('b', 2.0), ('c', 1.0)]
    """
    found = np.flatnonzero(scores > 0)
    if len(found) > depth:
        least = np.partition(scores[found], len(found) - depth)[len(found) - depth]
        found = found[scores[found] >= least]
    ranked = [(ids[document], float(scores[document])) for document in found.tolist()]
    return sorted(ranked, key=lambda item: (item[1], item[0]), reverse=True)[:depth]


class PostingsIndex(RetrievalSystem[SystemConfig]):
    """The part of `psq` that indexes documents; has no settings."""

    name = "psq-postings"
    summary = "inverted index of psq"

    def describe_index(self, language: str) -> Mapping[str, Any]:
        """The analyser."""
        return {"analyser": Stemmer(language).name}

    def index(self, documents: Iterable[Document], folder: Path, context: IndexContext) -> None:
        """Build the inverted index."""
        make_postings(documents, Stemmer(context.language)).save(folder)

    def open(self, folder: Path, context: SearchContext) -> PostingsSearcher:
        """Open the inverted index."""
        return PostingsSearcher(folder, Stemmer(context.pair.document))
