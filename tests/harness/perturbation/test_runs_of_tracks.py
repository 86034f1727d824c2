import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from clir_harness import cli
from clir_harness.harness.errors import DataError
from clir_harness.harness.execution.experiment import Experiment
from clir_harness.harness.execution.plan import PlannedCell
from clir_harness.harness.record import CellRecord, CellState, TrackRecord
from clir_harness.leaderboards.reading import read_leaderboard
from clir_harness.leaderboards.render.formats import render

CLEAN = """\
name: mine
title: Mine
measures: [AP, RR]
depth: 50
rows:
  - {system: bm25, label: BM25 human, queries: human, settings: {backend: bm25s}}
collections:
  - {source: embedded}
"""
TRACKS = """\
tracks:
  - {noise: swap, rates: [0.1, 0.4]}
  - {noise: keyboard, rates: [0.3]}
  - {noise: diacritics, rates: [1]}
  - {code_switch: lexicon/en-so.tsv, rates: [0.5, 1.0], language: en}
"""
LEXICON = "the\tXXX\nof\tXXX\nbridge\tbuundo\nschool\tdugsi\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "lexicon").mkdir(parents=True)
    (folder / "lexicon" / "en-so.tsv").write_text(LEXICON)
    return folder


def experiment(tmp_path: Path, text: str, data: Path | None, **narrowed: Any) -> Experiment:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return Experiment.from_suite(path, tmp_path / "store", data=data, **{"pairs": ["sw-en", "so-en"], **narrowed})


def track(cell: PlannedCell) -> str:
    return cell.perturbation.label if cell.perturbation else ""


def record(run: Experiment, cell: PlannedCell) -> CellRecord:
    assert cell.task is not None
    found = run.store.cell(cell.task.key)
    assert found is not None
    return found


def test_every_row_and_pair_is_run_on_the_queries_as_they_are_and_on_every_track(tmp_path: Path, data: Path) -> None:
    run = experiment(tmp_path, CLEAN + TRACKS, data)
    report = run.run()
    cells = [cell for cell in report.plan.cells if str(cell.pair) == "so-en"]
    tracks = ["", "swap 0.1", "swap 0.4", "keyboard 0.3", "diacritics 1"]
    tracks += ["code_switch lexicon/en-so.tsv 0.5", "code_switch lexicon/en-so.tsv 1"]
    assert [track(cell) for cell in cells] == tracks
    assert [cell.state for cell in cells] == [CellState.DONE] * 4 + [CellState.NOT_APPLICABLE] + [CellState.DONE] * 2
    assert cells[4].reason == "no letter of these queries has a diacritic"
    assert (report.computed, report.reused) == (12, 0)
    again = experiment(tmp_path, CLEAN + TRACKS, data).run()
    assert (again.computed, again.reused) == (0, 12)


def test_tracks_use_the_index_of_the_queries_as_they_are(tmp_path: Path, data: Path) -> None:
    run = experiment(tmp_path, CLEAN + TRACKS, data)
    cells = [cell for cell in run.run().plan.cells if cell.state is CellState.DONE]
    assert [record(run, cell).index["reused"] for cell in cells] == [False] + [True] * 11
    assert len([path for path in (run.store.root / "artefacts" / "index").iterdir() if path.is_dir()]) == 1


def test_a_cell_of_a_track_says_what_was_done_to_its_queries_and_to_how_many(tmp_path: Path, data: Path) -> None:
    run = experiment(tmp_path, CLEAN + TRACKS.replace("[1]", "[0.9]"), data, pairs=["sw-en"])
    cells = {track(cell): record(run, cell) for cell in run.run().plan.cells if cell.state is CellState.DONE}
    tracks = {name: found.track for name, found in cells.items()}
    assert tracks[""] is None
    swap = tracks["swap 0.4"]
    assert swap == TrackRecord(kind="swap", rate=0.4, seed=0, queries_changed=swap.queries_changed)
    assert swap.queries_changed > tracks["swap 0.1"].queries_changed > 0
    half, whole = (tracks[f"code_switch lexicon/en-so.tsv {rate}"] for rate in ("0.5", "1"))
    assert (half.lexicon, half.language) == ("lexicon/en-so.tsv", "en")
    assert 0 < half.words_covered == whole.words_covered < 1
    assert whole.queries_changed > half.queries_changed > 0
    assert cells["swap 0.4"].means["AP"] < cells["swap 0.1"].means["AP"] < cells[""].means["AP"]


def test_the_run_of_a_track_says_so(tmp_path: Path) -> None:
    text = CLEAN + "tracks:\n  - {noise: drop, rates: [0.1]}\n"
    run = experiment(tmp_path, text, None, pairs=["sw-en"])
    clean, noisy = run.run().plan.cells
    for cell, kind in ((clean, None), (noisy, "drop")):
        assert cell.task is not None
        collection = run.store.run(cell.task.key).metadata["data"]["test collection"]
        assert collection.get("track", {}).get("kind") == kind


def test_cells_without_a_perturbation_keep_their_identity_when_tracks_are_added(tmp_path: Path, data: Path) -> None:
    before = experiment(tmp_path, CLEAN, None).run().plan.cells
    after = experiment(tmp_path, CLEAN + TRACKS, data).plan()
    clean = [cell for cell in after.cells if not cell.perturbation]
    assert [cell.task.key for cell in clean if cell.task] == [cell.task.key for cell in before if cell.task]
    assert {cell.state for cell in clean} == {CellState.DONE}
    assert all(set(cell.task.identity.queries.plain()) == {"variant", "digest"} for cell in clean if cell.task)
    keys = [cell.task.key for cell in after.cells if cell.task]
    assert len(keys) == len(set(keys))


def test_only_the_perturbation_tells_the_cells_of_a_row_and_pair_apart(tmp_path: Path, data: Path) -> None:
    cells = experiment(tmp_path, CLEAN + TRACKS, data, pairs=["sw-en"]).plan().cells
    identities = [cell.task.identity for cell in cells if cell.task]
    clean = [
        one.model_copy(update={"queries": one.queries.model_copy(update={"perturbation": None})}) for one in identities
    ]
    assert all(identity == clean[0] for identity in clean)


def test_adding_a_rate_runs_its_cells_only(tmp_path: Path, data: Path) -> None:
    experiment(tmp_path, CLEAN + TRACKS, data).run()
    plan = experiment(tmp_path, CLEAN + TRACKS.replace("[0.3]", "[0.2, 0.3]"), data).plan()
    assert {track(cell) for cell in plan.cells if cell.state is CellState.TO_DO} == {"keyboard 0.2"}


def test_another_lexicon_or_seed_runs_its_cells_again(tmp_path: Path, data: Path) -> None:
    experiment(tmp_path, CLEAN + TRACKS, data).run()
    (data / "lexicon" / "en-so.tsv").write_text(LEXICON.replace("buundo", "biriish"))
    plan = experiment(tmp_path, CLEAN + TRACKS, data).plan()
    assert {track(cell).split()[0] for cell in plan.cells if cell.state is CellState.TO_DO} == {"code_switch"}
    assert experiment(tmp_path, CLEAN + TRACKS + "seed: 1\n", data).plan().count(CellState.DONE) == 0


def test_the_board_is_of_the_queries_as_they_are_and_has_tracks_apart(tmp_path: Path, data: Path) -> None:
    clean = experiment(tmp_path, CLEAN, None)
    clean.run()
    before = json.loads(render(read_leaderboard(clean.store, "mine"), "json"))
    experiment(tmp_path, CLEAN + TRACKS, data).run()
    after = json.loads(render(read_leaderboard(clean.store, "mine"), "json"))
    assert before.pop("tracks") == []
    assert len(after.pop("tracks")) == 12
    assert after == before


def test_without_its_lexicon_a_track_is_missing_data_and_the_others_run(tmp_path: Path, data: Path) -> None:
    (data / "lexicon" / "en-so.tsv").unlink()
    report = experiment(tmp_path, CLEAN + TRACKS, data).run()
    missing = [cell for cell in report.plan.cells if cell.state is CellState.MISSING_DATA]
    assert {track(cell).split()[0] for cell in missing} == {"code_switch"}
    assert missing[0].reason == f"no lexicon {data / 'lexicon' / 'en-so.tsv'}; put it there, or leave out the track"
    assert report.plan.count(CellState.DONE) == 8
    without_data = experiment(tmp_path, CLEAN + TRACKS, None).plan()
    assert "pass --data DIR with DIR/lexicon/en-so.tsv" in without_data.cells[-1].reason


def test_a_malformed_lexicon_stops_everything_before_it_starts(tmp_path: Path, data: Path) -> None:
    (data / "lexicon" / "en-so.tsv").write_text("bridge\tbuundo\nschool\n")
    run = experiment(tmp_path, CLEAN + TRACKS, data)
    with pytest.raises(DataError, match=r"en-so\.tsv:2: expected 2 columns"):
        run.run()
    assert not (run.store.root / "cells").exists()


def test_a_lexicon_that_changes_while_cells_run_fails_them_with_the_remedy(tmp_path: Path, data: Path) -> None:
    run = experiment(tmp_path, CLEAN + TRACKS, data, pairs=["sw-en"])
    plan = run.plan()
    (data / "lexicon" / "en-so.tsv").write_text("bridge\tbiriish\n")
    report = run.run(plan=plan)
    assert {track(cell).split()[0] for cell in report.failed} == {"code_switch"}
    assert "has changed since this run was planned" in report.failed[0].reason
    assert run.run().failed == []


def test_code_switching_is_for_the_pairs_of_its_language(tmp_path: Path, data: Path) -> None:
    text = CLEAN.replace(", queries: human", "") + TRACKS
    plan = experiment(tmp_path, text, data).plan()
    refused = [cell for cell in plan.cells if track(cell).startswith("code_switch")]
    assert {cell.state for cell in refused} == {CellState.NOT_APPLICABLE}
    assert refused[-1].reason == "the queries are in Somali, the words of the lexicon in English"


@pytest.fixture
def clir(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(CLEAN + TRACKS)

    def call(*arguments: object) -> tuple[str, str]:
        monkeypatch.setattr(sys, "argv", ["clir", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert not end.value.code
        out, err = capsys.readouterr()
        return out, err

    return call


def test_the_command_line_shows_tracks(clir, data: Path) -> None:
    described, _ = clir("suites", "mine.yaml", "--data", data)
    assert re.search(r"^swap +0\.1, 0\.4 +all", described, re.MULTILINE)
    assert re.search(r"^code_switch lexicon/en-so\.tsv +0\.5, 1 +en +there", described, re.MULTILINE)
    absent, _ = clir("suites", "mine.yaml")
    assert "missing: no lexicon lexicon/en-so.tsv; pass --data DIR" in absent
    listed = json.loads(clir("suites", "mine.yaml", "--json")[0])
    assert listed["tracks"][0]["noise"] == "swap"
    assert listed["lexicons"][0]["missing"].startswith("missing: no lexicon")
    options = ["run", "--suite", "mine.yaml", "--data", data, "--pairs", "sw-en"]
    planned, _ = clir(*options, "--dry-run")
    assert re.search(r"embedded/sw-en +sw-en +keyboard 0\.3 +to do", planned)
    done = json.loads(clir(*options, "--json")[0])
    assert [cell["track"] for cell in done["cells"]][:2] == [None, "swap 0.1"]
    board, progress = clir(*options)
    measures, _, robustness = board.partition("## Robustness")
    assert "swap" not in measures
    assert re.search(r"^\| BM25 human +\| swap 0\.4 ", robustness, re.MULTILINE)
    assert "6 of the cells are of tracks" in progress


def test_progress_names_the_track_of_a_cell(clir, data: Path) -> None:
    _, progress = clir("run", "--suite", "mine.yaml", "--data", data, "--pairs", "sw-en")
    assert "BM25 human × embedded/sw-en × keyboard 0.3: done" in progress
