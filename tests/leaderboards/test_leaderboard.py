"""Boards read from real stores: means, averages, states and refusals, against values worked out by hand."""

from __future__ import annotations

import json

import pytest

from clir_harness.harness.errors import StoreError, UnknownNameError, UsageError
from clir_harness.harness.execution.experiment import Experiment
from clir_harness.harness.languages import ResourceTier
from clir_harness.harness.record import CellState
from clir_harness.harness.store import Store
from clir_harness.leaderboards.entries import BoardRow, Entry
from clir_harness.leaderboards.leaderboard import Leaderboard
from clir_harness.leaderboards.reading import read_leaderboard
from clir_harness.leaderboards.render.formats import render

SCRIPTED = {"system": "scripted"}
HUMAN = {"system": "scripted", "label": "human", "queries": "human"}


def named(board: Leaderboard, label: str) -> BoardRow:
    return next(row for row in board.rows if row.label == label)


def cell(board: Leaderboard, label: str, pair: str) -> Entry:
    place = [str(column.pair) for column in board.columns].index(pair)
    return named(board, label).entries[place]


def test_a_mean_is_over_all_judged_queries_and_the_other_queries_are_counted(world):
    entry = cell(world.board(SCRIPTED), "scripted", "sw-en")
    assert dict(zip(entry.query_ids, entry.scores["RR"].tolist(), strict=True)) == {"q1": 1.0, "q2": 0.5, "q3": 0.0}
    assert entry.means == {"RR": 0.5, "P@1": pytest.approx(1 / 3)}
    assert (entry.judged, entry.unanswered, entry.unjudged) == (3, 1, 1)


def test_averages_are_means_over_pairs_and_over_the_pairs_of_a_tier(world):
    board = world.board(SCRIPTED)
    row = named(board, "scripted")
    assert [entry.means["RR"] for entry in row.entries] == pytest.approx([3 / 4, 1, 1 / 2, 1 / 3])
    assert board.macro(row, "RR") == pytest.approx((3 / 4 + 1 + 1 / 2 + 1 / 3) / 4)
    assert board.tier_mean(row, "RR", ResourceTier.HIGH) == pytest.approx(3 / 4)
    assert board.tier_mean(row, "RR", ResourceTier.MEDIUM) == 1
    assert board.tier_mean(row, "RR", ResourceTier.LOW) == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert board.gap(row, "RR") == pytest.approx(3 / 4 - 5 / 12)


def test_a_tier_without_a_pair_has_no_mean_and_leaves_no_gap(world):
    board = world.board(SCRIPTED, pairs=["sw-en", "tl-en"])
    averages = board.averages(named(board, "scripted"), "RR")
    assert averages == {"macro": pytest.approx(5 / 12), "high": None, "low": pytest.approx(5 / 12), "gap": None}


def test_a_failed_cell_has_a_reason_and_no_score_and_takes_its_averages_with_it(world, scripted):
    board = world.board(scripted("breaks", fails_on="tl"))
    entry = cell(board, "breaks", "tl-en")
    assert (entry.state, entry.means, entry.judged) == (CellState.FAILED, {}, None)
    assert entry.reason == "out of luck"
    averages = board.averages(named(board, "breaks"), "RR")
    assert averages == {"macro": None, "high": pytest.approx(3 / 4), "low": None, "gap": None}


def test_a_pair_that_a_system_does_not_take_is_not_applicable_and_makes_the_mean_missing(world, scripted):
    board = world.board(scripted("picky", refuses="fr"))
    entry = cell(board, "picky", "fr-en")
    assert (entry.state, entry.reason) == (CellState.NOT_APPLICABLE, "does not read fr")
    averages = board.averages(named(board, "picky"), "RR")
    assert averages["macro"] is averages["high"] is averages["gap"] is None
    assert averages["low"] == pytest.approx(5 / 12)


def test_a_pair_without_data_is_kept_apart_with_its_remedy_and_no_average_is_over_it(world):
    board = world.board(SCRIPTED, pairs=["fr-en", "yo-en", "sw-en"])
    assert [str(column.pair) for column in board.columns] == ["fr-en", "sw-en"]
    (absent,) = board.absent
    assert (str(absent.pair), absent.query_language, absent.documents) == ("yo-en", "Yoruba", None)
    assert "no queries.yo.en.tsv and no qrels.yo.en.txt" in absent.missing
    assert f"put them at {world.folder}" in absent.missing
    assert board.macro(named(board, "scripted"), "RR") == pytest.approx((3 / 4 + 1 / 2) / 2)


def test_cells_that_nobody_ran_are_not_run_and_pairs_without_data_stay_apart(world, scripted):
    pairs = ["fr-en", "sw-en", "yo-en"]
    world.run(world.suite(SCRIPTED, pairs=pairs))
    world.run(world.suite(SCRIPTED, scripted("late"), pairs=pairs), systems=["late"], pairs=["sw-en"])
    board = read_leaderboard(world.store, "mini")
    assert [entry.state for entry in named(board, "late").entries] == [CellState.NOT_RUN, CellState.DONE]
    assert board.macro(named(board, "late"), "RR") is None
    assert board.tier_mean(named(board, "late"), "RR", ResourceTier.LOW) == 0.5
    assert [str(column.pair) for column in board.absent] == ["yo-en"]


def test_cells_planned_but_not_finished_are_not_run(world):
    experiment = Experiment.from_suite(world.suite(SCRIPTED), world.store)
    plan = experiment.plan()
    experiment.run(plan=plan)
    key = next(cell.task.key for cell in plan.cells if cell.collection == "mini/sw-en")
    (Store(world.store).cell_folder(key) / "cell.json").unlink()  # as when the run was killed before it
    board = read_leaderboard(world.store, "mini")
    assert cell(board, "scripted", "sw-en") == Entry(CellState.NOT_RUN)
    assert board.macro(named(board, "scripted"), "RR") is None


def test_any_measure_is_computed_from_the_runs_when_it_was_not_kept(world):
    board = world.board(SCRIPTED, measures=["P@2", "Bpref", "RR"])
    assert board.measures == ("P@2", "Bpref", "RR")
    entry = cell(board, "scripted", "sw-en")
    assert entry.scores["P@2"].tolist() == [0.5, 0.5, 0.0]
    assert entry.scores["Bpref"].tolist() == [1.0, 1.0, 0.0]  # no judged non-relevant document is above a relevant one
    assert entry.scores["RR"].tolist() == [1.0, 0.5, 0.0]


def test_computed_scores_belong_to_the_queries_of_the_kept_ones_whatever_the_order_of_the_judgements(world, scripted):
    world.run(world.suite(SCRIPTED, pairs=["sw-en"]))
    world.write_qrels("sw-en", [("q3", "d2"), ("q2", "d3"), ("q1", "d1")])
    late = scripted("late", fails_on="de")
    board = world.board(SCRIPTED, late, pairs=["sw-en"], measures=["P@1", "P@2"])
    assert [row.entries[0].query_ids for row in board.rows] == [("q1", "q2", "q3"), ("q3", "q2", "q1")]
    for row in board.rows:
        entry = row.entries[0]
        kept, computed = (
            dict(zip(entry.query_ids, entry.scores[name].tolist(), strict=True)) for name in board.measures
        )
        assert kept == {"q1": 1, "q2": 0, "q3": 0}
        assert computed == {"q1": 0.5, "q2": 0.5, "q3": 0}


def test_rows_are_ranked_by_the_macro_average_and_those_without_one_come_last_in_suite_order(world, scripted):
    rows = [scripted("no tl", fails_on="tl"), SCRIPTED, scripted("no fr", refuses="fr"), HUMAN]
    board = world.board(*rows)
    assert [row.label for row in board.rows] == ["no tl", "scripted", "no fr", "human"]
    assert [row.label for row in board.ranked()] == ["human", "scripted", "no tl", "no fr"]


def test_an_average_of_zero_ranks_before_a_missing_one(world, scripted):
    board = world.board(scripted("breaks", fails_on="tl"), SCRIPTED, pairs=["tl-en"], measures=["P@1"])
    assert board.macro(named(board, "scripted"), "P@1") == 0
    assert [row.label for row in board.ranked()] == ["scripted", "breaks"]


def test_columns_are_called_by_their_pair_unless_two_collections_share_it(world):
    board = world.board(SCRIPTED, pairs=["sw-en"])
    assert [board.header(column) for column in board.columns] == ["sw→en"]
    specs = [
        {"source": "jsonl", "path": str(world.folder), "name": name, "pairs": pairs}
        for name, pairs in (("one", ["sw-en", "fr-en"]), ("two", ["sw-en"]))
    ]
    board = world.board(SCRIPTED, collections=specs)
    assert [board.header(column) for column in board.columns] == ["one/sw-en", "fr→en", "two/sw-en"]


def test_columns_know_counts_tier_licence_and_warnings(world):
    column = world.board(SCRIPTED, pairs=["sw-en"]).columns[0]
    assert (column.documents, column.queries, column.judged_queries, column.judgements) == (5, 4, 3, 3)
    assert (column.tier, column.licence, column.synthetic) == (ResourceTier.LOW, "CC0", False)
    assert any("no judgements" in warning and "q4" in warning for warning in column.warnings)


def test_entries_know_their_costs_and_the_command_that_repeats_them(world):
    board = world.board(SCRIPTED)
    row = named(board, "scripted")
    assert row.entries[2].command == "clir run --suite mini --systems scripted --pairs sw-en"
    seconds = sorted(entry.costs["latency_p50_ms"] for entry in row.entries)
    assert row.median_cost("latency_p50_ms") == pytest.approx((seconds[1] + seconds[2]) / 2)


def test_a_row_without_a_finished_cell_has_no_median_cost(world, scripted):
    board = world.board(scripted("breaks", fails_on="sw"), pairs=["sw-en"])
    assert board.rows[0].median_cost("index_seconds") is None


def test_cells_of_different_depth_are_refused_by_name(world):
    world.run(world.suite(SCRIPTED, HUMAN, pairs=["sw-en"]))
    world.run(world.suite(SCRIPTED, HUMAN, pairs=["sw-en"], depth=2), systems=["human"])
    with pytest.raises(StoreError) as caught:
        read_leaderboard(world.store, "mini")
    assert caught.value.message == (
        "the board of 'mini' would mix cells of different depth "
        "(depth 10: 'scripted' on mini/sw-en; depth 2: 'human' on mini/sw-en)"
    )
    assert "clir run --suite mini" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("what", "file", "text"),
    [
        ("judgements", "qrels.sw.en.txt", "q1 0 d2 1\n"),
        ("documents", "docs.en.jsonl", '{"id": "d6", "text": "new"}\n'),
    ],
)
def test_cells_of_different_versions_of_a_collection_are_refused_by_name(world, what, file, text):
    world.run(world.suite(SCRIPTED, HUMAN, pairs=["sw-en", "fr-en"]), pairs=["sw-en"])
    with (world.folder / file).open("a") as handle:
        handle.write(text)
    world.run(world.suite(SCRIPTED, HUMAN, pairs=["sw-en", "fr-en"]), systems=["human"])
    with pytest.raises(StoreError, match=rf"mix cells of different {what} .*'scripted' on mini/sw-en; .*'human' on"):
        read_leaderboard(world.store, "mini")


def test_cells_of_different_wordings_of_the_same_queries_are_refused(world, scripted):
    rows = [SCRIPTED, scripted("other", fails_on="de")]
    world.run(world.suite(*rows, pairs=["sw-en"]))
    queries = world.folder / "queries.sw.en.tsv"
    queries.write_text(queries.read_text().replace("hapana", "d2"))
    world.run(world.suite(*rows, pairs=["sw-en"]), systems=["other"])
    with pytest.raises(StoreError, match="mix cells of different queries"):
        read_leaderboard(world.store, "mini")


def test_a_full_run_mends_a_board_that_was_refused(world):
    world.run(world.suite(SCRIPTED, HUMAN))
    world.run(world.suite(SCRIPTED, HUMAN, depth=2), systems=["human"])
    board = world.board(SCRIPTED, HUMAN, depth=2)
    assert board.macro(named(board, "human"), "RR") == 1.0


def test_unknown_suites_measures_and_stores_are_explained(world, tmp_path):
    board = world.board(SCRIPTED, pairs=["sw-en"])
    with pytest.raises(UnknownNameError, match="did you mean 'mini'"):
        read_leaderboard(world.store, "minni")
    with pytest.raises(UnknownNameError, match=r"unknown suite in this store '\.\./store'"):
        read_leaderboard(world.store, "../store")
    with pytest.raises(UnknownNameError, match="nDCG@10"):
        read_leaderboard(world.store, "mini", ["ndgc@10"])
    with pytest.raises(UsageError, match="has a cutoff below 1"):
        read_leaderboard(world.store, "mini", ["P@0"])
    with pytest.raises(UnknownNameError, match="measure of this board"):
        board.macro(board.rows[0], "AP")
    with pytest.raises(StoreError, match="no results store"):
        read_leaderboard(tmp_path / "nowhere", "mini")
    Store(tmp_path / "empty")
    with pytest.raises(StoreError, match="holds no results"):
        read_leaderboard(tmp_path / "empty", "mini")


def rewrite_scores(world, label, change):
    """Change scores.json of a row's cells."""
    for entry in named(read_leaderboard(world.store, "mini"), label).entries:
        path = Store(world.store).cell_folder(entry.record.key) / "scores.json"
        kept = json.loads(path.read_text())
        change(kept)
        path.write_text(json.dumps(kept))


def test_scores_of_different_versions_of_a_measure_are_refused_by_name_and_can_be_mended(world):
    world.run(world.suite(SCRIPTED, HUMAN, pairs=["sw-en"]))
    rewrite_scores(world, "human", lambda kept: kept["versions"].update(RR="clir-harness measures 0"))
    with pytest.raises(StoreError) as caught:
        read_leaderboard(world.store, "mini")
    assert caught.value.message == (
        "the board of 'mini' would mix cells of different versions of RR (clir-harness measures 1: 'scripted' on "
        "mini/sw-en; clir-harness measures 0: 'human' on mini/sw-en)"
    )
    assert "delete cells/KEY/scores.json" in str(caught.value.hint)
    assert read_leaderboard(world.store, "mini", ["P@1"]).measures == ("P@1",)
    for path in (world.store / "cells").glob("*/scores.json"):
        path.unlink()
    board = read_leaderboard(world.store, "mini")
    assert cell(board, "scripted", "sw-en").means["RR"] == 0.5


def test_scores_without_a_version_are_not_mixed_with_those_that_have_one(world):
    world.run(world.suite(SCRIPTED, HUMAN, pairs=["sw-en"]))
    rewrite_scores(world, "human", lambda kept: kept.pop("versions"))
    with pytest.raises(StoreError, match="an unknown version: 'human' on mini/sw-en"):
        read_leaderboard(world.store, "mini")


TRACKS = [{"noise": "drop", "rates": [0.5, 1.0]}]


def test_tracks_are_read_apart_with_what_they_cost(world):
    board = world.board(SCRIPTED, tracks=TRACKS, pairs=["sw-en"])
    assert [(part.row, part.collection, part.label) for part in board.tracks] == [
        ("scripted", "mini/sw-en", "drop 0.5"),
        ("scripted", "mini/sw-en", "drop 1"),
    ]
    assert cell(board, "scripted", "sw-en").means["RR"] == 0.5, "the board is of the queries as they are"
    drop = board.drop(board.tracks[1], "RR")
    assert (drop.clean, drop.absolute) == (0.5, 0.5 - drop.perturbed)
    assert drop.relative == pytest.approx(drop.absolute / 0.5)


def test_a_drop_from_nothing_has_no_share_and_a_cell_without_a_result_no_drop(world, scripted):
    board = world.board(SCRIPTED, scripted("breaks", fails_on="sw"), tracks=TRACKS, pairs=["sw-en", "tl-en"])
    parts = {(part.row, str(board.column(part.collection).pair), part.label): part for part in board.tracks}
    assert board.drop(parts["breaks", "sw-en", "drop 1"], "RR") is None
    assert board.drop(parts["scripted", "tl-en", "drop 1"], "P@1").relative is None, "the clean mean is 0"


def test_a_part_of_a_suite_run_again_keeps_the_other_tracks(world):
    suite = world.suite(SCRIPTED, HUMAN, tracks=TRACKS, pairs=["sw-en", "tl-en"])
    world.run(suite)
    world.run(suite, systems=["human"], pairs=["sw-en"])
    assert len(read_leaderboard(world.store, "mini").tracks) == 8
    world.run(world.suite(SCRIPTED, HUMAN, pairs=["sw-en", "tl-en"]))
    assert read_leaderboard(world.store, "mini").tracks == ()


def test_tracks_of_different_seeds_are_refused_by_name(world):
    rows = SCRIPTED, HUMAN
    world.run(world.suite(*rows, tracks=TRACKS, pairs=["sw-en"]))
    world.run(world.suite(*rows, tracks=TRACKS, pairs=["sw-en"], seed=1), systems=["human"])
    with pytest.raises(StoreError, match=r"mix cells of different perturbations .*'scripted' on mini/sw-en with drop"):
        read_leaderboard(world.store, "mini")


def test_a_board_of_one_collection_is_the_board_narrowed(world):
    board = world.board(SCRIPTED, HUMAN, tracks=TRACKS)
    only = board.only("sw-en")
    assert [column.id for column in only.columns] == ["mini/sw-en"]
    assert only.macro(only.row("scripted"), "RR") == 0.5
    assert {part.collection for part in only.tracks} == {"mini/sw-en"}
    assert board.only("mini/tl-en").columns == (board.column("tl→en"),)
    with pytest.raises(UnknownNameError, match="unknown language pair of this board 'xx'"):
        board.only("xx")


def test_a_pair_that_two_collections_have_must_be_named_by_its_id(world):
    specs = [
        {"source": "jsonl", "path": str(world.folder), "name": name, "pairs": ["sw-en"]} for name in ("one", "two")
    ]
    with pytest.raises(UsageError, match="several collections of this board are sw-en: one/sw-en, two/sw-en"):
        world.board(SCRIPTED, collections=specs).only("sw-en")


def test_a_store_of_before_records_had_a_format_shows_the_same_board(world, scripted):
    board = world.board(SCRIPTED, scripted("breaks", fails_on="tl"))
    text = render(board, "json", per_query=True)
    for path in (*(world.store / "cells").glob("*/cell.json"), world.store / "experiments" / "mini.json"):
        value = json.loads(path.read_text("utf-8"))
        assert value.pop("format") == 1
        path.write_text(json.dumps({"track": None, **value} if path.name == "cell.json" else value), "utf-8")
    assert render(read_leaderboard(world.store, "mini"), "json", per_query=True) == text
