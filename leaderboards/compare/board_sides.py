"""The cells of a board, for a comparison: from a store, and from the JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, nan
from pathlib import Path

import numpy as np

from clir_harness.harness.errors import DataError, UnknownNameError
from clir_harness.harness.identity import fingerprint
from clir_harness.harness.record import CellState
from clir_harness.harness.record_identity import CollectionIdentity, QueriesIdentity
from clir_harness.harness.store import Store
from clir_harness.leaderboards.comparability import Place
from clir_harness.leaderboards.compare.sides import Side, SideCell
from clir_harness.leaderboards.entries import Entry
from clir_harness.leaderboards.reading import read_leaderboard
from clir_harness.leaderboards.schema import BoardDocument, CellPart, TrackPart

UNKNOWN = "unknown"
DECIMALS = 6
"""Scores of queries are compared at as many decimals as documents hold."""


def side_of_store(store: Store, suite: str, measures: Sequence[str], name: str) -> Side:
    """The board of a suite in a store; measures that are not stored are computed from the stored runs.

    Args:
        store: the store.
        suite: name of a suite in it.
        measures: names of the measures to compare.
        name: name of the side, for people.

    Returns:
        The side.

    Raises:
        UnknownNameError, UsageError, StoreError: as for `read_leaderboard`.
    """
    board = read_leaderboard(store, suite, measures)
    cells: dict[Place, SideCell] = {}
    for row in board.rows:
        for column, entry in zip(board.columns, row.entries, strict=True):
            cells[row.label, column.id, ""] = _of_entry(entry)
        for column in board.absent:
            cells[row.label, column.id, ""] = SideCell(CellState.MISSING_DATA, column.missing)
    for track in board.tracks:
        cells[track.row, track.collection, track.label] = _of_entry(track.entry)
    return Side(name, "store", board.suite, board.version, board.measures, cells)


def _of_entry(entry: Entry) -> SideCell:
    if entry.state is not CellState.DONE:
        return SideCell(entry.state, entry.reason)
    record = entry.record
    assert record is not None
    order = sorted(range(len(entry.query_ids)), key=entry.query_ids.__getitem__)
    return SideCell(
        entry.state,
        facts=facts(record.depth, record.identity.queries, record.collection, record.seed),
        versions=entry.versions,
        means=entry.means,
        query_ids=tuple(entry.query_ids[place] for place in order),
        scores={name: np.round(values[order], DECIMALS) for name, values in entry.scores.items()},
        costs=entry.costs,
        machine=fingerprint(record.machine) if record.machine else "",
    )


def facts(
    depth: int | None, queries: QueriesIdentity | None, collection: CollectionIdentity | None, seed: int | None
) -> dict[str, str | None]:
    """What has to be the same on both sides, from the identity of a cell.

    Args:
        depth: retrieval depth, if known.
        queries: identity of the queries, if known.
        collection: identity of the collection, if known.
        seed: seed of the suite; matters for perturbed queries.

    Returns:
        Value by name of the fact.
    """
    found: dict[str, str | None] = {
        "depth": UNKNOWN if depth is None else str(depth),
        "documents": (collection and collection.documents_digest) or UNKNOWN,
        "judgements": (collection and collection.qrels_digest) or UNKNOWN,
        "wording": queries.variant if queries else UNKNOWN,
        "queries": queries.digest if queries else UNKNOWN,
    }
    if collection and collection.drop_self:
        found["documents"] = f"{found['documents']} without the query itself"
    if queries and queries.perturbation:
        found |= {"perturbation": fingerprint(queries.perturbation), "seed": str(seed)}
    return found


def side_of_document(board: BoardDocument, measures: Sequence[str], path: Path) -> Side:
    """The board of a JSON document.

    Args:
        board: the document.
        measures: names of the measures to compare.
        path: its file, for messages.

    Returns:
        The side.

    Raises:
        UnknownNameError: it does not have one of the measures.
        DataError: a cell lacks a mean, or has more or fewer scores than its collection has queries, or infinite ones.
    """
    for measure in measures:
        if measure not in board.measures:
            raise UnknownNameError(f"measure of {path}", measure, board.measures)
    reader = _DocumentReader(board, tuple(measures), path)
    cells: dict[Place, SideCell] = {}
    absent = {part.id: part.missing for part in board.collections if part.missing}
    for row in board.rows:
        for cell in row.cells:
            cells[row.label, cell.collection, ""] = reader.cell(row.label, cell)
        for collection, reason in absent.items():
            cells[row.label, collection, ""] = SideCell(CellState.MISSING_DATA, reason)
    for track in board.tracks:
        cells[track.row, track.collection, track.label] = reader.track(track)
    return Side(str(path), "board", board.suite.name, board.version, tuple(measures), cells)


class _DocumentReader:
    """Turns parts of a document into cells."""

    def __init__(self, board: BoardDocument, measures: tuple[str, ...], path: Path) -> None:
        self.board = board
        self.measures = measures
        self.path = path
        self.parts = {(row.label, cell.collection): cell for row in board.rows for cell in row.cells}
        self.machines = [fingerprint(machine) for machine in board.machines]

    def cell(self, label: str, part: CellPart) -> SideCell:
        if part.state is not CellState.DONE:
            return SideCell(part.state, part.reason)
        self._check(label, part)
        queries = self._queries(part)
        return SideCell(
            part.state,
            facts=_facts(part),
            versions=_versions(part, self.measures),
            means={name: part.means[name] for name in self.measures},
            query_ids=queries,
            scores={name: np.array((part.scores or {})[name]) for name in self.measures} if queries else {},
            costs=part.costs,
            machine="" if part.machine is None else self.machines[part.machine],
        )

    def track(self, part: TrackPart) -> SideCell:
        """A track; what its document does not say of it is taken from the cell with the queries as they are."""
        clean = self.parts.get((part.row, part.collection))
        if part.state is not CellState.DONE or clean is None:
            return SideCell(part.state, part.reason)
        missing = [name for name in self.measures if not isfinite(part.means.get(name, nan))]
        if missing:
            raise self._damaged(part.row, part.collection, f"no mean of {missing[0]} on {part.label}")
        return SideCell(
            part.state,
            facts=_facts(clean) | {"perturbation": None, "seed": str(clean.provenance.seed)},
            versions=_versions(clean, self.measures),
            means={name: part.means[name] for name in self.measures},
        )

    def _queries(self, part: CellPart) -> tuple[str, ...]:
        """Queries that the cell has scores for."""
        known = (self.board.queries or {}).get(part.collection, ())
        return tuple(known) if part.scores is not None else ()

    def _check(self, label: str, part: CellPart) -> None:
        queries = len(self._queries(part))
        for name in self.measures:
            if not isfinite(part.means.get(name, nan)):
                raise self._damaged(label, part.collection, f"no mean of {name}")
            if not all(map(isfinite, (part.scores or {}).get(name, ()))):
                raise self._damaged(label, part.collection, f"a score of {name} is not a finite number")
            if part.scores is not None and len(part.scores.get(name, ())) != queries:
                found = len(part.scores.get(name, ()))
                raise self._damaged(label, part.collection, f"{found} scores of {name} for {queries} queries")
        if part.machine is not None and not 0 <= part.machine < len(self.machines):
            raise self._damaged(label, part.collection, f"machine {part.machine} is not in the list")

    def _damaged(self, label: str, collection: str, fault: str) -> DataError:
        return DataError(
            f"is damaged: '{label}' on {collection}: {fault}", path=self.path, hint="write the board again"
        )


def _facts(part: CellPart) -> dict[str, str | None]:
    known = part.provenance
    return facts(known.depth, known.queries, known.collection, known.seed)


def _versions(part: CellPart, measures: Sequence[str]) -> dict[str, str]:
    return {name: part.provenance.measures.get(name, UNKNOWN) for name in measures}
