"""What an analysis says of real boards."""

from __future__ import annotations

import pytest

from clir_harness.harness.errors import UnknownNameError, UsageError
from clir_harness.leaderboards.analysis import analyse
from clir_harness.leaderboards.render.formats import render
from clir_harness.leaderboards.statistics.significance import enough_permutations

SCRIPTED = {"system": "scripted"}
HUMAN = {"system": "scripted", "label": "human", "queries": "human"}


def test_intervals_hold_their_means_and_are_only_of_means_that_are_there(world, scripted):
    board = world.board(SCRIPTED, scripted("breaks", fails_on="fr"), pairs=["fr-en", "sw-en"])
    analysis = analyse(board)
    low, high = analysis.intervals["RR"]["scripted"]["mini/sw-en"]
    assert (low, high) == (0.0, 1.0), "of 1, 1/2, 0 all resamples of three ones or three zeros are within 95 %"
    low, high = analysis.intervals["RR"]["scripted"]["mini/fr-en"]
    assert (low, high) == (0.5, 1.0)
    assert {*analysis.average_intervals["RR"]["scripted"]} == {"macro", "high", "low", "gap"}
    assert {*analysis.intervals["RR"]["breaks"]} == {"mini/sw-en"}
    assert {*analysis.average_intervals["RR"]["breaks"]} == {"low"}


def test_the_interval_of_the_gap_is_that_of_the_difference_of_the_tiers(world):
    board = world.board(SCRIPTED, pairs=["fr-en", "sw-en"])
    averages = analyse(board).average_intervals["RR"]["scripted"]
    assert averages["high"] == (0.5, 1.0)
    assert averages["low"] == (0.0, 1.0)
    low, high = averages["gap"]
    # High is 1/2, 3/4 or 1 with 1/4, 1/2, 1/4; low is 0 or 1 with 1/27 each. Their extremes meet too rarely to count.
    assert -0.5 <= low < 0 < high < 1


def test_intervals_of_a_measure_do_not_depend_on_the_other_measures(world):
    board = world.board(SCRIPTED, HUMAN, pairs=["fr-en", "sw-en"])
    alone = world.board(SCRIPTED, HUMAN, pairs=["fr-en", "sw-en"], measures=["P@1"])
    assert analyse(board).intervals["P@1"] == analyse(alone).intervals["P@1"]
    tested = analyse(alone).significance["P@1"].systems["scripted"].pairs["mini/sw-en"]
    assert analyse(board).intervals["P@1"]["scripted"]["mini/sw-en"] == (tested.low, tested.high)


def test_the_first_measure_is_tested_unless_others_are_asked_for(world):
    board = world.board(SCRIPTED, HUMAN)
    assert [*analyse(board).significance] == ["RR"]
    assert [*analyse(board, tested=["P@1", "RR"]).significance] == ["P@1", "RR"]
    assert not analyse(board, resampling=False).significance


def test_unknown_baselines_and_measures_are_explained(world):
    board = world.board(SCRIPTED, HUMAN)
    with pytest.raises(UnknownNameError, match="unknown row of this board 'humane'"):
        analyse(board, baseline="humane")
    with pytest.raises(UnknownNameError, match="unknown measure of this board 'AP'"):
        analyse(board, tested=["AP"])


def test_a_board_without_any_result_is_analysed(world, scripted):
    board = world.board(scripted("breaks", fails_on="sw"), pairs=["sw-en"])
    assert analyse(board).ranks == {"RR": {}, "P@1": {}}


def test_fronts_are_of_finished_rows(world, scripted):
    board = world.board(SCRIPTED, HUMAN, scripted("breaks", fails_on="sw"))
    front = analyse(board, resampling=False).front("RR", "index_bytes")
    assert front == {"human"}, "both indexes are of one size, and the better row is alone on the front"


def test_there_are_enough_permutations_for_a_corrected_value_below_the_level():
    for tests in (1, 200, 777, 10_000):
        assert tests / (1 + enough_permutations(tests)) <= 0.02
    assert enough_permutations(1) == 10_000


def test_progress_is_reported_to_the_end(world):
    steps = []
    analyse(world.board(SCRIPTED, HUMAN), progress=lambda *step: steps.append(step))
    assert steps[3] == (4, 4, "bootstrap intervals")
    assert steps[-1] == (8, 8, "permutation tests of RR")


def test_counts_are_sums_without_intervals_and_tests(world):
    board = world.board(SCRIPTED, HUMAN, measures=["NumRet", "RR"], pairs=["sw-en"])
    (entry,) = board.rows[0].entries
    assert entry.means["NumRet"] == entry.scores["NumRet"].sum() > entry.scores["NumRet"].mean()
    found = analyse(board)
    assert (list(found.intervals), list(found.significance)) == (["RR"], ["RR"])
    assert "NumRet: a count, summed over queries." in render(board)
    with pytest.raises(UsageError, match="NumRet is a count: sums"):
        analyse(board, tested=["NumRet"])
