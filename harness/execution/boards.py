"""What a suite's board is made of: its rows, its collections and the cells where they meet, kept in the store.

The board is that of the queries as they are; cells of tracks are noted apart. Rows that were submitted, runs of
other tools, are marked so; they stay when the suite is run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clir_harness.harness.collections.base import ORIGINAL
from clir_harness.harness.errors import UsageError
from clir_harness.harness.execution.plan import Plan, PlannedCell, State
from clir_harness.harness.identity import package_version
from clir_harness.harness.store import Store
from clir_harness.harness.suite import Suite

KIND = "experiments"
"""Under this kind of note the store keeps boards, by the suite's name."""

Board = dict[str, Any]


def keep_board(store: Store, suite: Suite, plan: Plan, *, part: bool) -> None:
    """Note which cells make up the suite's board; submitted rows stay on it.

    Args:
        store: where the note is kept.
        suite: the suite that was planned.
        plan: its cells with their states.
        part: whether the plan is a part of the suite only; the rest of the board then stays as it was.

    Raises:
        UsageError: when a row of the suite has the label of a submitted one.
    """
    cells = [cell for cell in plan.cells if cell.perturbation is None]
    board = _head(suite) | {
        "rows": [row.model_dump(mode="json") for row in suite.rows],
        "collections": list({cell.collection: dict(cell.described) for cell in plan.cells}.values()),
        "cells": [_noted(cell) for cell in cells],
        "tracks": [
            {**_noted(cell), "name": cell.perturbation.label, "track": cell.perturbation.record()}
            for cell in plan.cells
            if cell.perturbation
        ],
    }
    digests = {
        cell.collection: cell.task.identity["queries"]["digest"]
        for cell in cells
        if cell.task and cell.row.queries == ORIGINAL
    }

    def change(old: Board | None) -> Board:
        if old is None:
            return board
        for row in suite.rows:
            check_label(old, row.label, submitted=False)
        return _with_current_submissions(store, _merged(old, board) if part else _with_submissions(old, board), digests)

    store.change_note(KIND, suite.name, change)


def keep_submission(store: Store, suite: Suite, record: Mapping[str, Any]) -> bool:
    """Put a submitted cell on the suite's board, in place of an earlier one of the same system and collection.

    Args:
        store: where the note and the cell are kept.
        suite: the suite.
        record: of the cell.

    Returns:
        Whether the board is another one now.

    Raises:
        UsageError: when a row that was not submitted has the label.
    """
    collection, key = record["collection"], record["key"]
    cell = {"row": record["row"]["label"], "collection": collection["id"], "pair": collection["pair"], "key": key}
    board = _head(suite) | {
        "rows": [{**record["row"], "submitted": True}],
        "collections": [collection],
        "cells": [{**cell, "state": State.DONE.value, "reason": "", "submission": key}],
        "tracks": [],
    }

    def change(old: Board | None) -> Board:
        if old is None:
            return board
        check_label(old, record["row"]["label"], submitted=True)
        digests = {collection["id"]: record["identity"]["queries"]["digest"]}
        return _with_current_submissions(store, _merged(old, board), digests)

    return store.change_note(KIND, suite.name, change)


def check_label(board: Mapping[str, Any], label: str, *, submitted: bool) -> None:
    """Refuse a label that a row of the other sort has, submitted or not, whatever the case of its letters.

    Raises:
        UsageError: names the label.
    """
    for row in board["rows"]:
        if row["label"].casefold() == label.casefold() and row.get("submitted", False) != submitted:
            whose = "is a row of the suite" if submitted else "is a submitted row of the board"
            raise UsageError(
                f"'{row['label']}' {whose}",
                hint="choose another name" if submitted else "give the row of the suite another label",
            )


def _head(suite: Suite) -> Board:
    return {
        "suite": suite.model_dump(mode="json", include={"name", "title", "description", "measures", "depth"}),
        "version": package_version("clir-harness"),
    }


def _noted(cell: PlannedCell) -> dict[str, Any]:
    return {
        "row": cell.row.label,
        "collection": cell.collection,
        "pair": str(cell.pair),
        "key": cell.task.key if cell.task else None,
        "state": cell.state.value,
        "reason": cell.reason,
    }


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> Board:
    """The old board with the new one's rows, collections, cells and tracks in place of their namesakes."""

    def merge(kind: str, *names: str) -> list[Any]:
        fresh = {tuple(item[name] for name in names): item for item in new[kind]}
        kept = [fresh.pop(tuple(item[name] for name in names), item) for item in old.get(kind, [])]
        return [*kept, *fresh.values()]

    return {
        **new,
        "rows": merge("rows", "label"),
        "collections": merge("collections", "id"),
        "cells": merge("cells", "row", "collection"),
        "tracks": merge("tracks", "row", "collection", "name"),
    }


def _with_submissions(old: Mapping[str, Any], new: Mapping[str, Any]) -> Board:
    """The new board, and the submitted rows and cells of the old one; collections are the new one's."""
    return {
        **new,
        "rows": [*new["rows"], *(row for row in old["rows"] if row.get("submitted"))],
        "cells": [*new["cells"], *(cell for cell in old["cells"] if cell.get("submission"))],
    }


def _with_current_submissions(store: Store, board: Board, digests: Mapping[str, str]) -> Board:
    """The board with submitted cells shown only while they fit its depth, documents, judgements and queries.

    Args:
        store: where the records of the cells are.
        board: as merged.
        digests: of the collections' queries, where they are known.
    """
    described = {collection["id"]: collection for collection in board["collections"]}

    def current(cell: Mapping[str, Any]) -> Mapping[str, Any]:
        record = store.cell(cell["submission"]) if cell.get("submission") else None
        if record is None:
            return cell
        now, then = described.get(cell["collection"], {}), record["collection"]
        aspects = {
            "depth": (board["suite"]["depth"], record["depth"]),
            "documents": (now.get("documents_digest"), then["documents_digest"]),
            "judgements": (now.get("qrels_digest"), then["qrels_digest"]),
            "drop_self": (now.get("drop_self", False) if now else None, then.get("drop_self", False)),
            "queries": (digests.get(cell["collection"]), record["identity"]["queries"]["digest"]),
        }
        changed = [name for name, (ours, theirs) in aspects.items() if ours is not None and ours != theirs]
        if not changed:
            return {**cell, "key": cell["submission"], "state": State.DONE.value, "reason": ""}
        reason = f"submitted for other {' and '.join(changed)} than the suite has now; submit the run again"
        return {**cell, "key": None, "state": State.FAILED.value, "reason": reason}

    return {**board, "cells": [current(cell) for cell in board["cells"]]}
