"""Results of a comparison: a verdict for every cell, with its numbers."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from clir_harness.leaderboards.compare.paired_changes import PairedChange
from clir_harness.leaderboards.compare.rules import Rules
from clir_harness.leaderboards.compare.sides import Kind

MACRO = "macro"
"""Denotes the average over all collections."""


class Verdict(enum.StrEnum):
    """What became of a cell, worst first."""

    REGRESSED = "regressed"
    MISSING = "missing"
    NOT_COMPARABLE = "not comparable"
    IMPROVED = "improved"
    NEW = "new"
    UNCHANGED = "unchanged"


COMPARED = (Verdict.REGRESSED, Verdict.IMPROVED, Verdict.UNCHANGED)


@dataclass(frozen=True, slots=True)
class MeasureChange:
    """One measure of one cell on both sides.

    Attributes:
        measure: its name.
        base, current: means; None where there is none.
        verdict: by this measure alone.
        paired: the statistics of the queries' differences; None without per-query scores on both sides.
    """

    measure: str
    base: float | None
    current: float | None
    verdict: Verdict
    paired: PairedChange | None = None

    @property
    def difference(self) -> float | None:
        """Current minus base; None unless both have a mean."""
        return None if self.base is None or self.current is None else self.current - self.base


@dataclass(frozen=True, slots=True)
class CellChange:
    """One cell on both sides.

    Attributes:
        row, collection, track: where it is; the collection is `MACRO` for the average over all of them.
        verdict: the worst of its measures and costs; improved when one is better and none is worse.
        reasons: why it is not unchanged; for what is missing or not comparable, why.
        measures: in the order of the comparison; empty unless the cell was compared or is new or missing.
        latency_ratio, memory_ratio: median latency and peak memory in search, current over base; None when one of
            them is not known.
    """

    row: str
    collection: str
    track: str
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    measures: tuple[MeasureChange, ...] = ()
    latency_ratio: float | None = None
    memory_ratio: float | None = None

    @property
    def largest(self) -> float:
        """The largest difference of a measure, whatever its sign; 0 when nothing was compared."""
        found = [abs(change.difference) for change in self.measures if change.difference is not None]
        return max(found, default=0.0)


@dataclass(frozen=True, slots=True)
class SideFacts:
    """Description of a side.

    Attributes:
        name, kind, suite, version: see `Side`.
        cells: those with a result.
    """

    name: str
    kind: Kind
    suite: str
    version: str
    cells: int


@dataclass(frozen=True)
class BoardComparison:
    """Two boards compared.

    Attributes:
        base, current: the sides.
        rules: that the verdicts are by.
        cells: worst first, within a verdict those with the largest differences first.
        averages: macro averages of the rows that were compared on every collection, in the same order.
        tests: size of the family that Holm's correction is for; 0 when nothing was tested.
        permutations: of each test; 0 when nothing was tested.
        notes: what else to know, for people.
    """

    base: SideFacts
    current: SideFacts
    rules: Rules
    measures: tuple[str, ...]
    cells: tuple[CellChange, ...]
    averages: tuple[CellChange, ...] = ()
    tests: int = 0
    permutations: int = 0
    notes: tuple[str, ...] = field(default=())

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """Cells by verdict, worst first; averages are not counted."""
        found = Counter(cell.verdict for cell in self.cells)
        return {verdict: found[verdict] for verdict in Verdict}

    @property
    def compared(self) -> int:
        """Cells that were compared."""
        return sum(cell.verdict in COMPARED for cell in self.cells)

    def fails(self, cell: CellChange) -> bool:
        """Whether a cell is one that the rules do not tolerate."""
        if cell.verdict is Verdict.MISSING:
            return not self.rules.allow_missing
        if cell.verdict is Verdict.NOT_COMPARABLE:
            return not self.rules.allow_not_comparable
        return cell.verdict is Verdict.REGRESSED

    @property
    def failed(self) -> bool:
        """Whether there is a cell or an average that the rules do not tolerate."""
        return any(map(self.fails, (*self.cells, *self.averages)))
