"""Ranks of systems over several language pairs: by mean, by Borda count and by wins; and Pareto fronts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

RankingMethod = Literal["mean", "borda", "wins"]
"""How the rows of a board are ranked."""

_DECIMALS = 12
"""Means are compared after rounding to this, so that equal scores tie although they were added up in another order."""


@dataclass(frozen=True, slots=True)
class Ranks:
    """Places of a system among those that have a result in every pair; 1 is the best, equal ones share a place.

    Attributes:
        mean: place by the mean over all pairs.
        borda_count: for every pair, 1 for each system with a lower mean there and 1/2 for each with the same
            (Borda, Mémoire sur les élections au scrutin, 1781); summed over pairs.
        borda: place by it.
        win_count: pairs in which no system has a higher mean.
        wins: place by it.
    """

    mean: int
    borda_count: float
    borda: int
    win_count: int
    wins: int

    def place(self, by: RankingMethod) -> int:
        """Place by one of the three."""
        return {"mean": self.mean, "borda": self.borda, "wins": self.wins}[by]


def rank_systems(means: Mapping[str, Sequence[float | None]]) -> dict[str, Ranks]:
    """Ranks of the systems that have a result in every pair; the others are neither ranked nor counted.

    Args:
        means: by system, one value for every pair, in the same order; None where there is no result.

    >>> ranks = rank_systems({"bm25": [0.1, 0.4], "psq": [0.3, 0.3], "half": [0.9, None]})
    >>> [(name, place.mean, place.borda_count, place.win_count) for name, place in ranks.items()]
    [('bm25', 2, 1.0, 1), ('psq', 1, 1.0, 1)]
    """
    complete = {
        name: [round(value, _DECIMALS) for value in values if value is not None]
        for name, values in means.items()
        if values and None not in values
    }
    pairs = list(zip(*complete.values(), strict=True))
    average = {name: round(fmean(values), _DECIMALS) for name, values in complete.items()}
    points = {name: sum(map(_points, values, pairs)) for name, values in complete.items()}
    wins = {
        name: sum(value == max(pair) for value, pair in zip(values, pairs, strict=True))
        for name, values in complete.items()
    }
    by_mean, by_borda, by_wins = _places(average), _places(points), _places(wins)
    return {name: Ranks(by_mean[name], points[name], by_borda[name], wins[name], by_wins[name]) for name in complete}


def _points(value: float, others: Sequence[float]) -> float:
    """1 for each lower value and 1/2 for each equal one, itself not counted."""
    return sum(other < value for other in others) + (sum(other == value for other in others) - 1) / 2


def _places(values: Mapping[str, float]) -> dict[str, int]:
    return {name: 1 + sum(other > value for other in values.values()) for name, value in values.items()}


def pareto_front(points: Mapping[str, tuple[float, float]]) -> set[str]:
    """The systems that no other one beats: at least as effective and at most as costly, and one of the two strictly.

    Args:
        points: effectiveness (higher is better) and cost (lower is better) by system.

    >>> sorted(pareto_front({"fast": (0.3, 1.0), "good": (0.5, 9.0), "poor": (0.2, 2.0)}))
    ['fast', 'good']
    """
    return {
        name
        for name, (effect, cost) in points.items()
        if not any(
            other_effect >= effect and other_cost <= cost and (other_effect, other_cost) != (effect, cost)
            for other_effect, other_cost in points.values()
        )
    }
