"""Boards in the store: the rows and collections of a suite, and the cells where they meet.

The board is that of the queries as they are; cells of tracks are noted apart. Rows that were submitted, runs of
other tools, are marked so; they stay when the suite is run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from clir_harness.harness.collections.base import ORIGINAL
from clir_harness.harness.errors import UsageError
from clir_harness.harness.execution.plan import Plan, PlannedCell
from clir_harness.harness.identity import package_version
from clir_harness.harness.record import (
    FORMAT,
    Board,
    BoardCell,
    CellRecord,
    CellState,
    RowRecord,
    SuiteHead,
)
from clir_harness.harness.store import Store
from clir_harness.harness.suite import Suite

T = TypeVar("T")


def keep_board(store: Store, suite: Suite, plan: Plan, *, part: bool) -> None:
    """Note which cells make up the suite's board; submitted rows stay on it.

    Args:
        store: where the board is kept.
        suite: the suite that was planned.
        plan: its cells with their states.
        part: whether the plan is a part of the suite only; the rest of the board then stays as it was.

    Raises:
        UsageError: when a row of the suite has the label of a submitted one.
    """
    cells = [cell for cell in plan.cells if cell.perturbation is None]
    board = Board(
        **_head(suite),
        rows=tuple(row.record() for row in suite.rows),
        collections=tuple({cell.collection: cell.facts for cell in plan.cells}.values()),
        cells=tuple(_noted(cell) for cell in cells),
        tracks=tuple(_noted(cell) for cell in plan.cells if cell.perturbation),
    )
    digests = {
        cell.collection: cell.task.identity.queries.digest
        for cell in cells
        if cell.task and cell.row.queries == ORIGINAL
    }

    def change(old: Board | None) -> Board:
        if old is None:
            return board
        for row in suite.rows:
            check_label(old.rows, row.label, submitted=False)
        return _with_current_submissions(store, _merged(old, board) if part else _with_submissions(old, board), digests)

    store.change_board(suite.name, change)


def keep_submission(store: Store, suite: Suite, record: CellRecord) -> bool:
    """Put a submitted cell on the suite's board, replacing an earlier one of the same system and collection.

    Args:
        store: where the board and the cell are kept.
        suite: the suite.
        record: of the cell.

    Returns:
        Whether the board is another one now.

    Raises:
        UsageError: when a row that was not submitted has the label.
    """
    collection = record.collection
    cell = BoardCell(
        row=record.row.label,
        collection=collection.id,
        pair=collection.pair,
        key=record.key,
        state=CellState.DONE,
        reason="",
        submission=record.key,
    )
    row = record.row.model_copy(update={"submitted": True})
    board = Board(**_head(suite), rows=(row,), collections=(collection,), cells=(cell,), tracks=())

    def change(old: Board | None) -> Board:
        if old is None:
            return board
        check_label(old.rows, row.label, submitted=True)
        return _with_current_submissions(store, _merged(old, board), {collection.id: record.identity.queries.digest})

    return store.change_board(suite.name, change)


def check_label(rows: Iterable[RowRecord], label: str, *, submitted: bool) -> None:
    """Refuse a label that is taken by a row of the other kind, submitted or not, in any case.

    Args:
        rows: rows of the board.
        label: the label.
        submitted: whether it is for a submitted row.

    Raises:
        UsageError: the label is taken; names it.
    """
    for row in rows:
        if row.label.casefold() == label.casefold() and row.submitted != submitted:
            whose = "is a row of the suite" if submitted else "is a submitted row of the board"
            raise UsageError(
                f"'{row.label}' {whose}",
                hint="choose another name" if submitted else "give the row of the suite another label",
            )


def _head(suite: Suite) -> dict[str, Any]:
    head = suite.model_dump(mode="json", include=set(SuiteHead.model_fields))
    return {"format": FORMAT, "suite": SuiteHead(**head), "version": package_version("clir-harness")}


def _noted(cell: PlannedCell) -> BoardCell:
    return BoardCell(
        row=cell.row.label,
        collection=cell.collection,
        pair=str(cell.pair),
        key=cell.task.key if cell.task else None,
        state=cell.state,
        reason=cell.reason,
        name=cell.perturbation.label if cell.perturbation else "",
        track=cell.perturbation.record() if cell.perturbation else None,
    )


def _merged(old: Board, new: Board) -> Board:
    """The old board, its rows, collections, cells and tracks replaced by those of the new one with the same names."""
    return new.model_copy(
        update={
            "rows": _merge(old.rows, new.rows, lambda row: row.label),
            "collections": _merge(old.collections, new.collections, lambda collection: collection.id),
            "cells": _merge(old.cells, new.cells, lambda cell: (cell.row, cell.collection)),
            "tracks": _merge(old.tracks, new.tracks, lambda cell: (cell.row, cell.collection, cell.name)),
        }
    )


def _merge(old: Iterable[T], new: Iterable[T], name: Callable[[T], object]) -> tuple[T, ...]:
    """The old items, replaced by new ones of the same name, and the other new ones after them."""
    fresh = {name(item): item for item in new}
    kept = [fresh.pop(name(item), item) for item in old]
    return (*kept, *fresh.values())


def _with_submissions(old: Board, new: Board) -> Board:
    """The new board, and the submitted rows and cells of the old one; collections are the new one's."""
    return new.model_copy(
        update={
            "rows": (*new.rows, *(row for row in old.rows if row.submitted)),
            "cells": (*new.cells, *(cell for cell in old.cells if cell.submission)),
        }
    )


def _with_current_submissions(store: Store, board: Board, digests: Mapping[str, str]) -> Board:
    """The board with submitted cells shown only while they fit its depth, documents, judgements and queries.

    Args:
        store: where the records of the cells are.
        board: as merged.
        digests: of the collections' queries, where they are known.
    """
    known = {collection.id: collection for collection in board.collections if collection.documents_digest}

    def current(cell: BoardCell) -> BoardCell:
        record = store.cell(cell.submission) if cell.submission else None
        if record is None:
            return cell
        now, then = known.get(cell.collection), record.collection
        aspects: dict[str, tuple[object, object]] = {
            "depth": (board.suite.depth, record.depth),
            "documents": (now and now.documents_digest, then.documents_digest),
            "judgements": (now and now.qrels_digest, then.qrels_digest),
            "drop_self": (now and now.drop_self, then.drop_self),
            "queries": (digests.get(cell.collection), record.identity.queries.digest),
        }
        changed = [name for name, (ours, theirs) in aspects.items() if ours is not None and ours != theirs]
        if not changed:
            return cell.model_copy(update={"key": cell.submission, "state": CellState.DONE, "reason": ""})
        reason = f"submitted for other {' and '.join(changed)} than the suite has now; submit the run again"
        return cell.model_copy(update={"key": None, "state": CellState.FAILED, "reason": reason})

    return board.model_copy(update={"cells": tuple(map(current, board.cells))})
