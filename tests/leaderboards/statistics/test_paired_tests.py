"""t-test, effect size and Holm's correction against SciPy, statsmodels and values worked out by hand."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from clir_harness.leaderboards.statistics.paired_tests import cohens_d, holm, paired_t_test


@pytest.mark.parametrize("queries", [2, 3, 10, 1000])
@pytest.mark.parametrize("shift", [0.0, 0.05, -0.3, 20.0])
def test_the_t_test_is_that_of_scipy(queries, shift):
    left, right = np.random.default_rng(queries).normal(size=(2, queries))
    expected = stats.ttest_rel(left + shift, right).pvalue
    assert paired_t_test(left + shift - right) == pytest.approx(expected, rel=1e-9)


def test_the_t_test_does_not_care_which_of_two_systems_comes_first():
    differences = np.array([0.5, -0.25, 0.125, 1.0])
    assert paired_t_test(differences) == paired_t_test(-differences)


def test_the_t_test_of_equal_systems_is_1_and_of_a_constant_difference_0():
    assert paired_t_test(np.zeros(5)) == 1
    assert paired_t_test(np.full(3, 0.1)) == 0  # although the computed mean of these is not 0.1
    assert paired_t_test(np.full(3, -0.1)) == 0


@pytest.mark.parametrize("differences", [[], [0.3]])
def test_fewer_than_two_queries_have_no_t_test_and_no_effect_size(differences):
    assert np.isnan(paired_t_test(np.array(differences)))
    assert np.isnan(cohens_d([np.array(differences)]))
    assert np.isnan(cohens_d([np.array([0.1, 0.2]), np.array(differences)]))
    assert np.isnan(cohens_d([]))


def test_cohens_d_is_the_mean_difference_over_the_standard_deviation_of_the_differences():
    assert cohens_d([np.array([1.0, 2.0, 3.0])]) == pytest.approx(2 / 1)
    assert cohens_d([np.array([-1.0, -2.0, -3.0])]) == pytest.approx(-2 / 1)
    assert cohens_d([np.array([0.0, 0.0, 3.0, 1.0])]) == pytest.approx(1 / np.sqrt(2))


def test_cohens_d_is_t_over_the_root_of_the_number_of_queries():
    left, right = np.random.default_rng(3).normal(size=(2, 40))
    t = stats.ttest_rel(left, right).statistic
    assert cohens_d([left - right]) == pytest.approx(t / np.sqrt(40))


def test_cohens_d_of_several_pairs_weighs_pairs_alike_and_takes_the_variance_within_them():
    few, many = np.array([9.0, 11.0]), np.array([1.0, 1.0, 3.0, 3.0, 2.0])
    assert (few.var(ddof=1), many.var(ddof=1)) == (2, 1)
    assert cohens_d([few, many]) == pytest.approx((10 + 2) / 2 / np.sqrt((2 + 1) / 2))


def test_cohens_d_without_variance_is_0_or_infinite():
    assert cohens_d([np.zeros(4)]) == 0
    assert cohens_d([np.full(3, 0.1)]) == np.inf
    assert cohens_d([np.full(3, -0.1)]) == -np.inf
    assert cohens_d([np.full(3, 0.1), np.full(4, -0.1)]) == 0


def test_holm_multiplies_the_smallest_by_the_number_of_tests_and_the_next_by_one_less():
    assert holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])


@pytest.mark.parametrize("seed", range(5))
def test_holm_is_that_of_statsmodels_with_ties_too(seed):
    p_values = np.random.default_rng(seed).beta(0.3, 2, size=50).round(2)
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])


def test_holm_leaves_out_tests_that_could_not_be_made_and_keeps_the_shape():
    p_values = np.random.default_rng(7).random((4, 5)) / 20
    p_values[1, 2] = p_values[3, 4] = np.nan
    corrected = holm(p_values)
    made = ~np.isnan(p_values)
    assert np.isnan(corrected[~made]).all()
    assert corrected[made] == pytest.approx(multipletests(p_values[made], method="holm")[1])


def test_holm_takes_families_of_one_and_of_none():
    assert holm([0.04]).tolist() == [0.04]
    assert holm([]).tolist() == []
    assert np.isnan(holm([np.nan, np.nan])).all()


def test_holm_does_not_change_what_it_is_given():
    p_values = np.array([0.02, 0.01])
    holm(p_values)
    assert p_values.tolist() == [0.02, 0.01]
