"""Submitted runs: cells like any other, marked on the board, kept there when the suite is run."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from clir_harness.harness.errors import MissingDataError, UnknownNameError, UsageError
from clir_harness.harness.execution.experiment import Experiment
from clir_harness.harness.record import CellState
from clir_harness.harness.runs.run import Run
from clir_harness.harness.store import Store
from clir_harness.harness.submission import SubmissionReport, submit
from clir_harness.leaderboards.leaderboard import Leaderboard
from clir_harness.leaderboards.reading import read_leaderboard
from clir_harness.leaderboards.render.formats import render

# RR by hand: q1 finds a relevant document first, q2 at rank 2, q3 is not answered: (1 + 1/2 + 0) / 3.
RUN = """\
q1 Q0 d1 1 3.0 theirs
q1 Q0 d2 2 2.0 theirs
q2 Q0 d3 1 5.0 theirs
q2 Q0 d2 2 4.0 theirs
"""


class Desk:
    """Submits texts as runs of the tiny suite."""

    def __init__(self, folder: Path, suite: Path, data: Path) -> None:
        self.folder, self.suite, self.data = folder, suite, data
        self.store = folder / "store"

    def submit(self, text: str = RUN, system: str = "Theirs", pair: str = "sw-en", **options) -> SubmissionReport:
        path = self.folder / options.pop("name", "their.run")
        path.write_text(text)
        options = {"suite": self.suite, "store": self.store, "data": self.data, **options}
        return submit(path, system=system, collection=f"tiny/{pair}", **options)

    def run(self, **narrowed) -> None:
        Experiment.from_suite(self.suite, self.store, data=self.data, **narrowed).run()

    def board(self) -> Leaderboard:
        return read_leaderboard(self.store, "tiny")

    def files(self) -> dict[str, bytes]:
        found = self.store.rglob("*")
        return {str(p): p.read_bytes() for p in found if p.is_file() and "staging" not in p.parts}

    def change_suite(self, old: str, new: str) -> None:
        self.suite.write_text(self.suite.read_text().replace(old, new))


@pytest.fixture
def desk(tmp_path: Path, tiny_suite: Path, tiny: Path) -> Desk:
    return Desk(tmp_path, tiny_suite, tiny)


def test_a_submitted_run_becomes_a_cell_with_scores_run_and_provenance(desk: Desk) -> None:
    report = desk.submit()
    assert (report.state, report.pair, report.suite) == ("kept", "sw-en", "tiny")
    assert report.means["RR"] == 0.5
    store = Store(desk.store, create=False)
    record = store.cell(report.key)
    assert record is not None
    assert record.means == dict(report.means)
    assert record.counts.plain() == {
        "judged_queries": 3,
        "unanswered_queries": 1,
        "unjudged_queries": 0,
        "retrieved": 4,
        "self_first": 0,
    }
    kept = record.submission
    assert (kept.file, kept.tag, kept.lines) == ("their.run", "theirs", 4)
    assert len(kept.sha256) == 64
    assert [warning["kind"] for warning in kept.warnings] == ["depth", "coverage"]
    scores = json.loads((store.cell_folder(report.key) / "scores.json").read_text())
    assert dict(zip(scores["queries"], scores["scores"]["RR"], strict=True)) == {"q1": 1.0, "q2": 0.5, "q3": 0.0}
    run = Run.read(store.cell_folder(report.key) / "run.trec.gz")
    assert (run.tag, run.ranking("q2")) == ("Theirs", [("d3", 5.0), ("d2", 4.0)])
    assert run.metadata["clir-harness"]["submission"]["file"] == "their.run"


def test_the_board_shows_the_row_with_a_mark(desk: Desk) -> None:
    desk.run(pairs=["sw-en"])
    desk.submit()
    board = desk.board()
    submitted = {row.label: row.submitted for row in board.rows}
    assert submitted == {"BM25": False, "BM25 human": False, "Theirs": True}
    markdown = render(board)
    assert "| Theirs † " in markdown
    assert "| BM25 † " not in markdown
    assert "†: submitted, the run of another tool." in markdown
    rows = {row["label"]: row for row in json.loads(render(board, "json"))["rows"]}
    assert {label: row["submitted"] for label, row in rows.items()} == submitted
    assert rows["Theirs"]["cells"][0]["means"]["RR"] == 0.5
    assert rows["Theirs"]["cells"][0]["provenance"]["submission"]["tag"] == "theirs"
    lines = csv.DictReader(io.StringIO(render(board, "csv")))
    assert {line["label"]: line["submitted"] == "yes" for line in lines if line["scope"] == "pair"} == submitted


def test_other_measures_are_computed_from_the_submitted_run(desk: Desk) -> None:
    desk.submit()
    (row,) = read_leaderboard(desk.store, "tiny", ["P@2"]).rows
    assert row.entries[0].means["P@2"] == pytest.approx((1 / 2 + 1 / 2 + 0) / 3)


def test_the_same_file_twice_changes_nothing(desk: Desk) -> None:
    first = desk.submit()
    before = desk.files()
    again = desk.submit(name="copy.run")
    assert (again.state, again.key) == ("unchanged", first.key)
    assert desk.files() == before


def test_another_run_of_the_same_system_and_collection_replaces_the_cell(desk: Desk) -> None:
    first = desk.submit()
    second = desk.submit(RUN.replace("d3 1 5.0", "d3 1 3.0"))
    assert second.key != first.key
    (row,) = desk.board().rows
    assert row.entries[0].means["RR"] == pytest.approx(2 / 3)
    back = desk.submit()
    assert (back.state, back.key) == ("kept", first.key)


def test_a_run_of_the_suite_keeps_submitted_rows(desk: Desk) -> None:
    desk.submit()
    desk.submit(pair="so-en")
    desk.run()
    desk.run(systems=["BM25"], pairs=["so-en"])
    board = desk.board()
    assert [row.label for row in board.rows] == ["BM25", "BM25 human", "Theirs"]
    (theirs,) = [row for row in board.rows if row.submitted]
    assert [entry.state for entry in theirs.entries] == [CellState.DONE, CellState.DONE]


@pytest.mark.parametrize(
    ("change", "aspect"),
    [("depth", "depth"), ("qrels", "judgements"), ("documents", "documents"), ("queries", "queries")],
)
def test_a_submission_for_a_suite_that_has_changed_is_shown_as_such_until_it_is_submitted_again(
    desk: Desk, change: str, aspect: str
) -> None:
    desk.submit()
    folder = desk.data / "tiny"
    if change == "depth":
        desk.change_suite("depth: 10", "depth: 5")
    else:
        name, old, new = {
            "qrels": ("qrels.sw.en.txt", "q2 0 d2 1", "q2 0 d3 1"),
            "documents": ("docs.en.jsonl", "Floods", "Flood"),
            "queries": ("queries.sw.en.tsv", "daraja", "madaraja"),
        }[change]
        text = (folder / name).read_text()
        (folder / name).write_text(text.replace(old, new))
    desk.run()
    (theirs,) = [row for row in desk.board().rows if row.submitted]
    assert theirs.entries[0].state is CellState.FAILED
    assert theirs.entries[0].reason == f"submitted for other {aspect} than the suite has now; submit the run again"
    desk.submit()
    (theirs,) = [row for row in desk.board().rows if row.submitted]
    assert theirs.entries[0].state is CellState.DONE


def test_a_submission_fits_again_when_the_suite_is_what_it_was(desk: Desk) -> None:
    desk.submit()
    desk.change_suite("depth: 10", "depth: 5")
    desk.run(systems=["BM25"])
    desk.change_suite("depth: 5", "depth: 10")
    desk.run(systems=["BM25"])
    (theirs,) = [row for row in desk.board().rows if row.submitted]
    assert theirs.entries[0].means["RR"] == 0.5


def test_a_run_with_errors_leaves_nothing(desk: Desk) -> None:
    report = desk.submit(RUN + "q1 Q0 d9 3 1.0 theirs\n")
    assert (report.state, report.means, report.key) == ("refused", {}, "")
    assert not desk.store.exists()


def test_a_dry_run_evaluates_and_leaves_nothing(desk: Desk) -> None:
    report = desk.submit(dry_run=True)
    assert (report.state, report.means["RR"], report.key) == ("checked", 0.5, "")
    assert not desk.store.exists()


@pytest.mark.parametrize("label", ["BM25", "bm25 HUMAN"])
def test_the_label_of_a_row_that_is_run_is_refused(desk: Desk, label: str) -> None:
    with pytest.raises(UsageError, match="is a row of the suite"):
        desk.submit(system=label)
    assert not desk.store.exists()


def test_a_row_of_the_suite_cannot_take_the_label_of_a_submitted_one(desk: Desk) -> None:
    desk.submit()
    desk.change_suite("label: BM25 human", "label: theirs")
    before = desk.files()
    with pytest.raises(UsageError, match="'Theirs' is a submitted row of the board"):
        desk.run()
    assert {path: text for path, text in desk.files().items() if "experiments" in path or "cells" in path} == {
        path: text for path, text in before.items() if "experiments" in path or "cells" in path
    }


@pytest.mark.parametrize("system", ["", "  ", "a\nb", "a\x1b[1m", "x" * 101])
def test_names_that_cannot_be_labels_are_refused(desk: Desk, system: str) -> None:
    with pytest.raises(UsageError, match="cannot name a system"):
        desk.submit(system=system)


def test_unknown_names_and_absent_data_are_told_apart(desk: Desk) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'tiny/sw-en'"):
        desk.submit(pair="sw-eng")
    with pytest.raises(MissingDataError, match=r"no data for tiny/ha-en: .*queries\.ha\.en\.tsv"):
        desk.submit(pair="ha-en")
    with pytest.raises(MissingDataError, match="no run file"):
        submit(desk.folder / "none.run", system="x", collection="tiny/sw-en", suite=desk.suite, data=desk.data)


def test_the_suite_is_found_when_it_is_clear_which(tmp_path: Path) -> None:
    (tmp_path / "a.run").write_text("t001 Q0 d0000000 1 1.0 t\n")
    call = {"system": "x", "store": tmp_path / "store"}
    assert submit(tmp_path / "a.run", collection="embedded/fr-en", **call).suite == "embedded"
    with pytest.raises(UsageError, match="no built-in suite has embedded/xx-en"):
        submit(tmp_path / "a.run", collection="embedded/xx-en", **call)
    with pytest.raises(UsageError, match=r"is in the suites afriqa, afriqa-trained"):
        submit(tmp_path / "a.run", collection="afriqa/sw-en", **call)
