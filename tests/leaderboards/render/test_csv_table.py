"""CSV boards, read back with the csv module."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clir_harness.leaderboards.analysis import analyse
from clir_harness.leaderboards.leaderboard import Leaderboard
from clir_harness.leaderboards.published import PublishedFigure
from clir_harness.leaderboards.render.csv_table import render_csv
from clir_harness.leaderboards.render.formats import render
from clir_harness.leaderboards.render.plain import spreadsheet_text

SCRIPTED = {"system": "scripted"}


def lines(board: Leaderboard) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render(board, "csv")), strict=True))


def test_there_is_a_line_for_every_row_collection_and_measure_and_for_every_average(world, scripted):
    board = world.board(SCRIPTED, scripted("picky", refuses="sw"), pairs=["fr-en", "sw-en", "yo-en"])
    found = [(line["label"], line["measure"], line["scope"], line["collection"]) for line in lines(board)]
    places = [("pair", "mini/fr-en"), ("pair", "mini/sw-en"), ("pair", "mini/yo-en")]
    places += [(average, "") for average in ("macro", "high", "low", "gap")]
    assert found == [
        (label, measure, *place) for label in ("scripted", "picky") for measure in ("RR", "P@1") for place in places
    ]


def test_values_are_exact_and_counts_and_costs_stand_beside_them(world):
    board = world.board(SCRIPTED)
    by_place = {(line["measure"], line["collection"] or line["scope"]): line for line in lines(board)}
    line = by_place["P@1", "mini/sw-en"]
    assert float(line["mean"]) == 1 / 3
    assert (line["judged"], line["unanswered"], line["unjudged"]) == ("3", "1", "1")
    assert (line["pair"], line["tier"], line["licence"], line["synthetic"]) == ("sw-en", "low", "CC0", "no")
    assert float(line["queries_per_second"]) == board.rows[0].entries[2].costs["queries_per_second"]
    assert line["command"] == "clir run --suite mini --systems scripted --pairs sw-en"
    assert float(by_place["RR", "macro"]["mean"]) == board.macro(board.rows[0], "RR")
    assert float(by_place["RR", "gap"]["mean"]) == pytest.approx(1 / 3)


def test_cells_without_a_result_have_a_state_a_reason_and_an_empty_mean(world, scripted):
    board = world.board(
        scripted("breaks", fails_on="sw", failure="no\nluck, really"), pairs=["sw-en", "yo-en", "fr-en"]
    )
    failed, absent, *_ = (line for line in lines(board) if line["scope"] == "pair" and line["state"] != "done")
    assert (failed["mean"], failed["state"], failed["reason"]) == ("", "failed", "no luck, really")
    assert (failed["judged"], failed["index_seconds"]) == ("", "")
    assert (absent["mean"], absent["state"], absent["pair"]) == ("", "missing data", "yo-en")
    assert [line["mean"] for line in lines(board) if line["scope"] == "macro"] == ["", ""]


@pytest.mark.parametrize("label", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "＝1"])
def test_text_that_a_spreadsheet_would_compute_is_inert(world, scripted, label):
    board = world.board(scripted(label, fails_on="fr", failure=f"\t {label}"), pairs=["fr-en", "sw-en"])
    assert {line["label"] for line in lines(board)} == {f"'{label}"}
    assert next(line["reason"] for line in lines(board) if line["state"] == "failed") == f"'{label}"


def test_a_negative_gap_stays_a_number(world):
    world.write_qrels("fr-en", [("q1", "d1"), ("q1", "d5"), ("q2", "d4")])
    board = world.board({**SCRIPTED, "queries": "human"}, pairs=["fr-en", "sw-en"], measures=["P@1"])
    gaps = [line["mean"] for line in lines(board) if line["scope"] == "gap"]
    assert gaps == ["-0.5"]


def test_intervals_ranks_and_comparisons_stand_in_columns(world):
    board = world.board(SCRIPTED, {**SCRIPTED, "label": "human", "queries": "human"}, pairs=["sw-en"])
    text = render_csv(analyse(board, baseline="human"))
    found = {(line["label"], line["measure"], line["scope"]): line for line in csv.DictReader(io.StringIO(text))}
    line = found["scripted", "RR", "pair"]
    assert (line["low"], line["high"]) == ("0.0", "1.0")
    assert [line[f"best_{name}"] for name in ("difference", "permutation_p", "wins", "ties", "losses")] == [
        *("-0.5", "0.5", "0", "1", "2")
    ]
    assert line["baseline_difference"] == "-0.5"
    macro = found["scripted", "RR", "macro"]
    assert [macro[name] for name in ("rank", "borda_count", "borda_rank", "win_count", "win_rank")] == [
        *("2", "0.0", "2", "0", "2")
    ]
    assert found["scripted", "P@1", "pair"]["best_difference"] == "", "only the first measure is tested"


def test_tracks_and_published_figures_have_lines_of_their_own(world):
    board = world.board(SCRIPTED, tracks=[{"noise": "drop", "rates": [1.0]}], pairs=["sw-en"])
    figure = PublishedFigure(
        system="=cmd()", collection="Mini", matches="*", pairs=("sw-en",), measure="RR", value=0.5, source="@x"
    )
    found = [*csv.DictReader(io.StringIO(render_csv(analyse(board), [figure])))]
    track = next(line for line in found if line["scope"] == "track")
    assert (track["track"], track["collection"], track["state"]) == ("drop 1", "mini/sw-en", "done")
    assert float(track["drop"]) == 0.5 - float(track["mean"])
    assert (found[-1]["scope"], found[-1]["label"], found[-1]["source"]) == ("reported", "'=cmd()", "'@x")


@given(st.text())
def test_any_text_is_one_cell_that_no_spreadsheet_computes(text):
    shown = spreadsheet_text(text)
    assert not shown.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert "\n" not in shown
