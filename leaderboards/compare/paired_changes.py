"""Statistics of the queries' differences between two sides: tests, intervals, wins and losses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from clir_harness.harness.measures import Floats
from clir_harness.harness.progress import Progress, no_progress
from clir_harness.leaderboards.statistics.paired_tests import holm
from clir_harness.leaderboards.statistics.resampling import bootstrap_intervals, permutation_test
from clir_harness.leaderboards.statistics.significance import enough_permutations

RowMeasure = tuple[str, str]
"""Label of a row, and a measure."""
Block = tuple[str, str]
"""Id of a collection, and name of a track, empty without one."""


@dataclass(frozen=True, slots=True)
class PairedChange:
    """Current minus base over the queries of a cell, or macro-averaged.

    Attributes:
        low, high: ends of the 95 % bootstrap percentile interval of the difference; 0 when no query differs,
            otherwise NaN with fewer than two queries in a collection.
        p: of the paired permutation test, two-sided.
        holm_p: corrected for all tests of the comparison.
        wins, ties, losses: queries on which the current side is better, equal, worse.
    """

    low: float
    high: float
    p: float
    holm_p: float
    wins: int
    ties: int
    losses: int


@dataclass(frozen=True)
class PairedChanges:
    """All statistics of a comparison.

    Attributes:
        cells: by collection and track, and by row and measure.
        macro: by row and measure, for those in every collection, when there are two or more.
        tests: size of the family that Holm's correction is for.
        permutations: of each test.
    """

    cells: Mapping[Block, Mapping[RowMeasure, PairedChange]]
    macro: Mapping[RowMeasure, PairedChange]
    tests: int
    permutations: int


def paired_changes(
    differences: Mapping[Block, Mapping[RowMeasure, Floats]],
    *,
    resamples: int = 10_000,
    seed: int = 0,
    progress: Progress = no_progress,
) -> PairedChanges:
    """Test all differences, with Holm's correction over all tests made.

    A cell on which no query differs does not count as a test: its p is 1 whatever is drawn, and it could never be
    significant (Tarone, A Modified Bonferroni Method for Discrete Data, 1990). The number of permutations grows with
    that of the tests.

    Args:
        differences: current minus base by collection and track, then by row and measure; each of shape (queries,), of
            the same queries within a collection.
        resamples, seed: of the bootstrap; the seed is also that of the tests.
        progress: called after each collection, for the tests and for the intervals.

    Returns:
        Statistics by cell and for macro averages.

    >>> same, better = np.zeros(3), np.array([0.1, 0.2, 0.3])
    >>> found = paired_changes({("sw-en", ""): {("bm25", "AP"): same, ("psq", "AP"): better}})
    >>> change = found.cells["sw-en", ""]["psq", "AP"]
    >>> found.tests, change.p, change.holm_p, change.wins
    (1, 0.25, 0.25, 3)
    """
    keys = sorted({key for block in differences.values() for key, values in block.items() if values.any()})
    passes = [
        {block: found for block, found in differences.items() if bool(block[1]) is tracked} for tracked in (False, True)
    ]
    tests = sum(bool(values.any()) for block in differences.values() for values in block.values())
    permutations = enough_permutations(tests + len(keys))
    cells: dict[Block, dict[RowMeasure, PairedChange]] = {}
    macro: dict[RowMeasure, PairedChange] = {}
    for number, part in enumerate(passes):
        if part:
            found = _Pass(part, keys, permutations, resamples, seed, progress)
            cells |= found.cells()
            if number == 0 and len(part) > 1:
                macro = found.macro()
    return _corrected(cells, macro, permutations if tests else 0)


class _Pass:
    """Tests and intervals of several collections. Columns are the rows and measures with any difference anywhere."""

    def __init__(
        self,
        differences: Mapping[Block, Mapping[RowMeasure, Floats]],
        keys: list[RowMeasure],
        permutations: int,
        resamples: int,
        seed: int,
        progress: Progress,
    ) -> None:
        self.differences = differences
        self.column = {key: place for place, key in enumerate(keys)}
        self.names = {block: "\t".join(filter(None, block)) for block in differences}
        tables = {name: self._table(differences[block]) for block, name in self.names.items()} if keys else {}
        self.p_values = permutation_test(tables, permutations, seed, progress) if tables else None
        self.intervals = bootstrap_intervals(tables, resamples, seed, progress=progress) if tables else None

    def _table(self, block: Mapping[RowMeasure, Floats]) -> Floats:
        """Shape (queries, rows and measures); NaN where one is not in this collection."""
        table = np.full((len(next(iter(block.values()))), len(self.column)), np.nan)
        for key, values in block.items():
            if key in self.column:
                table[:, self.column[key]] = values
        return table

    def cells(self) -> dict[Block, dict[RowMeasure, PairedChange]]:
        """By collection, and by row and measure; not yet corrected."""
        return {
            block: {key: self._cell(name, key, self.differences[block][key]) for key in found}
            for (block, found), name in zip(self.differences.items(), self.names.values(), strict=True)
        }

    def _cell(self, name: str, key: RowMeasure, values: Floats) -> PairedChange:
        if not values.any() or self.p_values is None or self.intervals is None:
            return _same(len(values))
        column = self.column[key]
        ends = self.intervals.pairs[name][:, column]
        return _change(ends, self.p_values.pairs[name][column], [values])

    def macro(self) -> dict[RowMeasure, PairedChange]:
        """By row and measure, for those in every collection; not yet corrected."""
        everywhere = set.intersection(*(set(block) for block in self.differences.values()))
        found = {}
        for key in sorted(everywhere):
            strata = [block[key] for block in self.differences.values()]
            if key in self.column and self.p_values is not None and self.intervals is not None:
                column = self.column[key]
                found[key] = _change(self.intervals.macro[:, column], self.p_values.macro[column], strata)
            else:
                found[key] = _same(sum(map(len, strata)))
        return found


def _same(queries: int) -> PairedChange:
    return PairedChange(0.0, 0.0, 1.0, 1.0, 0, queries, 0)


def _change(ends: Floats, p_value: float, strata: list[Floats]) -> PairedChange:
    return PairedChange(
        low=float(ends[0]),
        high=float(ends[1]),
        p=float(p_value),
        holm_p=float("nan"),
        wins=sum(int(np.count_nonzero(values > 0)) for values in strata),
        ties=sum(int(np.count_nonzero(values == 0)) for values in strata),
        losses=sum(int(np.count_nonzero(values < 0)) for values in strata),
    )


def _corrected(
    cells: Mapping[Block, Mapping[RowMeasure, PairedChange]],
    macro: Mapping[RowMeasure, PairedChange],
    permutations: int,
) -> PairedChanges:
    """With Holm's correction over everything on which a query differs."""
    family = [*(change for block in cells.values() for change in block.values()), *macro.values()]
    tested = [change.wins + change.losses > 0 for change in family]
    values = holm([change.p if made else float("nan") for change, made in zip(family, tested, strict=True)])
    corrected = iter(np.where(np.isnan(values), 1.0, values).tolist())

    def done(change: PairedChange) -> PairedChange:
        return PairedChange(change.low, change.high, change.p, next(corrected), change.wins, change.ties, change.losses)

    return PairedChanges(
        cells={block: {key: done(change) for key, change in found.items()} for block, found in cells.items()},
        macro={key: done(change) for key, change in macro.items()},
        tests=sum(tested),
        permutations=permutations,
    )
