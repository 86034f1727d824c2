"""Sides read from real stores, from JSON documents and from run files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clir_harness.harness.errors import ClirError, DataError, MissingDataError, StoreError, UnknownNameError, UsageError
from clir_harness.harness.store import Store
from clir_harness.leaderboards.baseline import freeze_baseline
from clir_harness.leaderboards.compare.compare import compare_sides
from clir_harness.leaderboards.compare.inputs import Selection, read_sides
from clir_harness.leaderboards.compare.results import Verdict
from clir_harness.leaderboards.compare.rules import Rules
from clir_harness.leaderboards.reading import read_leaderboard
from clir_harness.leaderboards.schema import SCHEMA_VERSION, read_board

RULES = Rules()


def compared(base: Path, current: Path, **selection):
    return compare_sides(*read_sides(base, current, Selection(**selection)), RULES)


def differences(comparison) -> dict[str, float]:
    return {cell.collection: cell.measures[0].difference for cell in comparison.cells}


def frozen(store: Path, name: str = "baseline.json") -> Path:
    path = store.parent / name
    freeze_baseline(path, Store(store, create=False))
    return path


@pytest.fixture
def stores(store_of):
    """A store, and one whose system gives only one document a query."""
    return store_of("before"), store_of("after", most=1)


EXPECTED = {"mini/tl-en": -1 / 3, "mini/fr-en": -1 / 4, "mini/sw-en": -1 / 6, "mini/uk-en": 0}


def test_stores_and_documents_give_the_same_differences_and_tests(stores):
    before, after = stores
    sides = [(before, after), (frozen(before), after), (before, frozen(after, "after.json"))]
    sides.append((frozen(before), frozen(after, "after.json")))
    found = [compared(*both) for both in sides]
    for comparison in found:
        assert differences(comparison) == pytest.approx(EXPECTED)
        assert [cell.collection for cell in comparison.cells] == [*EXPECTED], "largest losses first"
        # 31/48 before; (1/2 + 1 + 1/3 + 0) / 4 after. Three queries differ, all for the worse: 2 of 8 patterns.
        (average,) = comparison.averages
        assert average.measures[0].difference == pytest.approx(22 / 48 - 31 / 48)
        assert average.measures[0].paired.p == 0.25
        assert comparison.tests == 4
    assert len({repr([cell.measures[0].paired for cell in comparison.cells]) for comparison in found}) == 1


def test_documents_without_scores_of_queries_are_judged_by_tolerance(stores):
    from clir_harness.leaderboards.analysis import analyse
    from clir_harness.leaderboards.render.document import make_document

    before, after = stores
    path = before.parent / "short.json"
    board = read_leaderboard(before, "mini")
    path.write_text(make_document(analyse(board, resampling=False)).to_json(), encoding="utf-8")
    comparison = compared(path, after)
    assert differences(comparison) == pytest.approx(EXPECTED)
    assert comparison.tests == 0


def test_any_measure_of_the_store_can_be_compared_and_only_those_of_a_document(stores):
    before, after = stores
    comparison = compared(before, after, measures=["R@1", "P@1"])
    assert comparison.measures == ("R@1", "P@1")
    with pytest.raises(UnknownNameError, match=r"measure of .*baseline\.json 'R@1'"):
        compared(frozen(before), after, measures=["R@1"])


def test_other_judgements_are_not_compared_and_named(store_of, world):
    before = store_of("before")
    world.write_qrels("sw-en", [("q1", "d1"), ("q2", "d3"), ("q3", "d1")])
    after = store_of("after")
    for base in (before, frozen(before)):
        found = compared(base, after)
        (cell,) = (cell for cell in found.cells if cell.verdict is Verdict.NOT_COMPARABLE)
        assert cell.collection == "mini/sw-en"
        assert cell.reasons[0].startswith("other judgements: ")
        assert found.averages[0].verdict is Verdict.UNCHANGED


def test_other_depths_and_versions_of_measures_are_not_compared(store_of):
    before, deeper = store_of("before"), store_of("deeper", depth=20)
    found = compared(before, deeper)
    assert {cell.reasons for cell in found.cells} == {("other depth: 10 and 20",)}
    path = frozen(before)
    path.write_text(path.read_text().replace("clir-harness measures 1", "clir-harness measures 0"))
    found = compared(path, before)
    said = "other versions of RR: clir-harness measures 0 and clir-harness measures 1"
    assert {cell.reasons for cell in found.cells} == {(said,)}


def test_failed_cells_are_missing_with_their_reason(store_of):
    found = compared(store_of("before"), store_of("after", fails_on="sw"))
    (cell,) = (cell for cell in found.cells if cell.verdict is Verdict.MISSING)
    assert cell.collection == "mini/sw-en"
    assert cell.reasons == ("failed: out of luck",)


def test_tracks_are_cells_of_their_own(store_of):
    tracks = [{"noise": "drop", "rates": [0.5]}]
    before, after = store_of("before", tracks=tracks), store_of("after", most=1, tracks=tracks)
    found = compared(before, after)
    assert [cell.track for cell in found.cells].count("drop 0.5") == 4
    clean = next(cell for cell in found.averages)
    assert clean.measures[0].difference == pytest.approx(22 / 48 - 31 / 48), "no average is over tracks"
    from_document = compared(frozen(before), after)
    assert len(from_document.cells) == 8
    assert sum(bool(cell.track and cell.measures[0].paired) for cell in from_document.cells) == 0


def test_one_row_and_one_collection_can_be_chosen(stores):
    found = compared(*stores, row="system", collection="mini/sw-en")
    assert [(cell.row, cell.collection) for cell in found.cells] == [("system", "mini/sw-en")]
    for selection in ({"row": "sistem"}, {"collection": "mini/swen"}):
        with pytest.raises(UnknownNameError, match="did you mean"):
            compared(*stores, **selection)


# -- runs ----------------------------------------------------------------------------------------------------------

RUN = "q1 Q0 d1 1 3 tag\nq1 Q0 d2 2 2 tag\nq2 Q0 d2 1 3 tag\nq2 Q0 d3 2 2 tag\n"  # RR 1, 1/2, 0
BETTER = "q1 Q0 d1 1 3 tag\nq2 Q0 d3 1 3 tag\n"  # RR 1, 1, 0


@pytest.fixture
def suite(world, tmp_path: Path) -> str:
    path = tmp_path / "mini.yaml"
    path.write_text(json.dumps(world.suite({"system": "limited", "label": "system"}).model_dump(exclude_defaults=True)))
    return str(path)


def run_file(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_two_runs_are_compared_on_the_collection_they_are_of(suite, tmp_path):
    runs = run_file(tmp_path, "old.run", RUN), run_file(tmp_path, "new.run", BETTER)
    found = compared(*runs, suite=suite, collection="mini/sw-en")
    (cell,) = found.cells
    assert (cell.row, cell.collection, cell.verdict) == ("new.run", "mini/sw-en", Verdict.IMPROVED)
    assert cell.measures[0].difference == pytest.approx(1 / 6)
    assert (cell.measures[0].paired.wins, cell.measures[0].paired.ties) == (1, 2)


def test_a_run_is_compared_with_a_row_of_a_board(suite, stores, tmp_path):
    before, _ = stores
    run = run_file(tmp_path, "new.run", BETTER)
    for board in (before, frozen(before)):
        found = compared(board, run, suite=suite, collection="mini/sw-en", row="system")
        (cell,) = found.cells
        assert cell.verdict is Verdict.IMPROVED
        assert cell.measures[0].difference == pytest.approx(1 / 6)
        (cell,) = compared(run, board, suite=suite, collection="mini/sw-en", row="system").cells
        assert cell.verdict is Verdict.REGRESSED


def test_errors_of_a_run_are_told_with_their_line(suite, tmp_path):
    run = run_file(tmp_path, "bad.run", RUN + "q1 Q0 d9 3 1 tag\n")
    with pytest.raises(DataError, match=r"bad\.run:5: .*d9"):
        compared(run, run, suite=suite, collection="mini/sw-en")


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ({}, "--collection"),
        ({"collection": "mini/sw-en"}, "--suite"),
        ({"collection": "mini/swen", "suite": "SUITE"}, "unknown collection of this suite 'mini/swen'"),
    ],
)
def test_what_runs_need_is_asked_for(suite, tmp_path, selection, message):
    run = run_file(tmp_path, "one.run", RUN)
    chosen = {name: suite if value == "SUITE" else value for name, value in selection.items()}
    with pytest.raises(ClirError) as error:
        compared(run, run, **chosen)
    assert message in str(error.value)


def test_a_run_needs_the_row_it_is_compared_with(stores, tmp_path):
    run = run_file(tmp_path, "one.run", RUN)
    with pytest.raises(UsageError) as error:
        compared(stores[0], run, collection="mini/sw-en")
    assert "--row" in str(error.value)


# -- what cannot be read -------------------------------------------------------------------------------------------


def test_a_newer_schema_is_refused_with_both_versions(stores):
    path = frozen(stores[0])
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": 99}))
    with pytest.raises(DataError, match=f"has version 99 of the schema, this program reads version {SCHEMA_VERSION}"):
        compared(path, stores[1])


def test_damaged_documents_are_named_with_the_cell(stores):
    path = frozen(stores[0])
    value = json.loads(path.read_text())
    value["rows"][0]["cells"][2]["scores"]["RR"].pop()
    path.write_text(json.dumps(value))
    with pytest.raises(DataError, match="'system' on mini/sw-en: 2 scores of RR for 3 queries"):
        compared(path, stores[1])
    value["rows"][0]["cells"][2]["scores"]["RR"].append(float("inf"))
    path.write_text(json.dumps(value))
    with pytest.raises(DataError, match="'system' on mini/sw-en: a score of RR is not a finite number"):
        compared(path, stores[1])
    value["rows"][0]["cells"][0]["means"] = {"RR": float("nan")}
    path.write_text(json.dumps(value))
    with pytest.raises(DataError, match="'system' on mini/fr-en: no mean of RR"):
        compared(path, stores[1])


def test_boards_that_mix_versions_of_measures_are_refused_with_the_cells(stores):
    before, after = stores
    path = sorted((after / "cells").glob("*/scores.json"))[0]
    kept = json.loads(path.read_text())
    path.write_text(json.dumps({**kept, "versions": {"RR": "another 9", "P@1": "another 9"}}))
    with pytest.raises(StoreError, match=r"versions of RR .*another 9: 'system' on mini/"):
        compared(before, after)


def test_places_without_results_are_told(stores, tmp_path):
    with pytest.raises(MissingDataError, match="there is no"):
        compared(tmp_path / "nowhere", stores[0])
    (tmp_path / "empty").mkdir()
    with pytest.raises(StoreError, match="no results store"):
        compared(tmp_path / "empty", stores[0])
    Store(tmp_path / "fresh")
    with pytest.raises(StoreError, match="holds no results"):
        compared(tmp_path / "fresh", stores[0])
    with pytest.raises(UnknownNameError, match=r"suite in .*before 'mimi'"):
        compared(*stores, suite="mimi")


# -- baselines -----------------------------------------------------------------------------------------------------


def test_a_baseline_is_a_board_with_scores_of_queries_and_the_same_every_time(stores):
    path = frozen(stores[0])
    board = read_board(path)
    assert board.rows[0].cells[0].scores["RR"] == (1.0, 0.5)
    assert board.tests == {}
    text = path.read_bytes()
    frozen(stores[0])
    assert path.read_bytes() == text
    assert [found.name for found in path.parent.iterdir() if found.name.startswith(".")] == []


def test_a_board_with_cells_that_lack_a_result_is_no_baseline_unless_asked_for(store_of, tmp_path):
    store = store_of("store", fails_on="sw")
    with pytest.raises(UsageError, match="'system' on mini/sw-en: failed"):
        frozen(store)
    assert not (tmp_path / "baseline.json").exists()
    freeze_baseline(tmp_path / "part.json", Store(store), partial=True)
    assert read_board(tmp_path / "part.json").rows[0].cells[2].reason == "out of luck"


def test_baselines_are_refused_where_they_could_not_be_read(stores, tmp_path):
    store = Store(stores[0])
    with pytest.raises(UsageError, match=r"\.gz would be compressed"):
        freeze_baseline(tmp_path / "x.json.gz", store)
    with pytest.raises(DataError, match="cannot be written"):
        freeze_baseline(tmp_path / "nowhere" / "x.json", store)
    with pytest.raises(StoreError, match="holds no results"):
        freeze_baseline(tmp_path / "x.json", Store(tmp_path / "fresh"))
