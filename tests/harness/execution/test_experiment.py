import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from clir_harness.harness.collections.base import Document
from clir_harness.harness.errors import CollectionError, MissingDataError, UnknownNameError, UsageError
from clir_harness.harness.execution.cell import Event
from clir_harness.harness.execution.experiment import Experiment
from clir_harness.harness.record import CellState
from clir_harness.harness.runs.run import Run
from clir_harness.harness.store import Store
from clir_harness.harness.system import RetrievalSystem, Searcher, register_system


def experiment(tiny_suite: Path, tiny: Path, store: Path, **narrowed: object) -> Experiment:
    return Experiment.from_suite(tiny_suite, store, data=tiny, **narrowed)  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def test_every_system_runs_over_every_pair_and_absent_pairs_are_listed(
    tiny_suite: Path, tiny: Path, store: Path
) -> None:
    report = experiment(tiny_suite, tiny, store).run()
    states = {(cell.row.label, str(cell.pair)): cell.state for cell in report.plan.cells}
    assert [states["BM25", pair] for pair in ("sw-en", "so-en", "ha-en")] == ["done", "done", "missing data"]
    assert (report.computed, report.reused, report.failed) == (4, 0, [])
    missing = next(cell for cell in report.plan.cells if cell.state is CellState.MISSING_DATA)
    assert "queries.ha.en.tsv" in missing.reason


def test_results_are_what_the_judgements_and_the_ranking_give_by_hand(
    tiny_suite: Path, tiny: Path, store: Path
) -> None:
    done = experiment(tiny_suite, tiny, store)
    report = done.run()
    human = next(cell for cell in report.plan.cells if cell.row.queries == "human" and str(cell.pair) == "sw-en")
    assert human.task is not None
    folder = done.store.cell_folder(human.task.key)
    # "bridge in Kisumu" finds d1 (three words) before 007 (two) before d2 ("in"); all judged relevant come first.
    assert [doc for doc, _ in Run.read(folder / "run.trec.gz").ranking("q1")] == ["d1", "007", "d2"]
    scores = json.loads((folder / "scores.json").read_text())
    assert scores["queries"] == ["q1", "q2", "q3"]
    assert scores["scores"]["AP"] == [1.0, 1.0, 1.0]


def test_a_finished_suite_computes_nothing_again(tiny_suite: Path, tiny: Path, store: Path) -> None:
    experiment(tiny_suite, tiny, store).run()
    events: list[Event] = []
    again = experiment(tiny_suite, tiny, store).run(events.append)
    assert (again.computed, again.reused) == (0, 4)
    assert events == []


def test_changing_one_system_runs_its_cells_only(tiny_suite: Path, tiny: Path, store: Path) -> None:
    experiment(tiny_suite, tiny, store).run()
    plan = experiment(tiny_suite, tiny, store, settings=["BM25 human.k1=1.2"]).plan()
    assert {cell.row.label for cell in plan.cells if cell.state is CellState.TO_DO} == {"BM25 human"}


@pytest.mark.parametrize("name", ["queries.sw.en.tsv", "qrels.sw.en.txt"])
def test_changing_one_pairs_files_runs_its_cells_only(tiny_suite: Path, tiny: Path, store: Path, name: str) -> None:
    experiment(tiny_suite, tiny, store).run()
    path = tiny / "tiny" / name
    path.write_text(path.read_text().replace("Kisumu", "Mombasa").replace("d3 1", "d3 2"))
    plan = experiment(tiny_suite, tiny, store).plan()
    assert {str(cell.pair) for cell in plan.cells if cell.state is CellState.TO_DO} == {"sw-en"}


def test_changing_a_document_runs_everything_over_it(tiny_suite: Path, tiny: Path, store: Path) -> None:
    experiment(tiny_suite, tiny, store).run()
    path = tiny / "tiny" / "docs.en.jsonl"
    path.write_text(path.read_text().replace("Floods", "Rains"))
    assert experiment(tiny_suite, tiny, store).plan().count(CellState.TO_DO) == 4


def test_pairs_over_the_same_documents_share_one_index(tiny_suite: Path, tiny: Path, store: Path) -> None:
    experiment(tiny_suite, tiny, store).run()
    assert len([p for p in (store / "artefacts" / "index").iterdir() if p.is_dir()]) == 1


def test_every_cell_has_its_costs_and_its_provenance(tiny_suite: Path, tiny: Path, store: Path) -> None:
    done = experiment(tiny_suite, tiny, store)
    for cell in done.run().plan.cells:
        if cell.task is None:
            continue
        record = done.store.cell(cell.task.key)
        assert record is not None
        assert record.index["analyser"] == "unicode"
        assert record.costs is not None
        assert all(value > 0 for value in record.costs.plain().values())
        assert {"latency_p50_ms", "latency_p95_ms", "queries_per_second", "index_bytes"} < set(record.costs.plain())
        run = Run.read(done.store.cell_folder(cell.task.key) / "run.trec.gz")
        assert run.metadata["clir-harness"]["cell"] == cell.task.key


def test_a_system_that_raises_fails_its_cells_and_the_others_finish(
    tiny_suite: Path, tiny: Path, store: Path, plugin: Path
) -> None:
    chosen = {"systems": ["raises", "constant"], "plugins": [plugin]}
    report = experiment(tiny_suite, tiny, store, **chosen).run()
    assert {cell.row.label for cell in report.failed} == {"raises"}
    assert "made of cheese" in report.failed[0].reason
    retried = experiment(tiny_suite, tiny, store, **chosen).plan()
    assert retried.count(CellState.TO_DO) == 2
    assert "failed before" in next(c.reason for c in retried.cells if c.state is CellState.TO_DO)


def test_a_system_whose_process_is_killed_fails_one_cell(
    tiny_suite: Path, tiny: Path, store: Path, plugin: Path
) -> None:
    report = experiment(tiny_suite, tiny, store, systems=["dies"], plugins=[plugin]).run()
    assert [str(cell.pair) for cell in report.failed] == ["so-en"]
    assert "SIGKILL" in report.failed[0].reason
    assert report.plan.count(CellState.DONE) == 1


def test_a_refused_pair_is_not_applicable(tiny_suite: Path, tiny: Path, store: Path, plugin: Path) -> None:
    plan = experiment(tiny_suite, tiny, store, systems=["latin-only"], plugins=[plugin]).plan()
    refused = [cell for cell in plan.cells if cell.state is CellState.NOT_APPLICABLE]
    assert [(str(cell.pair), cell.reason) for cell in refused] == [("so-en", "Somali is not supported")]


def test_a_constant_scorer_gets_the_score_of_canonical_order(
    tiny_suite: Path, tiny: Path, store: Path, plugin: Path
) -> None:
    done = experiment(tiny_suite, tiny, store, systems=["constant"], pairs=["sw-en"], plugins=[plugin])
    (cell,) = done.run().plan.cells
    assert cell.task is not None
    record = done.store.cell(cell.task.key)
    assert record is not None
    # All scores tie, so ids decide, descending: d3 d2 d1 007. Relevant: q1 d1 and 007, q2 d2, q3 d3.
    assert record.means["AP"] == pytest.approx(((1 / 3 + 2 / 4) / 2 + 1 / 2 + 1) / 3)
    assert record.tie_rate == 1.0


def test_a_system_registered_in_this_process_runs_without_a_worker(tiny_suite: Path, tiny: Path, store: Path) -> None:
    class FirstDocument(Searcher):
        def search(self, queries, depth):
            return [[("d1", 1.0)] for _ in queries]

    @register_system("first-document")
    class FirstDocumentSystem(RetrievalSystem):
        summary = "always d1"

        def index(self, documents, folder, context):
            assert all(isinstance(document, Document) for document in documents)

        def open(self, folder, context):
            return FirstDocument()

    report = experiment(tiny_suite, tiny, store, systems=["first-document"], pairs=["sw-en"]).run()
    assert report.plan.count(CellState.DONE) == 1


SLOW = """
import time
from pathlib import Path
from clir_harness.harness.system import RetrievalSystem, Searcher, register_system

class Slow(Searcher):
    def search(self, queries, depth):
        return [[("d1", 1.0)] for _ in queries]

@register_system("slow")
class SlowSystem(RetrievalSystem):
    summary = "waits for Somali"
    def index(self, documents, folder, context):
        list(documents)
    def open(self, folder, context):
        if context.pair.query == "so" and not Path("GO").exists():
            Path("WAITING").touch()
            time.sleep(600)
        return Slow()
"""


def test_killed_at_work_it_loses_the_cell_in_flight_and_goes_on_from_there(
    tiny_suite: Path, tiny: Path, store: Path, tmp_path: Path
) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    command = [sys.executable, "-m", "clir_harness.cli", "run", "--suite", str(tiny_suite), "--data", str(tiny)]
    command += ["--store", str(store), "--systems", "slow", "--plugin", "slow.py", "--json"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for _ in range(600):
        if (tmp_path / "WAITING").exists():
            break
        time.sleep(0.1)
    worker_gone = process.pid
    os.kill(worker_gone, signal.SIGKILL)
    process.communicate()
    assert [Store(store).cell(p.name).done for p in (store / "cells").iterdir()] == [True]  # type: ignore[union-attr]
    (tmp_path / "GO").touch()
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, text=True)
    result = json.loads(again.stdout)
    assert (result["computed"], result["reused"]) == (1, 1)


def test_collections_that_cannot_be_scored_stop_everything_before_it_starts(
    tiny_suite: Path, tiny: Path, store: Path
) -> None:
    (tiny / "tiny" / "qrels.so.en.txt").write_text("q9 0 d1 1\n")
    with pytest.raises(CollectionError, match="tiny/so-en"):
        experiment(tiny_suite, tiny, store).run()
    assert not (store / "cells").exists()


def test_without_any_data_the_error_says_what_is_missing_and_where_it_goes(
    tiny_suite: Path, tmp_path: Path, store: Path
) -> None:
    with pytest.raises(MissingDataError, match="tiny"):
        experiment(tiny_suite, tmp_path / "empty", store).plan()


@pytest.mark.parametrize(
    ("narrowed", "error", "message"),
    [
        ({"pairs": ["fr-en"]}, UnknownNameError, "fr-en"),
        ({"systems": ["bm52"]}, UnknownNameError, "bm25"),
        ({"settings": ["BM25.k1=high"]}, UsageError, "k1"),
        ({"settings": ["BM25.kk=1"]}, UnknownNameError, "k1"),
    ],
)
def test_wrong_names_and_values_are_refused_with_the_right_ones(
    tiny_suite: Path, tiny: Path, store: Path, narrowed: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        experiment(tiny_suite, tiny, store, **narrowed).plan()


def test_running_a_part_keeps_the_rest_of_the_board(tiny_suite: Path, tiny: Path, store: Path) -> None:
    experiment(tiny_suite, tiny, store).run()
    part = experiment(tiny_suite, tiny, store, systems=["BM25"], pairs=["sw-en"], settings=["BM25.k1=2"])
    part.run()
    board = part.store.board("tiny")
    assert board is not None
    assert [row.label for row in board.rows] == ["BM25", "BM25 human"]
    assert [cell.state for cell in board.cells].count(CellState.DONE) == 4


def test_a_system_that_finds_nothing_relevant_scores_zero_and_does_not_fail(
    tiny_suite: Path, tiny: Path, store: Path, plugin: Path
) -> None:
    (tiny / "tiny" / "qrels.sw.en.txt").write_text("q1 0 d3 1\nq2 0 d3 1\nq3 0 d3 1\n")
    (tiny / "tiny" / "docs.en.jsonl").write_text('{"id": "x1", "text": "x"}\n{"id": "d3", "text": "y"}\n')
    changed = tiny_suite.read_text().replace("depth: 10", "depth: 1")
    tiny_suite.write_text(changed)
    done = experiment(tiny_suite, tiny, store, systems=["constant"], pairs=["sw-en"], plugins=[plugin])
    (cell,) = done.run().plan.cells
    assert cell.state is CellState.DONE
    assert cell.task is not None
    assert done.store.cell(cell.task.key).means["AP"] == 0.0  # type: ignore[union-attr]
