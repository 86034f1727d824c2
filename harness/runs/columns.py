"""The lines of a run: six columns, parsed strictly, collected column by column."""

from __future__ import annotations

import math
import re
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clir_harness.harness.characters import ID_RULE, is_id
from clir_harness.harness.errors import DataError
from clir_harness.harness.textio import shown

COLUMNS = ("query", "Q0", "document", "rank", "score", "tag")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True)
class RunColumns:
    """The lines of a run, column by column, in the order of the file.

    Attributes:
        query_ids: distinct query ids by first appearance.
        queries: per line, index into `query_ids`.
        documents: distinct document ids, a pyarrow string array.
        codes: per line, index into `documents`.
        scores: per line, finite in single precision.
        tag: the last column of the first line; empty when there are no lines.
    """

    query_ids: tuple[str, ...]
    queries: NDArray[np.int32]
    documents: Any
    codes: NDArray[np.int32]
    scores: NDArray[np.float64]
    tag: str


class Line(NamedTuple):
    """The columns of one line, as they are written; `Q0` is left out."""

    query: str
    document: str
    rank: str
    score: str
    tag: str

    def value(self, path: Path, number: int) -> float:
        """The score as a number.

        Args:
            path: the file, for the message.
            number: number of the line, for the message.

        Returns:
            The score.

        Raises:
            DataError: it is not a finite number in single precision; names file and line.
        """
        value = float(self.score) if _NUMBER.fullmatch(self.score) else math.nan
        if not abs(value) <= _LARGEST:
            raise DataError(
                f"expected a finite number (in single precision) as score, found {shown(self.score)}",
                path=path,
                line=number,
                hint="write the score as a decimal number",
            )
        return value


def split_line(text: str, path: Path, number: int) -> Line:
    """Split a line at white space into its columns.

    Args:
        text: the line.
        path: the file, for messages.
        number: number of the line, for messages.

    Returns:
        The columns.

    Raises:
        DataError: there are not six columns, or an id or the tag is invalid; names file and line.
    """
    columns = text.split()
    if len(columns) != len(COLUMNS):
        expected = f"expected {len(COLUMNS)} columns ({' '.join(COLUMNS)})"
        raise DataError(
            f"{expected}, found {len(columns)}",
            path=path,
            line=number,
            hint="ids and tags hold no white space; separate columns by spaces or tabs",
        )
    query, _, document, rank, score, tag = columns
    if fault := next((column for column in (query, document, tag) if not is_id(column)), None):
        raise DataError(f"{shown(fault)} is not a valid id or tag", path=path, line=number, hint=ID_RULE)
    return Line(query, document, rank, score, tag)


def ranked_twice(query: str, document: str, first: int, path: Path, number: int) -> DataError:
    """The error for a document ranked twice for a query.

    Args:
        query: query id.
        document: document id.
        first: number of its first line.
        path: the file.
        number: number of its second line.

    Returns:
        The error, to be raised.
    """
    return DataError(
        f"document {shown(document)} is ranked twice for query {shown(query)}, first in line {first}",
        path=path,
        line=number,
        hint="keep one line of each document per query",
    )


class ColumnBuilder:
    """Collects lines into columns; about 16 bytes per line, plus the distinct ids.

    Attributes:
        query_index, document_index: place of each distinct id, in order of first appearance.
        queries, codes: per line, indexes into those.
        scores: per line.
    """

    def __init__(self) -> None:
        self.query_index: dict[str, int] = {}
        self.document_index: dict[str, int] = {}
        self.queries = array("i")
        self.codes = array("i")
        self.scores = array("d")
        self._tag = ""

    def add(self, line: Line, score: float) -> tuple[int, int]:
        """Add a line.

        Args:
            line: its columns.
            score: its score as a number.

        Returns:
            Indexes of its query and its document.
        """
        query = self.query_index.setdefault(line.query, len(self.query_index))
        document = self.document_index.setdefault(line.document, len(self.document_index))
        self.queries.append(query)
        self.codes.append(document)
        self.scores.append(score)
        self._tag = self._tag or line.tag
        return query, document

    def columns(self) -> RunColumns:
        """All lines added so far."""
        import pyarrow as pa

        return RunColumns(
            query_ids=tuple(self.query_index),
            queries=np.array(self.queries, np.int32),
            documents=pa.array(list(self.document_index), pa.string()),
            codes=np.array(self.codes, np.int32),
            scores=np.array(self.scores, np.float64),
            tag=self._tag,
        )


def in_range(scores: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Per score, whether it is a finite number in single precision."""
    return np.asarray(np.abs(scores) <= _LARGEST)


def single_precision(scores: NDArray[np.float64]) -> NDArray[np.float32]:
    """Scores as pytrec_eval compares them; they must be in range."""
    with np.errstate(under="ignore"):
        return scores.astype(np.float32)


def tied(queries: NDArray[Any], single: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether neighbouring lines are tied: of one query, with the same score.

    Args:
        queries: index of the query, per line.
        single: score in single precision, per line.

    Returns:
        Per pair of neighbouring lines, whether they are.
    """
    return np.asarray((queries[1:] == queries[:-1]) & (single[1:] == single[:-1]))


def in_tie(tied: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Per line, whether it is tied with the line before or after."""
    return np.asarray(np.append(tied, False) | np.insert(tied, 0, False))


def canonical_order(columns: RunColumns) -> NDArray[np.int64] | None:
    """The permutation that brings lines into canonical order; None when they are in it."""
    queries, codes, single = columns.queries, columns.codes, single_precision(columns.scores)
    order: NDArray[np.int64] | None = None
    same_query = queries[1:] == queries[:-1]
    if (queries[1:] < queries[:-1]).any() or (same_query & (single[1:] > single[:-1])).any():
        order = np.lexsort((-single, queries))
        queries, codes, single = queries[order], codes[order], single[order]
    is_tied = tied(queries, single)
    if not is_tied.any():
        return order
    # Only lines in a tie move, and only within it.
    lines = np.flatnonzero(in_tie(is_tied))
    places = _byte_order(columns.documents, codes[lines])
    ties = np.cumsum(np.insert(~is_tied, 0, True))[lines]
    order = np.arange(len(codes)) if order is None else order
    order[lines] = order[lines[np.lexsort((-places, ties))]]
    return order


def _byte_order(documents: Any, codes: NDArray[np.int32]) -> NDArray[np.int64]:
    """Per document code, the place of its id in the byte order of ids."""
    from pyarrow import compute

    distinct, inverse = np.unique(codes, return_inverse=True)
    ascending = compute.array_sort_indices(documents.take(distinct)).to_numpy()
    places = np.empty(len(distinct), np.int64)
    places[ascending] = np.arange(len(distinct))
    return places[inverse]
