"""Permutation tests and bootstrap intervals: small cases by hand, SciPy, and how often they are right."""

from functools import partial

import numpy as np
import pytest
from scipy import stats

from clir_harness.harness.errors import UsageError
from clir_harness.leaderboards.statistics.resampling import bootstrap_intervals, permutation_test


@pytest.fixture
def rng():
    return np.random.default_rng(20)


def column(*values):
    return np.array(values, np.float64)[:, None]


def p_value(*differences, permutations=10_000, seed=0):
    (p,) = permutation_test({"sw-en": column(*differences)}, permutations, seed).pairs["sw-en"]
    return p


def interval(values, resamples=10_000, seed=0):
    return bootstrap_intervals({"sw-en": column(*values)}, resamples, seed).pairs["sw-en"][:, 0]


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        ((1, 2, 3), 2 / 8),  # only +1+2+3 and -1-2-3 are as far from 0
        ((3, 1, -1), 6 / 8),  # all but +3-1-1 and -3+1+1, which are 1 and -1
        ((1, -1), 1),
        ((0.3,), 1),
        ((0, 0, 0), 1),
        ((0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, -0.1), 22 / 1024),  # one minus at most, or one plus
    ],
)
def test_small_cases_are_enumerated(differences, expected):
    assert p_value(*differences) == pytest.approx(expected)


def test_differences_of_0_leave_the_exact_p_value_as_it_is():
    assert p_value(1, 2, 3, *[0] * 60) == 2 / 8


@pytest.mark.parametrize("seed", range(3))
def test_enumeration_is_that_of_scipy(seed):
    left, right = np.random.default_rng(seed).normal(size=(2, 10))
    expected = stats.permutation_test(
        (left, right),
        lambda x, y, axis: np.mean(x - y, axis=axis),
        permutation_type="samples",
        n_resamples=np.inf,
        vectorized=True,
    )
    assert p_value(*(left - right), permutations=1024) == pytest.approx(expected.pvalue)


def test_cases_are_enumerated_up_to_as_many_patterns_as_permutations_and_sampled_beyond(rng):
    differences = rng.normal(0.3, 1, size=12)
    exact = p_value(*differences, permutations=4096)
    assert exact * 4096 == round(exact * 4096)
    assert p_value(*differences, permutations=4096, seed=1) == exact
    sampled = p_value(*differences, permutations=4095)
    assert sampled != exact
    assert sampled == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 4095))


@pytest.mark.parametrize("permutations", [1, 99, 10_000])
def test_the_observed_signs_count_as_a_permutation_so_that_no_sampled_p_value_is_0(permutations):
    assert p_value(*[1] * 60, permutations=permutations) == 1 / (1 + permutations)


def test_equal_statistics_count_as_equal_although_sums_of_tenths_are_rounded():
    expected = stats.binomtest(20, 30).pvalue  # equal differences: a sign test
    found = p_value(*[0.1] * 20, *[-0.1] * 10, permutations=100_000)
    assert found == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / 100_000))


@pytest.mark.parametrize("queries", [12, 40])
def test_it_does_not_matter_which_of_two_systems_comes_first(queries, rng):
    differences = rng.exponential(size=queries) - 0.8
    assert p_value(*differences, permutations=2000) == p_value(*-differences, permutations=2000)


@pytest.mark.parametrize("distribution", ["normal", "laplace", "graded"])
def test_p_values_are_uniform_when_there_is_no_difference(distribution, rng):
    draw = {"normal": rng.normal, "laplace": rng.laplace, "graded": partial(rng.choice, [-1, -0.5, 0, 0.5, 1])}
    pairs = {pair: draw[distribution](size=(queries, 2000)) for pair, queries in (("sw-en", 25), ("fr-en", 60))}
    found = permutation_test(pairs, permutations=999, seed=5)
    for p_values in (*found.pairs.values(), found.macro):
        for level in (0.01, 0.05, 0.2, 0.5):
            # Of 2000 tests, within four standard errors; ties of discrete differences only make p larger.
            assert (p_values <= level).mean() <= level + 4 * np.sqrt(level * (1 - level) / 2000)
            assert (p_values <= level).mean() >= 0.8 * level - 4 * np.sqrt(level * (1 - level) / 2000)


def test_p_values_of_continuous_differences_pass_a_test_of_uniformity(rng):
    found = permutation_test({"sw-en": rng.normal(size=(30, 1000))}, permutations=1999, seed=6)
    assert stats.kstest(found.pairs["sw-en"], "uniform").pvalue > 0.01


def test_the_test_of_the_macro_average_gives_pairs_equal_weight_and_flips_signs_within_them():
    found = permutation_test({"sw-en": column(1), "fr-en": column(1, -1)}, permutations=100, seed=0)
    # Terms 1/2, 1/4, -1/4: sums of flipped ones are 1, 1/2, 1/2, 0 and their negatives; observed is 1/2.
    # Were all three queries pooled, every pattern would be as far from 0 as the observed one.
    assert found.macro.tolist() == [6 / 8]


def test_sampled_tests_of_the_macro_average_agree_with_enumeration(rng):
    pairs = {"sw-en": rng.normal(0.5, 1, size=(3, 1)), "fr-en": rng.normal(0.2, 1, size=(9, 1))}
    exact = permutation_test(pairs, permutations=4096, seed=0).macro[0]
    sampled = permutation_test(pairs, permutations=4095, seed=0).macro[0]
    assert sampled != exact
    assert sampled == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 4095))


def test_pairs_are_flipped_and_resampled_independently_of_each_other(rng):
    same = stats.zscore(rng.normal(size=(50, 1))) + 0.25
    pairs = {"sw-en": same, "fr-en": same}
    p_values = permutation_test(pairs, permutations=20_000, seed=0)
    # With the same signs in both the macro average would have the p-value of a pair.
    assert p_values.pairs["sw-en"][0] == pytest.approx(stats.norm.sf(0.25 * np.sqrt(50)) * 2, abs=0.02)
    assert p_values.macro[0] == pytest.approx(stats.norm.sf(0.25 * np.sqrt(100)) * 2, abs=0.01)
    ends = bootstrap_intervals(pairs, resamples=20_000, seed=0)
    width, macro_width = (np.ptp(one) for one in (ends.pairs["sw-en"], ends.macro))
    assert macro_width / width == pytest.approx(np.sqrt(1 / 2), rel=0.03)


def test_queries_are_resampled_within_their_pair():
    level = {"sw-en": np.full((30, 1), 0.125), "fr-en": np.full((300, 1), 0.875)}
    assert bootstrap_intervals(level, resamples=500, seed=0).macro.tolist() == [[0.5], [0.5]]


def test_the_interval_of_two_values_by_hand():
    assert interval([0, 1]).tolist() == [0, 1]  # resampled means are 0, 1/2, 1 with shares 1/4, 1/2, 1/4


def test_intervals_of_a_share_are_binomial():
    ends = stats.binom.ppf([0.025, 0.975], 100, 0.3) / 100
    assert interval([1] * 30 + [0] * 70, resamples=50_000) == pytest.approx(ends)


def test_intervals_are_those_of_scipy(rng):
    values = rng.exponential(size=40)
    expected = stats.bootstrap(
        (values,), np.mean, n_resamples=50_000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    assert interval(values, resamples=50_000) == pytest.approx(list(expected), abs=0.02 * np.ptp(list(expected)))


def test_intervals_of_negated_values_are_negated(rng):
    values = rng.exponential(size=40)
    assert interval(-values) == pytest.approx(-interval(values)[::-1])


def test_95_of_100_intervals_hold_the_true_mean(rng):
    pairs = {"sw-en": rng.normal(1, 1, size=(80, 2000)), "fr-en": rng.uniform(0, 6, size=(200, 2000))}
    ends = bootstrap_intervals(pairs, resamples=4000, seed=9)
    for (low, high), truth in ((ends.pairs["sw-en"], 1), (ends.pairs["fr-en"], 3), (ends.macro, 2)):
        assert ((low <= truth) & (truth <= high)).mean() == pytest.approx(0.95, abs=0.02)


def test_a_column_is_tested_on_its_own_queries_whatever_the_others_have(rng):
    full = rng.normal(0.2, 1, size=(40, 3))
    gaps = full.copy()
    gaps[[3, 7], 1] = np.nan
    alone = np.delete(full[:, 1], [3, 7])[:, None]
    for make in (permutation_test, bootstrap_intervals):
        with_gaps = make({"sw-en": gaps}, 2000, 0).pairs["sw-en"]
        without = make({"sw-en": full}, 2000, 0).pairs["sw-en"]
        assert with_gaps[..., [0, 2]] == pytest.approx(without[..., [0, 2]])
        assert with_gaps[..., [1]] == pytest.approx(make({"sw-en": alone}, 2000, 0).pairs["sw-en"])


def test_other_pairs_do_not_change_a_pair(rng):
    values = rng.normal(0.2, 1, size=(40, 2))
    for make in (permutation_test, bootstrap_intervals):
        alone = make({"sw-en": values}, 2000, 0).pairs["sw-en"]
        among = make({"fr-en": values + 1, "sw-en": values}, 2000, 0).pairs["sw-en"]
        assert (alone == among).all()


def test_many_samples_are_drawn_in_chunks_that_cover_all_of_them(monkeypatch, rng):
    values = {"sw-en": rng.normal(0.2, 1, size=(40, 2))}
    whole = permutation_test(values, 501, 0).macro, bootstrap_intervals(values, 501, 0).macro
    monkeypatch.setattr("clir_harness.leaderboards.statistics.resampling._CHUNK", 1)
    assert permutation_test(values, 501, 0).macro == pytest.approx(whole[0])
    assert bootstrap_intervals(values, 501, 0).macro == pytest.approx(whole[1])


def test_a_seed_gives_the_same_numbers_again_and_another_seed_gives_others(rng):
    values = {"sw-en": rng.normal(0.2, 1, size=(40, 2))}
    for make in (permutation_test, bootstrap_intervals):
        assert (make(values, 2000, 3).macro == make(values, 2000, 3).macro).all()
        assert (make(values, 2000, 3).macro != make(values, 2000, 4).macro).any()


def test_a_column_without_queries_in_a_pair_has_no_result_there_and_none_of_the_macro_average():
    pairs = {"sw-en": np.array([[1.0, np.nan], [2.0, np.nan]]), "fr-en": np.array([[1.0, 1.0], [3.0, 2.0]])}
    p_values = permutation_test(pairs, 100, 0)
    ends = bootstrap_intervals(pairs, 100, 0)
    assert np.isnan(p_values.pairs["sw-en"]).tolist() == [False, True]
    assert np.isnan(p_values.pairs["fr-en"]).tolist() == [False, False]
    assert np.isnan(p_values.macro).tolist() == [False, True]
    assert np.isnan(ends.pairs["sw-en"]).tolist() == np.isnan(ends.macro).tolist() == [[False, True]] * 2


def test_one_query_has_no_interval():
    ends = bootstrap_intervals({"sw-en": column(1), "fr-en": column(1, 2)}, 100, 0)
    assert np.isnan(ends.pairs["sw-en"]).all()
    assert np.isnan(ends.macro).all()
    assert not np.isnan(ends.pairs["fr-en"]).any()


@pytest.mark.parametrize("make", [permutation_test, bootstrap_intervals])
def test_too_few_samples_and_negative_seeds_are_refused(make):
    with pytest.raises(UsageError, match="too few"):
        make({"sw-en": column(1, 2)}, 0, 0)
    with pytest.raises(UsageError, match="cannot be a seed"):
        make({"sw-en": column(1, 2)}, 10, -1)
