"""A cell carried out: what is told on the way, which queries are asked when, and what a failure leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clir_harness.harness.errors import StoreError
from clir_harness.harness.execution.cell import CellTask, Event, carry_out
from clir_harness.harness.execution.experiment import Experiment
from clir_harness.harness.execution.plan import Plan
from clir_harness.harness.runs.run import Run
from clir_harness.harness.store import Store

PLUGIN = """
import json
from pathlib import Path

from clir_harness.harness.errors import UsageError
from clir_harness.harness.system import RetrievalSystem, Searcher, SystemConfig, register_system

class Config(SystemConfig):
    answer: str = "[[('d1', 2.0), ('d2', 1.0)] for _ in queries]"
    batch: int = 1
    log: str = "/dev/null"

class Scripted(Searcher):
    def __init__(self, config):
        self.config = config
    def search(self, queries, depth):
        with open(self.config.log, "a") as log:
            log.write(json.dumps([query.id for query in queries]) + "\\\\n")
        return eval(self.config.answer, {**globals(), "queries": queries, "depth": depth})
    def describe(self):
        return {"asked": "kindly"}

def fail(error):
    raise error

@register_system("scripted-cell")
class ScriptedSystem(RetrievalSystem):
    summary = "answers as its settings say"
    Config = Config
    @property
    def batch_size(self):
        return self.config.batch
    def index(self, documents, folder, context):
        (folder / "ids").write_text(" ".join(document.id for document in documents))
    def open(self, folder, context):
        return Scripted(self.config)
"""


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plugin") / "scripted_cell.py"
    path.write_text(PLUGIN.replace("\\\\n", "\\n"))
    return path


class Cell:
    """A cell of the scripted system over the hand-written collection, planned and carried out in this process."""

    def __init__(self, folder: Path, data: Path, plugin: Path) -> None:
        self.folder, self.data, self.plugin = folder, data, plugin
        self.store = Store(folder / "store")
        self.log = folder / "log"
        self.events: list[Event] = []

    def plan(self, depth: int = 10, **settings: object) -> Plan:
        suite = {
            "name": "tiny",
            "title": "Tiny",
            "measures": ["AP"],
            "depth": depth,
            "rows": [{"system": "scripted-cell", "label": "As it says", "settings": settings}],
            "collections": [{"source": "jsonl", "path": "tiny", "pairs": ["sw-en"]}],
        }
        path = self.folder / "suite.yaml"
        path.write_text(json.dumps(suite))
        return Experiment.from_suite(path, self.store.root, data=self.data, plugins=[self.plugin]).plan()

    def task(self, **settings: object) -> CellTask:
        (cell,) = self.plan(**settings).cells  # type: ignore[arg-type]
        assert cell.task is not None
        return cell.task

    def carry_out(self, **settings: object) -> str:
        """Carry it out; how it ended."""
        self.carried = self.task(**settings)
        carry_out(self.carried, self.store, self.events.append)
        return self.events[-1].reason or self.events[-1].status

    def run(self) -> Run:
        return self.store.run(self.carried.key)


@pytest.fixture
def cell(tmp_path: Path, tiny: Path, scripted: Path) -> Cell:
    return Cell(tmp_path, tiny, scripted)


def test_what_is_told_of_a_cell_begins_and_ends_with_it(cell: Cell) -> None:
    assert cell.carry_out(batch=2) == "done"
    assert [(event.kind, event.phase, event.done, event.total) for event in cell.events] == [
        ("started", "", 0, None),
        ("advanced", "indexing", 4, 4),
        ("advanced", "searching", 2, 3),
        ("advanced", "searching", 3, 3),
        ("ended", "", 0, None),
    ]
    assert {event.key for event in cell.events} == {cell.carried.key}
    assert cell.events[0].name == "As it says × tiny/sw-en"


def test_an_index_that_is_there_is_not_built_again(cell: Cell) -> None:
    cell.carry_out()
    cell.events.clear()
    cell.carry_out(depth=5)
    assert "indexing" not in {event.phase for event in cell.events}


@pytest.mark.parametrize(
    ("batch", "asked"),
    [
        (1, [["q1"], ["q1"], ["q2"], ["q3"]]),
        (2, [["q1"], ["q1", "q2"], ["q3"], ["q1"], ["q2"], ["q3"]]),
    ],
)
def test_one_query_warms_up_all_are_asked_in_batches_and_latency_is_of_one_at_a_time(
    batch: int, asked: list[list[str]], cell: Cell
) -> None:
    cell.carry_out(batch=batch, log=str(cell.log))
    assert [json.loads(line) for line in cell.log.read_text().splitlines()] == asked


def test_the_run_names_its_row_and_search_details(cell: Cell) -> None:
    cell.carry_out()
    run = cell.run()
    assert run.tag == "As_it_says"
    assert run.ranking("q2") == [("d1", 2.0), ("d2", 1.0)]
    assert "kindly" in str(run.metadata)
    assert cell.carried.key in str(run.metadata)


def test_a_task_comes_through_json_as_it_was(cell: Cell) -> None:
    task = cell.task()
    assert CellTask.model_validate_json(task.model_dump_json()) == task


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("[]", "the system returned 0 rankings for 1 queries"),
        ("[[]] * (len(queries) + 1)", "the system returned 2 rankings for 1 queries"),
        (
            "[[(f'd{n}', 1.0) for n in range(depth + 1)] for _ in queries]",
            "the system returned 11 documents for query 'q1'",
        ),
        ("[[('d1', 1.0), ('d1', 1.0)] for _ in queries]", "document 'd1' is ranked twice for query 'q1'"),
        ("[[('d1', float('nan'))] for _ in queries]", "score nan of document 'd1' for query 'q1' is not finite"),
        ("[[('d 1', 1.0)] for _ in queries]", "expected a document id, found 'd 1'"),
        ("[[('\\ud800', 1.0)] for _ in queries]", r"expected a document id, found '\ud800'"),
        ("fail(KeyError('\\ud800'))", "KeyError"),
        ("fail(SystemExit(3))", "SystemExit: 3"),
    ],
)
def test_a_cell_that_fails_is_kept_with_its_reason_and_tried_again(answer: str, reason: str, cell: Cell) -> None:
    assert cell.carry_out(answer=answer).startswith(reason)
    assert cell.events[-1].status == "failed"
    assert not (cell.store.cell_folder(cell.carried.key) / "run.trec.gz").exists()
    (again,) = cell.plan(answer=answer).cells
    assert str(again.state) == "to do"
    assert again.reason.startswith(f"failed before: {reason}")


def test_a_failure_keeps_what_to_do_about_it_and_where_it_happened(cell: Cell) -> None:
    cell.carry_out(answer="fail(UsageError('no such thing', hint='buy one'))")
    record = cell.store.cell(cell.carried.key)
    assert record is not None
    assert record.error is not None
    assert (record.error.type, record.error.message, record.error.hint) == ("UsageError", "no such thing", "buy one")
    assert "scripted_cell.py" in record.error.traceback


def test_an_interrupt_is_no_result(cell: Cell) -> None:
    with pytest.raises(KeyboardInterrupt):
        cell.carry_out(answer="fail(KeyboardInterrupt())")
    assert not cell.store.cell_folder(cell.carried.key).exists()
    assert [event.kind for event in cell.events if event.kind != "advanced"] == ["started"]


def test_a_full_disk_is_no_result_also_when_java_says_so(cell: Cell) -> None:
    with pytest.raises(StoreError, match="no space left in the store"):
        cell.carry_out(answer="fail(RuntimeError('java.io.IOException: No space left on device'))")
    assert not cell.store.cell_folder(cell.carried.key).exists()


def test_a_cell_whose_queries_are_others_than_planned_fails(cell: Cell) -> None:
    task = cell.task()
    path = cell.data / "tiny" / "queries.sw.en.tsv"
    path.write_text(path.read_text().replace("daraja", "mto"))
    carry_out(task, cell.store, cell.events.append)
    assert cell.events[-1].reason == "the queries or judgements of tiny/sw-en have changed since the plan"
