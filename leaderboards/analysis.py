"""Statistics of a board: intervals of all means, tests of differences, ranks, and Pareto fronts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from clir_harness.harness.errors import UnknownNameError, UsageError
from clir_harness.harness.evaluation import is_count
from clir_harness.harness.languages import ResourceTier
from clir_harness.harness.measures import Floats
from clir_harness.harness.progress import Progress, no_progress
from clir_harness.harness.record import CellState
from clir_harness.leaderboards.entries import BoardRow
from clir_harness.leaderboards.leaderboard import Leaderboard
from clir_harness.leaderboards.statistics.ranking import RankingMethod, Ranks, pareto_front, rank_systems
from clir_harness.leaderboards.statistics.resampling import bootstrap_intervals
from clir_harness.leaderboards.statistics.results import Comparison, Significance
from clir_harness.leaderboards.statistics.significance import Scores, aligned, compare_systems

PARETO_COSTS = ("latency_p50_ms", "search_peak_memory_bytes", "index_bytes")
"""Costs that effectiveness is weighed against."""

Interval = tuple[float, float]


@dataclass(frozen=True)
class Analysis:
    """A board with what its scores say. Pairs are named by the ids of their collections.

    Attributes:
        board: as read from the store.
        baseline: label of the row that all others are compared with, if there is one.
        by: what ranks the rows.
        intervals: by measure, row and collection: 95 % bootstrap intervals of means; empty without resampling.
        average_intervals: by measure, row and average (macro, high, low, gap); an average that is missing has none.
        significance: by measure, for the measures that were tested.
        ranks: by measure and row, for the rows with a result in every collection.
        resamples, seed: of the bootstrap; None without resampling.
    """

    board: Leaderboard
    baseline: str | None = None
    by: RankingMethod = "mean"
    intervals: Mapping[str, Mapping[str, Mapping[str, Interval]]] = field(default_factory=dict)
    average_intervals: Mapping[str, Mapping[str, Mapping[str, Interval]]] = field(default_factory=dict)
    significance: Mapping[str, Significance] = field(default_factory=dict)
    ranks: Mapping[str, Mapping[str, Ranks]] = field(default_factory=dict)
    resamples: int | None = None
    seed: int | None = None

    def ranked(self) -> list[BoardRow]:
        """Rows by rank in the first measure, equal ones by mean; those without a rank last, in suite order."""
        ranks = self.ranks[self.board.measures[0]]

        def place(row: BoardRow) -> tuple[int, ...]:
            found = ranks.get(row.label)
            return (0, found.place(self.by), found.mean) if found else (1,)

        return sorted(self.board.rows, key=place)

    def front(self, measure: str, cost: str) -> set[str]:
        """Labels of the rows on the Pareto front of a measure's macro average against a cost.

        Args:
            measure: one of the board's.
            cost: one of `PARETO_COSTS`.

        Returns:
            The labels.

        Raises:
            UnknownNameError: the board does not have the measure.
        """
        points = {}
        for row in self.board.rows:
            effect, spent = self.board.macro(row, measure), row.median_cost(cost)
            if effect is not None and spent is not None:
                points[row.label] = (effect, spent)
        return pareto_front(points)

    def comparison(self, measure: str, label: str, collection: str | None, *, best: bool) -> Comparison | None:
        """A row against the best row or the baseline.

        Args:
            measure: name of a measure, tested or not.
            label: label of the row.
            collection: id; None for the macro average.
            best: against the best row, otherwise against the baseline.

        Returns:
            The comparison; None if the two were not compared.
        """
        if measure not in self.significance:
            return None
        found = self.significance[measure].systems[label]
        comparisons = found.against_best if best else found.against_baseline
        if comparisons is None:
            return None
        return comparisons.macro if collection is None else comparisons.pairs.get(collection)


def analyse(
    board: Leaderboard,
    baseline: str | None = None,
    tested: Sequence[str] | None = None,
    *,
    by: RankingMethod = "mean",
    resampling: bool = True,
    resamples: int = 10_000,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Analysis:
    """Intervals, tests and ranks of a board. Counts, which are sums, have neither intervals nor tests.

    Args:
        board: as read from the store.
        baseline: label of a row that all others are compared with, in addition to the best one.
        tested: measures whose differences are tested; when None, the first one of the board that is not a count.
        by: how rows are ranked.
        resampling: whether to compute intervals and tests; ranks need neither.
        resamples, seed: of the bootstrap; the seed is also that of the tests.
        progress: called after each collection, for the intervals and for the tests of each measure.

    Returns:
        The board with its statistics.

    Raises:
        UnknownNameError: the baseline is not a row, or a tested measure is not one of the board.
        UsageError: a tested measure is a count.
    """
    if baseline is not None:
        board.row(baseline)
    averaged = [measure for measure in board.measures if not is_count(measure)]
    wanted = averaged[:1] if tested is None else tuple(tested)
    for measure in wanted:
        if measure not in board.measures:
            raise UnknownNameError("measure of this board", measure, board.measures)
        if measure not in averaged:
            raise UsageError(f"{measure} is a count: sums are not tested", hint="test another measure")
    ranks = {
        measure: rank_systems({row.label: [e.means.get(measure) for e in row.entries] for row in board.rows})
        for measure in board.measures
    }
    done = any(entry.state is CellState.DONE for row in board.rows for entry in row.entries)
    if not (resampling and done and averaged):
        return Analysis(board, baseline, by, ranks=ranks)

    def test(measure: str) -> Significance:
        def tested(done: int, total: int | None, text: str) -> None:
            progress(done, total, f"{text} of {measure}")

        return compare_systems(scores[measure], baseline, resamples=resamples, seed=seed, progress=tested)

    scores = {measure: board_scores(board, measure) for measure in averaged}
    intervals = _Intervals(board, scores, resamples, seed, progress)
    return Analysis(
        board,
        baseline,
        by,
        intervals={measure: intervals.pairs(measure) for measure in averaged},
        average_intervals={measure: intervals.averages(measure) for measure in averaged},
        significance={measure: test(measure) for measure in wanted},
        ranks=ranks,
        resamples=resamples,
        seed=seed,
    )


def board_scores(board: Leaderboard, measure: str) -> Scores:
    """Scores of a measure by row, collection and query.

    Args:
        board: the board.
        measure: one of the board's.

    Returns:
        The scores of finished cells.
    """
    return {
        row.label: {
            column.id: dict(zip(entry.query_ids, entry.scores[measure].tolist(), strict=True))
            for column, entry in zip(board.columns, row.entries, strict=True)
            if entry.state is CellState.DONE
        }
        for row in board.rows
    }


class _Intervals:
    """Intervals of the means of all rows by all measures, from the same resamples of the queries."""

    def __init__(
        self,
        board: Leaderboard,
        scores: Mapping[str, Scores],
        resamples: int,
        seed: int,
        progress: Progress,
    ) -> None:
        self.board = board
        self.measures = list(scores)
        self.labels = sorted(row.label for row in board.rows)
        values = {
            column.id: np.hstack([aligned(scores[measure], self.labels, column.id) for measure in self.measures])
            for column in board.columns
        }
        self.found = bootstrap_intervals(
            {name: table for name, table in values.items() if len(table)}, resamples, seed, _weights(board), progress
        )

    def _at(self, ends: Floats, measure: str, label: str) -> Interval | None:
        place = self.measures.index(measure) * len(self.labels) + self.labels.index(label)
        low, high = ends[:, place].tolist()
        return None if np.isnan(low) else (low, high)

    def pairs(self, measure: str) -> dict[str, dict[str, Interval]]:
        """By row and collection."""
        return {
            label: {
                name: interval
                for name, ends in self.found.pairs.items()
                if (interval := self._at(ends, measure, label)) is not None
            }
            for label in self.labels
        }

    def averages(self, measure: str) -> dict[str, dict[str, Interval]]:
        """By row and average; only for averages that exist."""
        return {
            row.label: {
                name: interval
                for name, mean in self.board.averages(row, measure).items()
                if mean is not None
                and (interval := self._at(self.found.combinations[name], measure, row.label)) is not None
            }
            for row in self.board.rows
        }


def _weights(board: Leaderboard) -> dict[str, dict[str, float]]:
    """Weights of the collections in the averages; the gap is high minus low."""
    tiers = {
        "macro": board.columns,
        "high": [column for column in board.columns if column.tier is ResourceTier.HIGH],
        "low": [column for column in board.columns if column.tier is ResourceTier.LOW],
    }
    weights = {name: {column.id: 1 / len(columns) for column in columns} for name, columns in tiers.items()}
    weights["gap"] = weights["high"] | {name: -weight for name, weight in weights["low"].items()}
    return weights
