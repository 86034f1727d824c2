"""Verdicts, worked out by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clir_harness.harness.record import CellState
from clir_harness.leaderboards.compare.compare import compare_sides
from clir_harness.leaderboards.compare.results import MACRO, BoardComparison, Verdict
from clir_harness.leaderboards.compare.rules import Rules
from clir_harness.leaderboards.compare.sides import SideCell
from tests.leaderboards.compare.conftest import FACTS, cell, side

HERE = ("bm25", "c/sw-en")


def verdicts(comparison: BoardComparison) -> dict[tuple[str, str], str]:
    return {(found.row, found.collection): found.verdict.value for found in comparison.cells}


def compare(base, current, **rules):
    return compare_sides(side(base), side(current), Rules.model_validate(rules))


def one(base: SideCell, current: SideCell, **rules):
    (found,) = compare({HERE: base}, {HERE: current}, **rules).cells
    return found


@pytest.mark.parametrize(
    ("base", "current", "rules", "verdict"),
    [
        (0.500, 0.494, {}, "regressed"),  # more than .005
        (0.500, 0.495, {}, "unchanged"),  # exactly the tolerance
        (0.500, 0.506, {}, "improved"),
        (0.500, 0.495, {"absolute": 0}, "regressed"),
        (0.500, 0.500, {"absolute": 0}, "unchanged"),
        (0.500, 0.470, {"relative": 0.06}, "unchanged"),  # .03 is 6 %
        (0.500, 0.469, {"relative": 0.06}, "regressed"),
        (0.010, 0.006, {"relative": 0.1}, "unchanged"),  # 40 %, but not .005: both have to be exceeded
        (0.500, 0.480, {"relative": 0.02, "absolute": 0.03}, "unchanged"),
        (0.500, 0.469, {"relative": 0.02, "absolute": 0.03}, "regressed"),
        (0.000, 0.004, {"relative": 0.5, "absolute": None}, "improved"),
    ],
)
def test_a_change_has_to_exceed_all_tolerances(base, current, rules, verdict):
    assert one(cell(base), cell(current), **rules).verdict.value == verdict


def test_a_change_has_to_be_significant_when_the_rules_say_so():
    before = np.linspace(0.2, 0.8, 20)
    # Twenty queries lose .1 each: of 2^20 sign patterns, 2 are as far from 0.
    assert one(cell(*before), cell(*(before - 0.1)), alpha=0.05).verdict is Verdict.REGRESSED
    # Three of them do: 2 of 8 patterns, p = .25.
    few = before - 0.3 * (np.arange(20) < 3)
    found = one(cell(*before), cell(*few), alpha=0.05)
    assert found.measures[0].paired.p == 0.25
    assert found.measures[0].difference == pytest.approx(-0.045)
    assert found.verdict is Verdict.UNCHANGED
    assert one(cell(*before), cell(*few)).verdict is Verdict.REGRESSED


def test_differences_have_intervals_wins_and_p_corrected_for_the_tests_made():
    base = {("bm25", "c/sw-en"): cell(0.5, 0.5, 0.5, 0.5), ("psq", "c/sw-en"): cell(0.5, 0.5, 0.5, 0.5)}
    base["same", "c/sw-en"] = cell(0.1, 0.2, 0.3, 0.4)
    current = {**base, ("bm25", "c/sw-en"): cell(0.6, 0.7, 0.4, 0.5), ("psq", "c/sw-en"): cell(0.6, 0.6, 0.6, 0.6)}
    found = compare(base, current)
    by_row = {one.row: one.measures[0].paired for one in found.cells}
    # +.1 +.2 -.1 0: sums of the 8 patterns are ±.4 ±.2 ±.2 0 0; six are at least .2 away.
    assert (by_row["bm25"].p, by_row["psq"].p) == (0.75, 0.125)
    assert found.tests == 2, "a cell without a difference is no test"
    assert (by_row["psq"].holm_p, by_row["bm25"].holm_p, by_row["same"].holm_p) == (0.25, 0.75, 1.0)
    assert (by_row["bm25"].wins, by_row["bm25"].ties, by_row["bm25"].losses) == (2, 1, 1)
    assert (by_row["psq"].low, by_row["psq"].high) == (pytest.approx(0.1), pytest.approx(0.1))
    assert (by_row["same"].low, by_row["same"].high, by_row["same"].ties) == (0, 0, 4)


def test_without_scores_of_queries_tolerances_decide_and_it_is_said():
    bare = cell(0.4, 0.4, query_ids=(), scores={})
    comparison = compare({HERE: cell(0.5, 0.5)}, {HERE: bare}, alpha=0.05)
    (found,) = comparison.cells
    assert found.verdict is Verdict.REGRESSED
    assert found.measures[0].paired is None
    assert "not tested without per-query scores" in found.reasons[0]
    assert "Cells without per-query scores on one side, judged by tolerance and not tested: 1." in comparison.notes


@pytest.mark.parametrize("fact", FACTS)
def test_other_inputs_are_not_compared_and_both_values_are_named(fact):
    comparison = compare({HERE: cell(0.5)}, {HERE: cell(0.1, facts={**FACTS, fact: "other"})})
    (found,) = comparison.cells
    assert found.verdict is Verdict.NOT_COMPARABLE
    assert found.reasons == (f"other {fact}: {FACTS[fact]} and other",)
    assert found.measures == ()
    assert comparison.failed
    assert comparison.compared == 0


def test_other_versions_of_a_measure_and_other_queries_are_not_compared():
    assert one(cell(0.5), cell(0.5, versions={"AP": "2"})).reasons == ("other versions of AP: 1 and 2",)
    assert one(cell(0.5), cell(0.5, 0.5)).reasons == ("other judged queries: 1 and 2",)


def test_what_is_not_there_any_more_is_missing_with_its_reason_and_what_was_not_there_is_new():
    failed = SideCell(CellState.FAILED, "out of memory")
    base = {HERE: cell(0.5), ("psq", "c/sw-en"): cell(0.5), ("new", "c/sw-en"): failed}
    current = {HERE: failed, ("new", "c/sw-en"): cell(0.5), ("none", "c/sw-en"): failed}
    comparison = compare(base, current)
    found = {one.row: one for one in comparison.cells}
    assert found["bm25"].reasons == ("failed: out of memory",)
    assert found["psq"].reasons == ("not run: not on this board",)
    assert found["new"].verdict is Verdict.NEW
    assert "none" not in found
    assert "Cells without a result on either side: 1." in comparison.notes
    assert comparison.failed
    assert not compare(base, current, allow_missing=True).failed


def test_only_what_the_rules_do_not_tolerate_fails():
    gone = compare({HERE: cell(0.5), ("x", "c"): cell(0.5)}, {HERE: cell(0.5)})
    assert gone.failed
    assert not compare({HERE: cell(0.5), ("x", "c"): cell(0.5)}, {HERE: cell(0.5)}, allow_missing=True).failed
    other = {HERE: cell(0.5, facts={**FACTS, "depth": "10"})}
    assert compare({HERE: cell(0.5)}, other).failed
    assert not compare({HERE: cell(0.5)}, other, allow_not_comparable=True).failed
    assert not compare({}, {HERE: cell(0.5)}).failed
    assert not compare({HERE: cell(0.5)}, {HERE: cell(0.9)}).failed


def costs(latency: float, memory: float = 100.0) -> SideCell:
    return cell(0.5, costs={"latency_p50_ms": latency, "search_peak_memory_bytes": memory})


def test_costs_count_only_when_a_rule_says_so():
    slow = one(costs(10), costs(31, 250))
    assert (slow.verdict, slow.latency_ratio, slow.memory_ratio) == (Verdict.UNCHANGED, 3.1, 2.5)
    assert one(costs(10), costs(31), latency_ratio=3).reasons == (
        "median latency is 3.1 times the base's, more than 3",
    )
    assert one(costs(10), costs(30), latency_ratio=3).verdict is Verdict.UNCHANGED
    assert one(costs(10), costs(3), latency_ratio=3).verdict is Verdict.IMPROVED
    assert one(costs(10), costs(10, 201), memory_ratio=2).verdict is Verdict.REGRESSED
    better = dataclasses.replace(costs(40), means={"AP": 0.9})
    assert one(costs(10), better, latency_ratio=3).verdict is Verdict.REGRESSED, "gains do not outweigh it"


def test_unknown_costs_and_other_machines_are_told():
    comparison = compare({HERE: costs(10)}, {HERE: cell(0.5)}, latency_ratio=2)
    assert "Cells whose latency is not known on both sides, so that it was not judged: 1." in comparison.notes
    here, there = (dataclasses.replace(costs(10), machine=name) for name in ("one", "two"))
    assert "Costs were measured on different machines." in compare({HERE: here}, {HERE: there}).notes


def test_macro_averages_are_over_all_collections_compared_and_judged_as_cells_are():
    base = {("a", "c/1"): cell(0.5, 0.5), ("a", "c/2"): cell(0.3), ("b", "c/1"): cell(0.2, 0.2)}
    current = {("a", "c/1"): cell(0.6, 0.4), ("a", "c/2"): cell(0.1), ("b", "c/1"): cell(0.2, 0.2)}
    comparison = compare(base, current)
    (average,) = comparison.averages
    assert (average.row, average.collection, average.verdict) == ("a", MACRO, Verdict.REGRESSED)
    change = average.measures[0]
    assert (change.base, change.current) == (pytest.approx(0.4), pytest.approx(0.3))
    assert (change.paired.wins, change.paired.ties, change.paired.losses) == (1, 0, 2)
    # Terms ±.05 ±.05 ±.2 / 2: observed |.05 - .05 - .2|; patterns as far: those with .05s opposed or with .2's sign.
    assert change.paired.p == 0.75
    assert comparison.counts[Verdict.REGRESSED] == 1, "averages are not counted as cells"


def test_many_small_losses_show_in_the_macro_average():
    base = {("a", f"c/{n}"): cell(*np.linspace(0.3, 0.6, 10)) for n in range(8)}
    current = {place: cell(*(found.scores["AP"] - 0.02)) for place, found in base.items()}
    comparison = compare(base, current, absolute=0.01, alpha=0.05)
    assert comparison.averages[0].verdict is Verdict.REGRESSED
    assert "corrected p below 0.05" in comparison.averages[0].reasons[0]


def test_rules_for_some_cells_win_and_those_that_fit_none_are_told():
    base = {("mDPR", "c/1"): cell(0.5), ("BM25", "c/1"): cell(0.5)}
    current = {("mDPR", "c/1"): cell(0.45), ("BM25", "c/1"): cell(0.45)}
    overrides = [{"rows": "mD*", "absolute": 0.1}, {"rows": "gone", "absolute": 0.1}]
    comparison = compare(base, current, overrides=overrides)
    assert verdicts(comparison) == {("mDPR", "c/1"): "unchanged", ("BM25", "c/1"): "regressed"}
    assert "Override 2 of the rules (gone on *) matches no cell." in comparison.notes


def test_the_worst_comes_first():
    base = {(row, "c/1"): cell(0.5) for row in ("same", "small", "large", "gone", "better")}
    current = {
        ("same", "c/1"): cell(0.5),
        ("small", "c/1"): cell(0.4),
        ("large", "c/1"): cell(0.1),
        ("better", "c/1"): cell(0.9),
        ("new", "c/1"): cell(0.9),
    }
    assert [found.row for found in compare(base, current).cells] == ["large", "small", "gone", "better", "new", "same"]


scores = st.lists(st.floats(0, 1), min_size=3, max_size=3)
boards = st.dictionaries(
    st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["c/1", "c/2"])), scores, min_size=1, max_size=4
)


@settings(max_examples=40)
@given(boards)
def test_a_board_compared_with_itself_is_unchanged(values):
    board = {place: cell(*found) for place, found in values.items()}
    comparison = compare(board, board, absolute=0, alpha=0.05, latency_ratio=1)
    assert {found.verdict for found in (*comparison.cells, *comparison.averages)} == {Verdict.UNCHANGED}
    assert comparison.tests == 0
    assert not comparison.failed


MIRRORED = {Verdict.REGRESSED: Verdict.IMPROVED, Verdict.MISSING: Verdict.NEW}
MIRRORED |= {after: before for before, after in MIRRORED.items()}


@settings(max_examples=25)
@given(boards, boards)
def test_the_mirrored_comparison_has_the_mirrored_verdicts(before, after):
    one, other = ({place: cell(*found) for place, found in values.items()} for values in (before, after))
    there = {(found.row, found.collection): found for found in compare(one, other).cells}
    back = {(found.row, found.collection): found for found in compare(other, one).cells}
    assert there.keys() == back.keys()
    for place, found in there.items():
        assert back[place].verdict is MIRRORED.get(found.verdict, found.verdict)
        if found.measures[0].paired:
            ours, theirs = found.measures[0].paired, back[place].measures[0].paired
            assert (ours.wins, ours.p, ours.holm_p) == (theirs.losses, theirs.p, theirs.holm_p)
            assert ours.low == pytest.approx(-theirs.high, abs=1e-9)
