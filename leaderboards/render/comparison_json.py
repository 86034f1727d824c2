"""Comparisons as JSON; the form is described in docs/compare.md."""

from __future__ import annotations

from typing import Any

from clir_harness.leaderboards.compare.results import BoardComparison, CellChange, MeasureChange, SideFacts
from clir_harness.leaderboards.json_text import rounded, write_lines

SCHEMA = "clir-harness/comparison"
SCHEMA_VERSION = 1


def comparison_json(comparison: BoardComparison) -> str:
    """All cells, worst first; what is missing, undefined or infinite is null."""
    value = {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "base": _side(comparison.base),
        "current": _side(comparison.current),
        "failed": comparison.failed,
        "counts": {verdict.value: count for verdict, count in comparison.counts.items()},
        "measures": comparison.measures,
        "rules": comparison.rules.model_dump(mode="json", exclude_unset=False),
        "tests": comparison.tests,
        "permutations": comparison.permutations,
        "cells": [_cell(comparison, cell) for cell in comparison.cells],
        "averages": [_cell(comparison, cell) for cell in comparison.averages],
        "notes": comparison.notes,
    }
    return write_lines(value, 2)


def _side(side: SideFacts) -> dict[str, Any]:
    return {name: getattr(side, name) for name in ("name", "kind", "suite", "version", "cells")}


def _cell(comparison: BoardComparison, cell: CellChange) -> dict[str, Any]:
    return {
        "row": cell.row,
        "collection": cell.collection,
        "track": cell.track,
        "verdict": cell.verdict.value,
        "failed": comparison.fails(cell),
        "reasons": cell.reasons,
        "measures": {change.measure: _measure(change) for change in cell.measures},
        "latency_ratio": _number(cell.latency_ratio),
        "memory_ratio": _number(cell.memory_ratio),
    }


def _measure(change: MeasureChange) -> dict[str, Any]:
    paired = change.paired
    return {
        "base": _number(change.base),
        "current": _number(change.current),
        "difference": _number(change.difference),
        "verdict": change.verdict.value,
        "low": _number(paired.low if paired else None),
        "high": _number(paired.high if paired else None),
        "p": _number(paired.p if paired else None),
        "holm_p": _number(paired.holm_p if paired else None),
        "wins": paired.wins if paired else None,
        "ties": paired.ties if paired else None,
        "losses": paired.losses if paired else None,
    }


def _number(value: float | None) -> float | None:
    return None if value is None else rounded(value)
