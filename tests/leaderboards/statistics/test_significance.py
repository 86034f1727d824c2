"""Comparisons of systems: a board worked out by hand, what is left out, and what must not matter."""

import math
import random
from dataclasses import asdict, replace

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from clir_harness.harness.errors import DataError, UnknownNameError, UsageError
from clir_harness.leaderboards.statistics.resampling import bootstrap_intervals, permutation_test
from clir_harness.leaderboards.statistics.significance import compare_systems


def by_query(*scores):
    return {f"q{number}": score for number, score in enumerate(scores, start=1)}


BOARD = {
    "bm25": {"sw-en": by_query(0.1, 0.2, 0.3), "fr-en": by_query(0.5, 0.5)},
    "psq": {"sw-en": by_query(0.2, 0.4, 0.6), "fr-en": by_query(0.9, 0.5)},
    "mdpr": {"sw-en": by_query(0.0, 0.2, 0.1), "fr-en": by_query(0.7, 0.7)},
}
"""Macro averages: bm25 0.35, psq 0.55, mdpr 0.4."""


def made(systems, queries, seed=0, pairs=("fr-en", "sw-en", "zh-en")):
    rng = np.random.default_rng(seed)
    return {
        f"system {number}": {pair: by_query(*rng.beta(1 + 0.2 * number, 2, size=queries)) for pair in pairs}
        for number in range(systems)
    }


def differences(scores, system, reference, pair):
    queries = sorted(scores[system][pair])
    return np.array([scores[system][pair][query] - scores[reference][pair][query] for query in queries])


def comparisons(result):
    """All comparisons shown, by system, reference and pair; "macro" is the macro average's."""
    return {
        (name, against.reference, pair): comparison
        for name, system in result.systems.items()
        for against in (system.against_baseline, system.against_best)
        if against
        for pair, comparison in (*against.pairs.items(), ("macro", against.macro))
    }


def test_means_are_over_the_queries_of_a_pair_and_macro_averages_over_pairs():
    system = compare_systems(BOARD).systems["bm25"]
    assert {pair: (mean.mean, mean.queries) for pair, mean in system.pairs.items()} == {
        "fr-en": (0.5, 2),
        "sw-en": (pytest.approx(0.2), 3),
    }
    assert (system.macro.mean, system.macro.queries) == (pytest.approx(0.35), 5)
    assert (system.pairs["fr-en"].low, system.pairs["fr-en"].high) == (0.5, 0.5)
    assert (system.pairs["sw-en"].low, system.pairs["sw-en"].high) == pytest.approx((0.1, 0.3))
    # The macro average moves by half of what the pair's mean does.
    assert (system.macro.low, system.macro.high) == pytest.approx((0.3, 0.4))


def test_a_comparison_in_a_pair_by_hand():
    comparison = compare_systems(BOARD, "bm25").systems["psq"].against_baseline.pairs["sw-en"]
    assert comparison.difference == pytest.approx(0.2)
    assert comparison.permutation_p == 2 / 8
    assert comparison.t_test_p == pytest.approx(stats.ttest_rel([0.2, 0.4, 0.6], [0.1, 0.2, 0.3]).pvalue)
    assert comparison.effect_size == pytest.approx(2)
    assert (comparison.low, comparison.high) == pytest.approx((0.1, 0.3))
    assert (comparison.wins, comparison.ties, comparison.losses, comparison.missing) == (3, 0, 0, 0)


def test_a_comparison_of_macro_averages_by_hand():
    comparison = compare_systems(BOARD, "bm25").systems["mdpr"].against_baseline.macro
    # Differences: -0.1, 0, -0.2 in sw-en and 0.2, 0.2 in fr-en; their terms -1/60, 0, -2/60, 6/120, 6/120.
    assert comparison.difference == pytest.approx(0.05)
    assert comparison.permutation_p == 12 / 16  # flipped sums are at least 3 (in 60ths) but for 0, 0, -1, 1
    assert comparison.effect_size == pytest.approx(0.05 / math.sqrt((0.01 + 0) / 2))
    assert (comparison.wins, comparison.ties, comparison.losses, comparison.missing) == (2, 1, 2, 0)
    assert comparison.queries == 5
    assert math.isnan(comparison.t_test_p)


def test_the_best_system_is_that_of_the_highest_macro_average():
    result = compare_systems(BOARD, "bm25")
    assert (result.baseline, result.best) == ("bm25", "psq")
    assert result.systems["bm25"].against_baseline is None
    assert result.systems["psq"].against_best is None
    assert result.systems["mdpr"].against_best.reference == "psq"
    assert result.systems["mdpr"].against_best.macro.difference == pytest.approx(-0.15)


def test_of_equally_good_systems_the_first_by_name_is_the_best():
    scores = {"c": {"sw-en": by_query(1, 0)}, "b": {"sw-en": by_query(0, 1)}, "a": {"sw-en": by_query(0, 0)}}
    assert compare_systems(scores).best == "b"


def test_the_best_system_against_the_baseline_mirrors_the_baseline_against_the_best():
    result = compare_systems(BOARD, "bm25")
    up, down = result.systems["psq"].against_baseline, result.systems["bm25"].against_best
    assert (up.reference, down.reference) == ("bm25", "psq")
    for there, back in (*zip(up.pairs.values(), down.pairs.values(), strict=True), (up.macro, down.macro)):
        assert back.difference == -there.difference
        assert (back.low, back.high) == (-there.high, -there.low)
        assert (back.wins, back.ties, back.losses) == (there.losses, there.ties, there.wins)
        assert back.effect_size == -there.effect_size
        assert (back.permutation_p, back.holm_p) == (there.permutation_p, there.holm_p)


@pytest.mark.parametrize(("system", "baseline"), [("a", "b"), ("b", "a")])
def test_equal_systems_differ_by_nothing(system, baseline):
    same = {"sw-en": by_query(0.1, 0.2, 0.3)}
    (comparison,) = compare_systems({"a": same, "b": same}, baseline).systems[system].against_baseline.pairs.values()
    assert "-0.0" not in repr(comparison)
    assert asdict(comparison) == {
        "difference": 0,
        "low": 0,
        "high": 0,
        "permutation_p": 1,
        "t_test_p": 1,
        "holm_p": 1,
        "effect_size": 0,
        "wins": 0,
        "ties": 3,
        "losses": 0,
        "missing": 0,
    }


def test_scores_that_differ_by_rounding_alone_are_ties():
    scores = {"a": {"sw-en": by_query(0.1 + 0.2, 0.5)}, "b": {"sw-en": by_query(0.3, 0.5)}}
    comparison = compare_systems(scores, "b").systems["a"].against_baseline.pairs["sw-en"]
    assert (comparison.wins, comparison.ties, comparison.losses) == (0, 2, 0)
    assert comparison.permutation_p == comparison.t_test_p == 1


def test_a_constant_difference_has_an_infinite_effect():
    scores = {"a": {"sw-en": by_query(0.3, 0.4, 0.9)}, "b": {"sw-en": by_query(0.2, 0.3, 0.8)}}
    comparison = compare_systems(scores, "b").systems["a"].against_baseline.pairs["sw-en"]
    assert (comparison.effect_size, comparison.t_test_p, comparison.permutation_p) == (math.inf, 0, 0.25)


def test_numbers_are_those_of_the_tests_on_the_differences():
    scores = made(systems=3, queries=40)
    result = compare_systems(scores, "system 0", permutations=2000, resamples=2000, seed=4)
    found = comparisons(result)
    for name in ("system 1", "system 2"):
        by_pair = {pair: differences(scores, name, "system 0", pair)[:, None] for pair in scores[name]}
        p_values = permutation_test(by_pair, 2000, 4)
        ends = bootstrap_intervals(by_pair, 2000, 4)
        for pair in (*by_pair, "macro"):
            comparison = found[name, "system 0", pair]
            expected_p, interval = (one.macro if pair == "macro" else one.pairs[pair] for one in (p_values, ends))
            assert [comparison.permutation_p] == pytest.approx(expected_p)
            assert [comparison.low, comparison.high] == pytest.approx(interval[:, 0])
        for pair in by_pair:
            left, right = scores[name][pair].values(), scores["system 0"][pair].values()
            assert found[name, "system 0", pair].t_test_p == pytest.approx(
                stats.ttest_rel(list(left), list(right)).pvalue
            )


def test_holm_is_over_all_comparisons_shown_each_once():
    result = compare_systems(made(systems=4, queries=30), "system 0", permutations=5000, resamples=10)
    assert result.best == "system 3"
    # 3 against the baseline and 3 against the best, one of which is the same; in 3 pairs and macro-averaged.
    assert result.tests == (3 + 3 - 1) * (3 + 1)
    distinct = {(frozenset(key[:2]), key[2]): comparison for key, comparison in comparisons(result).items()}
    assert len(distinct) == result.tests
    p_values = [comparison.permutation_p for comparison in distinct.values()]
    expected = multipletests(p_values, method="holm")[1]
    assert [comparison.holm_p for comparison in distinct.values()] == pytest.approx(expected)
    assert result.resolution == pytest.approx(20 / 5001)


def test_the_macro_average_of_a_single_pair_is_not_a_test_of_its_own():
    result = compare_systems(made(systems=3, queries=30, pairs=["sw-en"]), permutations=500, resamples=50)
    assert result.tests == 2
    against = result.systems["system 0"].against_best
    assert replace(against.macro, t_test_p=0) == replace(against.pairs["sw-en"], t_test_p=0)


def test_only_common_queries_are_compared_and_the_others_are_counted():
    scores = {
        "bm25": {"sw-en": {"q1": 0.1, "q2": 0.2, "q3": 0.9}, "fr-en": {"q1": 0.5, "q2": 0.25}},
        "psq": {"sw-en": {"q2": 0.4, "q1": 0.2, "q8": 0.0, "q9": 0.0}, "fr-en": {"q1": 0.5, "q2": 0.75}},
    }
    result = compare_systems(scores, "bm25")
    assert result.systems["bm25"].pairs["sw-en"].mean == pytest.approx(0.4), "means are over a system's own queries"
    assert result.systems["bm25"].pairs["sw-en"].queries == 3
    against = result.systems["psq"].against_baseline
    assert against.pairs["sw-en"].difference == pytest.approx(0.15)
    assert (against.pairs["sw-en"].queries, against.pairs["sw-en"].missing) == (2, 3)
    assert against.macro.difference == pytest.approx((0.15 + 0.25) / 2)
    assert (against.macro.queries, against.macro.missing) == (4, 3)


def test_systems_without_a_common_query_cannot_be_compared():
    scores = {
        "bm25": {"sw-en": {"q1": 0.1, "q2": 0.2}, "fr-en": {"q1": 0.5, "q2": 0.25}},
        "psq": {"sw-en": {"q3": 0.4}, "fr-en": {"q1": 0.5, "q2": 0.75}},
    }
    result = compare_systems(scores, "bm25")
    against = result.systems["psq"].against_baseline
    comparison = against.pairs["sw-en"]
    assert (comparison.queries, comparison.missing) == (0, 3)
    numbers = (comparison.difference, comparison.low, comparison.permutation_p, comparison.t_test_p, comparison.holm_p)
    assert all(map(math.isnan, (*numbers, comparison.effect_size)))
    assert against.macro is None
    assert result.tests == 1
    assert against.pairs["fr-en"].holm_p == against.pairs["fr-en"].permutation_p


@pytest.mark.parametrize("nothing", [{}, {"fr-en": {}}])
def test_a_system_without_results_in_a_pair_has_no_macro_average_and_cannot_be_the_best(nothing):
    scores = BOARD | {"picky": {"sw-en": by_query(0.9, 0.9, 0.9), **nothing}}
    result = compare_systems(scores, "bm25")
    picky = result.systems["picky"]
    assert result.best == "psq"
    assert picky.macro is None
    assert list(picky.pairs) == list(picky.against_baseline.pairs) == ["sw-en"]
    assert picky.against_baseline.macro is picky.against_best.macro is None
    assert result.tests == 3 * 3 + 2, "three full comparisons, and two of picky in one pair"


def test_nobody_is_the_best_when_nobody_has_results_in_every_pair():
    scores = {"a": {"sw-en": by_query(1, 1)}, "b": {"fr-en": by_query(0, 1)}, "c": {"fr-en": by_query(0, 0)}}
    result = compare_systems(scores, "b")
    assert result.best is None
    assert [system.against_best for system in result.systems.values()] == [None] * 3
    assert result.systems["a"].against_baseline.pairs == {}
    assert list(result.systems["c"].against_baseline.pairs) == ["fr-en"]


def test_one_system_alone_has_means_and_nothing_to_compare_with():
    result = compare_systems({"bm25": BOARD["bm25"]})
    assert (result.best, result.tests) == ("bm25", 0)
    assert result.systems["bm25"].macro.mean == pytest.approx(0.35)
    assert comparisons(result) == {}


def test_a_single_query_has_a_mean_without_interval():
    scores = {"a": {"sw-en": by_query(0.5)}, "b": {"sw-en": by_query(0.25)}}
    system = compare_systems(scores, "b").systems["a"]
    comparison = system.against_baseline.pairs["sw-en"]
    assert system.pairs["sw-en"].mean == 0.5
    assert all(map(math.isnan, (system.pairs["sw-en"].low, comparison.low, comparison.high, comparison.t_test_p)))
    assert (comparison.difference, comparison.permutation_p) == (0.25, 1)


def test_the_order_of_systems_pairs_and_queries_does_not_matter():
    scores = made(systems=5, queries=50)

    def shuffled(mapping):
        return dict(random.Random(1).sample(list(mapping.items()), len(mapping)))

    mixed = shuffled({name: shuffled({pair: shuffled(by) for pair, by in of.items()}) for name, of in scores.items()})
    assert list(mixed) != list(scores)
    first, second = (compare_systems(one, "system 2", permutations=500, resamples=500) for one in (scores, mixed))
    assert repr({name: first.systems[name] for name in scores}) == repr({name: second.systems[name] for name in scores})
    assert list(second.systems) == list(mixed)


def test_another_seed_gives_other_samples():
    scores = made(systems=2, queries=50)
    results = [compare_systems(scores, permutations=500, resamples=500, seed=seed) for seed in (1, 1, 2)]
    macros = [result.systems["system 0"].macro for result in results]
    assert macros[0] == macros[1] != macros[2]


@pytest.mark.parametrize("score", [math.nan, math.inf])
def test_a_score_that_is_no_number_is_refused_with_its_place(score):
    with pytest.raises(DataError, match=r"'psq' has the score (nan|inf) for query 'q2' of sw-en"):
        compare_systems({"psq": {"sw-en": by_query(0.5, score)}})


def test_an_unknown_baseline_is_refused_with_a_suggestion():
    with pytest.raises(UnknownNameError, match="did you mean 'bm25'"):
        compare_systems(BOARD, "bm52")


@pytest.mark.parametrize("scores", [{}, {"bm25": {}}])
def test_no_scores_are_refused(scores):
    with pytest.raises(DataError, match="no scores"):
        compare_systems(scores)


def test_a_pair_in_which_nobody_has_results_leaves_no_macro_average():
    result = compare_systems({name: {**pairs, "yo-en": {}} for name, pairs in BOARD.items()}, "bm25")
    assert result.best is None
    assert [system.macro for system in result.systems.values()] == [None] * 3
    assert list(result.systems["psq"].against_baseline.pairs) == ["fr-en", "sw-en"]


@pytest.mark.parametrize("bad", [{"permutations": 0}, {"resamples": 0}, {"seed": -1}])
def test_too_few_samples_and_negative_seeds_are_refused(bad):
    with pytest.raises(UsageError):
        compare_systems(BOARD, **bad)
