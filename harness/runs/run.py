"""Runs: what a system retrieved for each query, held in columns and stored in TREC format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from clir_harness.harness.atomic_files import atomic_file
from clir_harness.harness.characters import ID_RULE, is_id
from clir_harness.harness.errors import DataError
from clir_harness.harness.runs.columns import RunColumns, canonical_order, in_range, in_tie, single_precision, tied
from clir_harness.harness.runs.trec import format_metadata, read_run_file

DEFAULT_TAG = "clir"


@dataclass(frozen=True, eq=False)
class Run:
    """Ranked documents per query, in canonical order: score descending, then document id descending.

    Scores are compared in single precision and ids by their UTF-8 bytes, as pytrec_eval's build of trec_eval does.
    Later sources of trec_eval compare in double precision: both order a file written here in the same way, since its
    scores are equal or differ in single precision. Make one with `from_rankings` or `read`. Iterating gives
    `(query id, ranking)` pairs; the length is the number of queries. A query without documents is not in the run, as
    the file format cannot express it.

    Attributes:
        query_ids: queries with at least one retrieved document, in the order given.
        offsets: lines of query `i` are `offsets[i]` to `offsets[i + 1]`, exclusive; shape (queries + 1,).
        documents: distinct document ids, a pyarrow string array.
        codes: per line, index into `documents`; shape (lines,).
        scores: per line; shape (lines,).
        tag: name of the system, as in the last column of the file.
        metadata: provenance, as in the file's ir_metadata header.

    >>> run = Run.from_rankings([("q1", [("d1", 0.5), ("d2", 2.0), ("d3", 0.5)])])
    >>> run.ranking("q1")
    [('d2', 2.0), ('d3', 0.5), ('d1', 0.5)]
    """

    query_ids: tuple[str, ...]
    offsets: NDArray[np.int64]
    documents: Any = field(repr=False)
    codes: NDArray[np.int32] = field(repr=False)
    scores: NDArray[np.float64] = field(repr=False)
    tag: str = DEFAULT_TAG
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_rankings(
        cls,
        rankings: Iterable[tuple[str, Sequence[tuple[str, float]]]],
        *,
        tag: str = DEFAULT_TAG,
        metadata: Mapping[str, Any] | None = None,
    ) -> Self:
        """Create a run from `(query id, [(document id, score), ...])` pairs, documents in any order.

        Scores are rounded to single precision and held as the shortest decimals that denote them, so that a run in
        memory and its file are the same, whichever tool reads them: 0.1 stays 0.1.

        Args:
            rankings: document ids and scores by query; queries without documents are left out.
            tag: name of the system.
            metadata: provenance, for the file's header.

        Returns:
            The run, in canonical order.

        Raises:
            DataError: an id is empty or holds white space, a query or a document within a query occurs twice, or a
                score is not finite in single precision.
        """
        import pyarrow as pa

        query_ids: list[str] = []
        sizes: list[int] = []
        documents: list[str] = []
        scores: list[float] = []
        for query, ranking in rankings:
            if not ranking:
                continue
            ranked = [document for document, _ in ranking]
            if len(set(ranked)) != len(ranked):
                twice = next(document for document in ranked if ranked.count(document) > 1)
                raise DataError(f"document '{twice}' is ranked twice for query '{query}'")
            query_ids.append(query)
            sizes.append(len(ranked))
            documents += ranked
            scores += [score for _, score in ranking]
        if len(set(query_ids)) != len(query_ids):
            twice = next(query for query in query_ids if query_ids.count(query) > 1)
            raise DataError(f"query '{twice}' is ranked twice")
        queries = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
        _check_ids("query id", query_ids)
        _check_ids("document id", dict.fromkeys(documents))
        _check_ids("tag", [tag])
        encoded = pa.array(documents, pa.string()).dictionary_encode()
        given = np.array(scores, np.float64)
        if not in_range(given).all():
            fault = int(np.flatnonzero(~in_range(given))[0])
            raise DataError(
                f"score {scores[fault]} of document '{documents[fault]}' for query '{query_ids[queries[fault]]}' "
                "is not finite in single precision"
            )
        columns = RunColumns(
            query_ids=tuple(query_ids),
            queries=queries,
            documents=encoded.dictionary,
            codes=encoded.indices.to_numpy(),
            scores=_shortest_decimals(single_precision(given)).cast("float64").to_numpy(),
            tag=tag,
        )
        return cls.from_columns(columns, metadata or {})

    @classmethod
    def read(cls, path: Path | str) -> Self:
        """Read a run in TREC format, compressed or not, with or without an ir_metadata header.

        The lines of a query may be scattered over the file; the rank column is ignored, as trec_eval does; the tag is
        that of the first line. Ids are kept byte for byte.

        Raises:
            DataError: a line does not have six columns, a score is not a finite number, or a document is ranked twice
                for a query (names file and line); or the file holds no rankings.
        """
        columns, metadata = read_run_file(Path(path))
        return cls.from_columns(columns, metadata)

    @classmethod
    def from_columns(cls, columns: RunColumns, metadata: Mapping[str, Any]) -> Self:
        """Create a run by sorting lines into canonical order; no document may occur twice for a query.

        Args:
            columns: the lines.
            metadata: provenance, as in the file's header; its `tag` serves when there are no lines.

        Returns:
            The run.
        """
        codes, scores = columns.codes, columns.scores
        order = canonical_order(columns)
        if order is not None:
            codes, scores = codes[order], scores[order]
        counts = np.bincount(columns.queries, minlength=len(columns.query_ids))
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        tag = columns.tag or str(metadata.get("tag") or DEFAULT_TAG)
        return cls(columns.query_ids, offsets, columns.documents, codes, scores, tag, dict(metadata))

    def __len__(self) -> int:
        return len(self.query_ids)

    def __iter__(self) -> Iterator[tuple[str, list[tuple[str, float]]]]:
        return ((query, self.ranking(query)) for query in self.query_ids)

    @cached_property
    def _position(self) -> dict[str, int]:
        return {query: index for index, query in enumerate(self.query_ids)}

    def ranking(self, query_id: str) -> list[tuple[str, float]]:
        """Documents and scores of one query, best first; empty when the run does not answer it."""
        index = self._position.get(query_id)
        if index is None:
            return []
        lines = slice(self.offsets[index], self.offsets[index + 1])
        documents = self.documents.take(self.codes[lines]).to_pylist()
        return list(zip(documents, self.scores[lines].tolist(), strict=True))

    def at_depth(self, depth: int) -> Self:
        """The run with the first `depth` documents of each query (1 or more); the same run when it has no more.

        >>> Run.from_rankings([("q1", [("d1", 3.0), ("d2", 2.0)])]).at_depth(1).ranking("q1")
        [('d1', 3.0)]
        """
        sizes = np.diff(self.offsets)
        if (sizes <= depth).all():
            return self
        kept = np.arange(self.retrieved) - np.repeat(self.offsets[:-1], sizes) < depth
        offsets = np.concatenate([[0], np.cumsum(np.minimum(sizes, depth))]).astype(np.int64)
        return replace(self, offsets=offsets, codes=self.codes[kept], scores=self.scores[kept])

    def first_documents(self) -> list[str]:
        """The document at the top, for each of `query_ids`."""
        found: list[str] = self.documents.take(self.codes[self.offsets[:-1]]).to_pylist()
        return found

    @property
    def retrieved(self) -> int:
        """Number of retrieved documents, over all queries."""
        return len(self.codes)

    @cached_property
    def tie_rate(self) -> float:
        """Share of retrieved documents whose single-precision score another document of the same query has; 0 to 1.

        >>> Run.from_rankings([("q1", [("d1", 3.0), ("d2", 1.0), ("d3", 1.0), ("d4", 0.0)])]).tie_rate
        0.5
        """
        if not self.retrieved:
            return 0.0
        queries = np.repeat(np.arange(len(self)), np.diff(self.offsets))
        return float(in_tie(tied(queries, single_precision(self.scores))).mean())

    def write(self, path: Path | str, metadata: Mapping[str, Any] | None = None, tag: str | None = None) -> None:
        """Write the run in TREC format, gzipped when the name ends in `.gz`; the same run gives the same bytes.

        Lines are in canonical order, ranks start at 1, and scores are the shortest decimals of their
        single-precision values, so a tool that orders by score finds the same order. The file is written
        atomically.

        Args:
            path: the file to write; replaced when it exists.
            metadata: provenance for an ir_metadata header, None for the run's own. Without metadata there is no
                header; pass {} for tools that cannot read a header, such as ir_measures. A run without any
                retrieved document gets a header in any case, which distinguishes it from a truncated file.
            tag: the last column; None for the run's own.

        Raises:
            DataError: the file cannot be written, or the tag is empty or holds white space.
            UsageError: the metadata holds other than plain data.
        """
        metadata = self.metadata if metadata is None else metadata
        tag = self.tag if tag is None else tag
        _check_ids("tag", [tag])
        if not metadata and not self.retrieved:
            metadata = {"tag": tag}
        header = format_metadata(metadata) if metadata else ""
        with atomic_file(Path(path)) as handle:
            handle.write(header.encode())
            for text in self.lines(tag):
                handle.write(text.encode())

    def lines(self, tag: str) -> Iterator[str]:
        """The file's lines without a header, one text a query."""
        scores = _shortest_decimals(single_precision(self.scores)).to_pylist()
        for query, start, end in zip(self.query_ids, self.offsets[:-1], self.offsets[1:], strict=True):
            documents = self.documents.take(self.codes[start:end]).to_pylist()
            ranked = enumerate(zip(documents, scores[start:end], strict=True), start=1)
            yield "".join(f"{query} Q0 {document} {rank} {score} {tag}\n" for rank, (document, score) in ranked)


def _check_ids(kind: str, ids: Iterable[object]) -> None:
    """Refuse ids that a column of the format cannot hold.

    Raises:
        DataError: naming the first id at fault.
    """
    for one in ids:
        if not is_id(one):
            raise DataError(f"expected a {kind}, found {one!r}", hint=ID_RULE)


def _shortest_decimals(single: NDArray[np.float32]) -> Any:
    """The shortest decimals that denote single-precision numbers, a pyarrow string array; -0 is 0."""
    import pyarrow as pa

    return pa.array(single + np.float32(0)).cast(pa.string())
