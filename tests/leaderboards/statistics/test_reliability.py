"""Brier score, diagrams and calibration errors: worked by hand, and equal to scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from clir_harness.harness.errors import DataError, UsageError
from clir_harness.leaderboards.statistics.reliability import (
    Bin,
    brier_score,
    expected_calibration_error,
    reliability_diagram,
)

PREDICTIONS = st.lists(
    st.tuples(st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.1, 0.5, 1.0])), st.booleans()), min_size=1, max_size=80
)

# Ten documents; the first five probabilities fall below 0.5.
PROBABILITIES = [0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9, 1.0]
RELEVANT = [False, False, True, False, True, True, False, True, True, True]


def test_the_brier_score_worked_by_hand() -> None:
    # 0, .01, .64, .09, .36, .16, .49, .04, .01, 0: 1.80 in sum.
    assert brier_score(PROBABILITIES, RELEVANT) == pytest.approx(0.18)


def test_the_diagram_and_the_calibration_error_worked_by_hand() -> None:
    low, high = reliability_diagram(PROBABILITIES, RELEVANT, bins=2)
    assert (low.documents, low.probability, low.relevant) == (5, pytest.approx(0.2), 0.4)
    assert (high.documents, high.probability, high.relevant) == (5, pytest.approx(0.8), 0.8)
    assert expected_calibration_error(PROBABILITIES, RELEVANT, bins=2) == pytest.approx(0.5 * 0.2 + 0.5 * 0.0)


def test_bins_of_equal_mass_have_the_same_number_of_documents() -> None:
    skewed, relevant = [0.01, 0.02, 0.03, 0.05, 0.2, 0.9], [False, False, True, False, True, True]
    diagram = reliability_diagram(skewed, relevant, bins=3, equal_mass=True)
    assert [one.documents for one in diagram] == [2, 2, 2]
    # |0 - 0.015|, |0.5 - 0.04|, |1 - 0.55|, a third each.
    error = expected_calibration_error(skewed, relevant, bins=3, equal_mass=True)
    assert error == pytest.approx((0.015 + 0.46 + 0.45) / 3)
    assert [one.documents for one in reliability_diagram(skewed, relevant, bins=3)] == [5, 1]


def test_equal_probabilities_are_in_one_bin() -> None:
    constant = reliability_diagram([0.25] * 4, [True, False, False, False], equal_mass=True)
    assert constant == (Bin(4, 0.25, 0.25),)
    assert expected_calibration_error([0.25] * 4, [True, False, False, False], equal_mass=True) == 0.0


def test_a_probability_on_an_edge_belongs_to_the_bin_below() -> None:
    assert [one.documents for one in reliability_diagram([0.5, 0.51], [True, True], bins=2)] == [1, 1]


@given(PREDICTIONS, st.integers(1, 12))
def test_diagram_and_brier_score_are_those_of_scikit_learn(predictions: list[tuple[float, bool]], bins: int) -> None:
    probabilities, relevant = zip(*predictions, strict=True)
    for equal_mass, strategy in [(False, "uniform"), (True, "quantile")]:
        ours = reliability_diagram(probabilities, relevant, bins, equal_mass=equal_mass)
        shares, means = calibration_curve(relevant, probabilities, n_bins=bins, strategy=strategy, pos_label=True)
        assert [one.relevant for one in ours] == pytest.approx(list(shares))
        assert [one.probability for one in ours] == pytest.approx(list(means))
        assert sum(one.documents for one in ours) == len(predictions)
    expected = brier_score_loss(relevant, probabilities, pos_label=True, labels=[False, True])
    assert brier_score(probabilities, relevant) == pytest.approx(expected)


@given(PREDICTIONS)
def test_one_bin_leaves_the_distance_of_the_means(predictions: list[tuple[float, bool]]) -> None:
    probabilities, relevant = map(np.array, zip(*predictions, strict=True))
    for equal_mass in (False, True):
        error = expected_calibration_error(probabilities, relevant, bins=1, equal_mass=equal_mass)
        assert error == pytest.approx(abs(probabilities.mean() - relevant.mean()))


@pytest.mark.parametrize(
    ("probabilities", "relevant", "message"),
    [
        ([], [], r"one or more documents"),
        ([0.5], [True, False], r"found shapes \(1,\), \(2,\)"),
        ([0.5, 1.5], [True, False], "found 1.5 at index 1"),
        ([float("nan")], [True], "found nan at index 0"),
    ],
)
def test_what_is_no_probability_is_refused(probabilities: list[float], relevant: list[bool], message: str) -> None:
    with pytest.raises(DataError, match=message):
        brier_score(probabilities, relevant)
    with pytest.raises(DataError, match=message):
        expected_calibration_error(probabilities, relevant)


def test_a_diagram_has_a_bin() -> None:
    with pytest.raises(UsageError, match="0 bins"):
        reliability_diagram([0.5], [True], bins=0)
