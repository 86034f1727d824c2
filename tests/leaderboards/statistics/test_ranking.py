"""Ranks and Pareto fronts, worked out by hand and against their definitions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clir_harness.leaderboards.statistics.ranking import pareto_front, rank_systems

MEANS = {
    "a": [0.9, 0.1, 0.5],  # best in one pair, last in another
    "b": [0.5, 0.5, 0.5],  # ties with a and c in the third
    "c": [0.4, 0.6, 0.5],
    "d": [0.8, None, 0.9],  # no result in the second pair
}


def test_borda_counts_and_wins_by_hand():
    ranks = rank_systems(MEANS)
    # Pair 1: a 2, b 1, c 0. Pair 2: c 2, b 1, a 0. Pair 3: two equal others each, 1.
    assert {name: found.borda_count for name, found in ranks.items()} == {"a": 3.0, "b": 3.0, "c": 3.0}
    assert {name: found.win_count for name, found in ranks.items()} == {"a": 2, "b": 1, "c": 2}
    assert {name: found.borda for name, found in ranks.items()} == {"a": 1, "b": 1, "c": 1}
    assert {name: found.wins for name, found in ranks.items()} == {"a": 1, "b": 3, "c": 1}
    # Means 0.5, 0.5, 0.5.
    assert {name: found.mean for name, found in ranks.items()} == {"a": 1, "b": 1, "c": 1}


def test_the_three_rankings_can_disagree():
    ranks = rank_systems({"peak": [1.0, 0.1, 0.1], "even": [0.3, 0.2, 0.2], "good": [0.2, 0.3, 0.3]})
    assert [ranks[name].mean for name in ("peak", "even", "good")] == [1, 3, 2]
    assert [ranks[name].borda_count for name in ("peak", "even", "good")] == [2, 3, 4]
    assert [ranks[name].win_count for name in ("peak", "even", "good")] == [1, 0, 2]


def test_a_system_with_a_missing_pair_has_no_rank_and_nobody_gains_from_it():
    assert "d" not in rank_systems(MEANS)
    assert rank_systems(MEANS) == rank_systems({name: MEANS[name] for name in "abc"})
    assert rank_systems({"x": [], "y": []}) == {}


@given(st.dictionaries(st.text(max_size=3), st.lists(st.integers(0, 4), min_size=3, max_size=3), max_size=6))
def test_borda_counts_add_up_to_the_number_of_duels(values):
    means = {name: [value / 4 for value in row] for name, row in values.items()}
    total = sum(found.borda_count for found in rank_systems(means).values())
    assert total == 3 * len(means) * (len(means) - 1) / 2


def test_a_front_by_hand():
    points = {
        "cheap": (0.2, 1.0),
        "twin": (0.2, 1.0),
        "middle": (0.5, 5.0),
        "wasteful": (0.5, 6.0),
        "worse": (0.4, 5.0),
        "best": (0.9, 50.0),
    }
    assert pareto_front(points) == {"cheap", "twin", "middle", "best"}


@given(st.dictionaries(st.text(max_size=3), st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=8))
def test_whoever_is_not_on_the_front_is_beaten_by_one_who_is(values):
    points = {name: (float(effect), float(cost)) for name, (effect, cost) in values.items()}
    front = pareto_front(points)
    assert front
    for name in points.keys() - front:
        effect, cost = points[name]
        assert any(points[other][0] >= effect and points[other][1] <= cost for other in front)


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_means_that_differ_by_rounding_alone_tie(scale):
    ranks = rank_systems({"a": [0.1 + 0.2, 0.3 * scale / scale], "b": [0.3, 0.3]})
    assert ranks["a"] == ranks["b"]
