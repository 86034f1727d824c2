"""Models as artefacts: trained once, by a plugin whose "model" is the vocabulary of the parallel text."""

import json
import shlex
from pathlib import Path

import pytest

from clir_harness.harness.errors import DataError, UnknownNameError, UsageError
from clir_harness.harness.execution.cell import Event
from clir_harness.harness.execution.experiment import Experiment
from clir_harness.harness.execution.measurement import available_cores
from clir_harness.harness.execution.trained_models import train_model
from clir_harness.harness.record import CellState
from clir_harness.harness.suite import load_suite
from clir_harness.leaderboards.reading import read_leaderboard

BITEXT = "daraja\tbridge\nwalimu\tteachers\nukame\tdrought\n"


@pytest.fixture
def suite(tmp_path: Path, tiny: Path) -> Path:
    (tiny / "sw.tsv").write_text(BITEXT)
    path = tmp_path / "trained.yaml"
    path.write_text(
        """\
name: trained
title: A trained row
measures: [AP]
depth: 10
models:
  words: {system: lookup, bitext: {sw: [sw.tsv]}}
rows:
  - {system: lookup, settings: {model: "model:words"}}
collections:
  - {source: jsonl, path: tiny, pairs: [sw-en, so-en]}
"""
    )
    return path


def test_a_row_trains_its_model_once_and_reuses_it(suite: Path, tiny: Path, tmp_path: Path, lookup: Path) -> None:
    def experiment() -> Experiment:
        return Experiment.from_suite(suite, tmp_path / "store", data=tiny, plugins=[lookup])

    first = experiment()
    plan = first.plan()
    assert {(cell.state, cell.reason) for cell in plan.cells} == {(CellState.TO_DO, "its model is trained first")}
    assert len(plan.models()) == 1
    report = first.run()
    assert [cell.state for cell in report.plan.cells] == [CellState.DONE, CellState.DONE]
    assert (report.computed, report.reused) == (2, 0)
    again = experiment().run()
    assert (again.computed, again.reused) == (0, 2)
    assert (tmp_path / "store" / "trainings").read_text() == "x"
    assert list((tmp_path / "store" / "checkpoints").iterdir()) == []  # a finished training needs none
    key = report.plan.cells[0].task.key  # type: ignore[union-attr]
    assert first.store.cell(key).means["AP"] == 1.0  # type: ignore[union-attr]


def test_the_board_of_a_stopped_run_shows_what_was_done_by_rows_with_models(
    suite: Path, tiny: Path, tmp_path: Path, lookup: Path
) -> None:
    def stop(event: Event) -> None:
        if event.kind == "ended" and not event.phase:
            raise KeyboardInterrupt

    experiment = Experiment.from_suite(suite, tmp_path / "store", data=tiny, plugins=[lookup])
    with pytest.raises(KeyboardInterrupt):
        experiment.run(stop)
    (row,) = read_leaderboard(experiment.store, "trained").rows
    assert [bool(entry.means) for entry in row.entries] == [True, False]


def test_other_text_or_settings_train_another_model(suite: Path, tiny: Path, tmp_path: Path, lookup: Path) -> None:
    def models() -> set[str]:
        plan = Experiment.from_suite(suite, tmp_path / "store", data=tiny, plugins=[lookup]).plan()
        return {model.key for model in plan.models()}

    first = models()
    (tiny / "sw.tsv").write_text(BITEXT + "mto\triver\n")
    second = models()
    suite.write_text(suite.read_text().replace("[sw.tsv]}", "[sw.tsv]}, settings: {minimum: 2}"))
    assert len(first | second | models()) == 3


def test_a_training_that_fails_fails_its_rows_with_the_reason(
    suite: Path, tiny: Path, tmp_path: Path, lookup: Path
) -> None:
    (tiny / "sw.tsv").write_text("one column\n")
    report = Experiment.from_suite(suite, tmp_path / "store", data=tiny, plugins=[lookup]).run()
    assert len(report.failed) == 2
    assert "sw.tsv:1: expected two columns" in report.failed[0].reason


def test_text_that_changes_after_the_plan_is_planned_for_anew(
    suite: Path, tiny: Path, tmp_path: Path, lookup: Path
) -> None:
    experiment = Experiment.from_suite(suite, tmp_path / "store", data=tiny, plugins=[lookup])
    plan = experiment.plan()
    (tiny / "sw.tsv").write_text(BITEXT + "mto\triver\n")
    report = experiment.run(plan=plan)
    assert {cell.state for cell in report.plan.cells} == {CellState.DONE}, "the text as it is now was trained on"
    assert len(list((tmp_path / "store" / "artefacts" / "model").iterdir())) == 1


def test_a_model_that_would_not_be_the_planned_one_is_not_trained(
    suite: Path, tiny: Path, tmp_path: Path, lookup: Path
) -> None:
    """As when the code changes during a run: the plan's key is not that of what would be trained."""
    experiment = Experiment.from_suite(suite, tmp_path / "store", data=tiny, plugins=[lookup])
    (task,) = experiment.plan().models()
    events: list[Event] = []
    train_model(task.model_copy(update={"key": "0" * 32}), experiment.store, events.append)
    assert (events[-1].kind, events[-1].status) == ("ended", "failed")
    assert "have changed since this run was planned" in events[-1].reason
    assert not list((tmp_path / "store" / "artefacts").glob("model/*"))


def test_absent_text_fails_the_row_before_anything_runs(suite: Path, tiny: Path, tmp_path: Path, lookup: Path) -> None:
    (tiny / "sw.tsv").unlink()
    plan = Experiment.from_suite(suite, tmp_path / "store", data=tiny, plugins=[lookup]).plan()
    assert {cell.state for cell in plan.cells} == {CellState.FAILED}
    assert "no parallel text" in plan.cells[0].reason


def test_sentence_pairs_of_the_embedded_collection_serve_as_text(
    suite: Path, tiny: Path, tmp_path: Path, lookup: Path
) -> None:
    suite.write_text(suite.read_text().replace("sw.tsv", "embedded:50"))
    report = Experiment.from_suite(suite, tmp_path / "store", data=tiny, plugins=[lookup]).run()
    assert report.failed == []
    (text,) = (tmp_path / "store" / "artefacts" / "bitext").glob("*/content/sw-en.tsv.gz")
    assert text.is_file()


def test_the_content_of_what_training_starts_from_counts_and_its_place_does_not(
    suite: Path, tiny: Path, tmp_path: Path, lookup: Path
) -> None:
    """Copies of a model folder give the same trained model; a changed one gives another."""
    from pydantic import Field

    from clir_harness.harness.system import SYSTEMS, register_system
    from clir_harness.harness.training import TrainingSettings, training_identity

    Experiment.from_suite(suite, tmp_path / "store", data=tiny, plugins=[lookup])
    base = SYSTEMS.get("lookup")

    class Settings(TrainingSettings):
        start: str = Field(json_schema_extra={"identity": False})

    @register_system("lookup-from-start")
    class FromStart(base):  # type: ignore[valid-type, misc]
        Training = Settings

        @classmethod
        def training_inputs(cls, settings):
            return {"start": Path(settings.start).read_text()}

    def identity(name: str, content: str) -> dict[str, object]:
        (tmp_path / name).write_text(content)
        return training_identity(FromStart, {}, Settings(start=str(tmp_path / name)), 0)

    assert identity("a", "weights") == identity("b", "weights")
    assert identity("a", "weights") != identity("b", "other weights")


def test_models_are_referred_to_at_any_depth_and_by_other_models(
    suite: Path, tiny: Path, tmp_path: Path, lookup: Path
) -> None:
    """A fused row over one trained model, and a second model whose training reads the first."""
    chained = tmp_path / "chained.py"
    chained.write_text(
        """
from pathlib import Path
from pydantic import Field
from clir_harness.harness.system import SYSTEMS, register_system
from clir_harness.harness.training import TrainingSettings

class Settings(TrainingSettings):
    start: str = Field(json_schema_extra={"identity": False})

@register_system("chained")
class Chained(SYSTEMS.get("lookup")):
    Training = Settings

    @classmethod
    def training_inputs(cls, settings):
        return {"start": (Path(settings.start) / "model.json").read_text()}

    @classmethod
    def train(cls, bitext, settings, output, context):
        (output / "model.json").write_text((Path(settings.start) / "model.json").read_text())
"""
    )
    text = suite.read_text()
    text = text.replace(
        "rows:", '  copy: {system: chained, bitext: {sw: [sw.tsv]}, settings: {start: "model:words"}}\nrows:'
    )
    text = text.replace(
        "collections:",
        '  - system: rrf\n    settings:\n      systems:\n        - {system: chained, settings: {model: "model:copy"}}\n'
        '        - {system: lookup, settings: {model: "model:words"}}\ncollections:',
    )
    suite.write_text(text)
    experiment = Experiment.from_suite(suite, tmp_path / "store", data=tiny, plugins=[lookup, chained])
    assert [model.name for model in experiment.plan().models()] == ["words"], "the other model needs this one first"
    report = experiment.run()
    assert {cell.state for cell in report.plan.cells} == {CellState.DONE}
    assert {cell.row.system for cell in report.plan.cells} == {"lookup", "rrf"}


def test_references_that_lead_nowhere_or_in_a_circle_are_refused(
    suite: Path, tiny: Path, tmp_path: Path, lookup: Path
) -> None:
    def plan() -> None:
        Experiment.from_suite(suite, tmp_path / "store", data=tiny, plugins=[lookup]).plan()

    text = suite.read_text()
    suite.write_text(text.replace("model:words", "model:wods"))
    with pytest.raises(UnknownNameError, match="unknown model of this suite 'wods'"):
        plan()
    suite.write_text(
        text.replace("bitext: {sw: [sw.tsv]}", 'bitext: {sw: [sw.tsv]}, settings: {minimum: "model:words"}')
    )
    with pytest.raises(UsageError, match="'words' needs itself: words needs words"):
        plan()


def test_a_model_that_is_there_already_is_not_trained(suite: Path, tiny: Path, tmp_path: Path, lookup: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "model.json").write_text(json.dumps({"daraja": ["bridge"]}))
    (tiny / "sw.tsv").unlink()
    given = {"store": tmp_path / "store", "data": tiny, "plugins": [lookup]}
    mine = Experiment.from_suite(suite, models=[f"words={tmp_path / 'mine'}"], **given)  # type: ignore[arg-type]
    assert mine.plan().models() == []
    assert mine.run().failed == []
    (row,) = read_leaderboard(mine.store, "trained").rows
    command = ["clir", "run", "--suite", suite, "--systems", "lookup", "--pairs", "sw-en", "--data", "DIR"]
    command += ["--model", f"words={tmp_path / 'mine'}", "--plugin", lookup]
    assert row.entries[0].command == shlex.join(map(str, command))
    with pytest.raises(UnknownNameError, match="did you mean 'words'"):
        Experiment.from_suite(suite, models=["word=x"], **given)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="write NAME=FOLDER"):
        Experiment.from_suite(suite, models=["words"], **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("{}", "needs `source`, or `system` and `bitext`"),
        ("{system: lookup}", "needs `source`"),
        ("{source: x, bitext: {sw: [a]}}", "is not trained"),
    ],
)
def test_a_model_is_there_or_says_how_it_is_trained(suite: Path, model: str, message: str) -> None:
    suite.write_text(suite.read_text().replace("{system: lookup, bitext: {sw: [sw.tsv]}}", model))
    with pytest.raises(DataError, match=message):
        load_suite(suite)


WAITING = """
import time
from pathlib import Path
from clir_harness.harness.system import SystemConfig, register_system
from clir_harness.harness.training import TrainableSystem, TrainingSettings

class Config(SystemConfig):
    model: str

class Meeting(TrainingSettings):
    place: str
    name: str
    others: int
    after: str = ""

@register_system("meets")
class Meets(TrainableSystem):
    summary = "is trained when others are in training, too"
    Config = Config
    Training = Meeting

    @classmethod
    def train(cls, bitext, settings, output, context):
        place = Path(settings.place)
        (place / settings.name).write_text(str(context.threads))
        for _ in range(600):
            if len(list(place.iterdir())) > settings.others:
                return
            time.sleep(0.1)
        raise TimeoutError("nobody came")

    def index(self, documents, folder, context):
        raise NotImplementedError

    def open(self, folder, context):
        raise NotImplementedError
"""


@pytest.fixture(scope="module")
def meets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plugin") / "meets.py"
    path.write_text(WAITING)
    return path


def meeting(tiny: Path, tmp_path: Path, plugin: Path, **models: str) -> tuple[Path, list[Event]]:
    """Train models of the given settings two at a time; the folder in which they meet, and what was told."""
    place = tmp_path / "place"
    place.mkdir()
    (tiny / "sw.tsv").write_text(BITEXT)
    suite = tmp_path / "meets.yaml"
    written = "".join(
        f"  {name}: {{system: meets, bitext: {{sw: [sw.tsv]}}, "
        f"settings: {{place: {place}, name: {name}, {settings}}}}}\n"
        for name, settings in models.items()
    )
    rows = "".join(f'  - {{system: meets, label: {name}, settings: {{model: "model:{name}"}}}}\n' for name in models)
    suite.write_text(
        f"name: meets\ntitle: Models\nmeasures: [AP]\ndepth: 10\nmodels:\n{written}rows:\n{rows}"
        "collections:\n  - {source: jsonl, path: tiny, pairs: [sw-en]}\n"
    )
    events: list[Event] = []
    Experiment.from_suite(suite, tmp_path / "store", data=tiny, plugins=[plugin]).run(events.append, jobs=2)
    return place, [event for event in events if event.phase == "training" and event.kind == "ended"]


def test_models_are_trained_at_once_on_demand_and_share_the_cores(tiny: Path, tmp_path: Path, meets: Path) -> None:
    place, ended = meeting(tiny, tmp_path, meets, one="others: 1", two="others: 1")
    assert [event.status for event in ended] == ["done", "done"]
    assert {file.read_text() for file in place.iterdir()} == {str(max(1, available_cores() // 2))}


def test_a_model_is_trained_as_soon_as_what_it_needs_is_there(tiny: Path, tmp_path: Path, meets: Path) -> None:
    """`long` waits for both others, and `second` needs `first`."""
    _, ended = meeting(
        tiny, tmp_path, meets, long="others: 2", second='others: 2, after: "model:first"', first="others: 1"
    )
    assert [event.status for event in ended] == ["done", "done", "done"]
