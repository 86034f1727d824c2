"""A comparison as a JSON document, as types; described in docs/compare.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from clir_harness.leaderboards.compare.results import BoardComparison, CellChange, MeasureChange, Verdict
from clir_harness.leaderboards.compare.rules import Rules
from clir_harness.leaderboards.compare.sides import Kind
from clir_harness.leaderboards.json_text import rounded, write_lines

SCHEMA: Literal["clir-harness/comparison"] = "clir-harness/comparison"
SCHEMA_VERSION: Literal[1] = 1
Value = float | None
"""None where it is missing, undefined or infinite."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class SidePart(_Part):
    """One side: what it was read from, and its number of cells with a result."""

    name: str
    kind: Kind
    suite: str
    version: str
    cells: int


class MeasurePart(_Part):
    """One measure of one cell on both sides; from `low` on None without the scores of queries on both sides."""

    base: Value
    current: Value
    difference: Value
    verdict: Verdict
    low: Value
    high: Value
    p: Value
    holm_p: Value
    wins: int | None
    ties: int | None
    losses: int | None


class ChangePart(_Part):
    """One cell on both sides; `measures` by name, `failed` when the rules do not tolerate it."""

    row: str
    collection: str
    track: str
    verdict: Verdict
    failed: bool
    reasons: tuple[str, ...]
    measures: Mapping[str, MeasurePart]
    latency_ratio: Value
    memory_ratio: Value


class ComparisonDocument(_Part):
    """A comparison. The field that JSON calls `schema` is `schema_name` here; `cells` are worst first."""

    schema_name: Literal["clir-harness/comparison"] = Field(alias="schema")
    schema_version: Literal[1]
    base: SidePart
    current: SidePart
    failed: bool
    counts: Mapping[Verdict, int]
    measures: tuple[str, ...]
    rules: Rules
    tests: int
    permutations: int
    cells: tuple[ChangePart, ...]
    averages: tuple[ChangePart, ...]
    notes: tuple[str, ...]

    @classmethod
    def of(cls, comparison: BoardComparison) -> ComparisonDocument:
        """The comparison with six significant digits."""

        def parts(cells: tuple[CellChange, ...]) -> tuple[ChangePart, ...]:
            return tuple(_change(cell, failed=comparison.fails(cell)) for cell in cells)

        base, current = (
            SidePart(name=side.name, kind=side.kind, suite=side.suite, version=side.version, cells=side.cells)
            for side in (comparison.base, comparison.current)
        )
        return cls(
            schema=SCHEMA,
            schema_version=SCHEMA_VERSION,
            base=base,
            current=current,
            failed=comparison.failed,
            counts=comparison.counts,
            measures=comparison.measures,
            rules=comparison.rules,
            tests=comparison.tests,
            permutations=comparison.permutations,
            cells=parts(comparison.cells),
            averages=parts(comparison.averages),
            notes=comparison.notes,
        )

    def to_json(self) -> str:
        """The document as text: keys sorted, a list's items on lines of their own."""
        return write_lines(self.model_dump(mode="json", by_alias=True), 2)


def _change(cell: CellChange, *, failed: bool) -> ChangePart:
    return ChangePart(
        row=cell.row,
        collection=cell.collection,
        track=cell.track,
        verdict=cell.verdict,
        failed=failed,
        reasons=cell.reasons,
        measures={change.measure: _measure(change) for change in cell.measures},
        latency_ratio=_value(cell.latency_ratio),
        memory_ratio=_value(cell.memory_ratio),
    )


def _measure(change: MeasureChange) -> MeasurePart:
    paired = change.paired
    return MeasurePart(
        base=_value(change.base),
        current=_value(change.current),
        difference=_value(change.difference),
        verdict=change.verdict,
        low=_value(paired.low if paired else None),
        high=_value(paired.high if paired else None),
        p=_value(paired.p if paired else None),
        holm_p=_value(paired.holm_p if paired else None),
        wins=paired.wins if paired else None,
        ties=paired.ties if paired else None,
        losses=paired.losses if paired else None,
    )


def _value(value: float | None) -> float | None:
    return None if value is None else rounded(value)
