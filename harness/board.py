"""What a suite's board is made of: its rows, its collections and the cells where they meet, kept in the store.

The board is that of the queries as they are. Cells of tracks are noted apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.identity import package_version
from harness.plan import Plan, PlannedCell
from harness.store import Store
from harness.suite import Suite

KIND = "experiments"
"""Under this kind of note the store keeps boards, by the suite's name."""


def keep_board(store: Store, suite: Suite, plan: Plan, *, part: bool) -> None:
    """Note which cells make up the suite's board.

    Args:
        store: where the note is kept.
        suite: the suite that was planned.
        plan: its cells with their states.
        part: whether the plan is a part of the suite only; the rest of the board then stays as it was.
    """
    board: dict[str, Any] = {
        "suite": suite.model_dump(mode="json", include={"name", "title", "description", "measures", "depth"}),
        "version": package_version("clir-harness"),
        "rows": [row.model_dump(mode="json") for row in suite.rows],
        "collections": list({cell.collection: dict(cell.described) for cell in plan.cells}.values()),
        "cells": [_noted(cell) for cell in plan.cells if cell.perturbation is None],
        "tracks": [
            {**_noted(cell), "name": cell.perturbation.label, "track": cell.perturbation.record()}
            for cell in plan.cells
            if cell.perturbation
        ],
    }
    old = store.note(KIND, suite.name)
    store.keep_note(KIND, suite.name, _merged(old, board) if old and part else board)


def _noted(cell: PlannedCell) -> dict[str, Any]:
    return {
        "row": cell.row.label,
        "collection": cell.collection,
        "pair": str(cell.pair),
        "key": cell.task.key if cell.task else None,
        "state": cell.state.value,
        "reason": cell.reason,
    }


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
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
