"""Models as artefacts: trained once, by a plugin whose "model" is the vocabulary of the parallel text."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cell import Event
from harness.errors import DataError, MissingDataError, UnknownNameError, UsageError
from harness.experiment import Experiment
from harness.measurement import available_cores
from harness.models import train_model
from harness.plan import State
from harness.suite import load_suite
from harness.training import bitext_path, parse_bitext
from leaderboards.leaderboard import Leaderboard

PLUGIN = '''
import json
from pathlib import Path
from pydantic import Field
from harness.errors import DataError, MissingDataError
from harness.system import Searcher, SystemConfig, register_system
from harness.textio import numbered_lines
from harness.training import TrainableSystem, TrainingSettings

class Settings(TrainingSettings):
    minimum: int = Field(1, ge=1)

class Config(SystemConfig):
    model: str = Field(json_schema_extra={"identity": False})

class Lookup(Searcher):
    """Returns documents that hold a word which the model pairs with a word of the query."""
    def __init__(self, model, documents):
        self.model, self.documents = model, documents
    def search(self, queries, depth):
        found = []
        for query in queries:
            words = {w for q in query.text.casefold().split() for w in self.model.get(q, [])}
            scores = {d: float(len(words & set(t.split()))) for d, t in self.documents.items()}
            found.append(sorted(((d, s) for d, s in scores.items() if s), key=lambda x: -x[1])[:depth])
        return found

@register_system("lookup")
class LookupSystem(TrainableSystem):
    summary = "pairs every word with every word of the other side"
    Config = Config
    Training = Settings

    @classmethod
    def train(cls, bitext, settings, output, context):
        model = {}
        for files in bitext.values():
            for file in files:
                for number, line in numbered_lines(file):
                    columns = line.casefold().split("\\t")
                    if len(columns) < 2:
                        raise DataError("expected two columns", path=file, line=number)
                    for word in columns[0].split():
                        model.setdefault(word, []).extend(columns[1].split())
        context.tell(1, 1, "counted")
        with (context.scratch / "trainings").open("a") as log:
            log.write("x")
        (output / "model.json").write_text(json.dumps(model))

    def inputs(self):
        path = Path(self.config.model) / "model.json"
        if not path.is_file():
            raise MissingDataError(f"no model in {self.config.model}")
        return {"model": str(len(path.read_bytes()))}

    def index_settings(self):
        return {}

    def index(self, documents, folder, context):
        texts = {d.id: d.contents.casefold().replace(".", "") for d in documents}
        (folder / "texts.json").write_text(json.dumps(texts))

    def open(self, folder, context):
        model = json.loads((Path(self.config.model) / "model.json").read_text())
        return Lookup(model, json.loads((folder / "texts.json").read_text()))
'''

BITEXT = "daraja\tbridge\nwalimu\tteachers\nukame\tdrought\n"


@pytest.fixture(scope="module")
def lookup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plugin") / "lookup.py"
    path.write_text(PLUGIN)
    return path


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
    assert {(cell.state, cell.reason) for cell in plan.cells} == {(State.TO_DO, "its model is trained first")}
    assert len(plan.models()) == 1
    report = first.run()
    assert [cell.state for cell in report.plan.cells] == [State.DONE, State.DONE]
    assert (report.computed, report.reused) == (2, 0)
    again = experiment().run()
    assert (again.computed, again.reused) == (0, 2)
    assert [len(path.read_text()) for path in (tmp_path / "store" / "checkpoints").glob("*/trainings")] == [1]
    key = report.plan.cells[0].task.key  # type: ignore[union-attr]
    assert first.store.cell(key)["means"]["AP"] == 1.0  # type: ignore[index]


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
    assert {cell.state for cell in report.plan.cells} == {State.DONE}, "the text as it is now was trained on"
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
    assert "has changed since this run was planned" in events[-1].reason
    assert not list((tmp_path / "store" / "artefacts").glob("model/*"))


def test_absent_text_fails_the_row_before_anything_runs(suite: Path, tiny: Path, tmp_path: Path, lookup: Path) -> None:
    (tiny / "sw.tsv").unlink()
    plan = Experiment.from_suite(suite, tmp_path / "store", data=tiny, plugins=[lookup]).plan()
    assert {cell.state for cell in plan.cells} == {State.FAILED}
    assert "no parallel text" in plan.cells[0].reason


def test_sentence_pairs_of_the_embedded_collection_serve_as_text(
    suite: Path, tiny: Path, tmp_path: Path, lookup: Path
) -> None:
    suite.write_text(suite.read_text().replace("sw.tsv", "embedded:50"))
    report = Experiment.from_suite(suite, tmp_path / "store", data=tiny, plugins=[lookup]).run()
    assert report.failed == []
    (text,) = (tmp_path / "store" / "artefacts" / "bitext").glob("*/content/sw-en.tsv.gz")
    assert text.is_file()


def clir(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness.cli", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_command_trains_into_a_folder_that_the_system_loads(tiny: Path, tmp_path: Path, lookup: Path) -> None:
    (tmp_path / "sw.tsv").write_text(BITEXT)
    done = clir("train", "lookup", "--plugin", lookup, "--bitext", "sw=sw.tsv", "--output", "m", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "m" / "model.json").read_text())["daraja"] == ["bridge"]
    assert sorted(path.name for path in tmp_path.glob("m*")) == ["m"], "no checkpoints are left"
    again = clir("train", "lookup", "--plugin", lookup, "--bitext", "sw=sw.tsv", "--output", "m", folder=tmp_path)
    assert again.returncode == 2
    assert "exists already" in again.stderr


def test_a_training_that_fails_at_once_leaves_nothing_behind(tmp_path: Path, lookup: Path) -> None:
    (tmp_path / "sw.tsv").write_text("one column\n")
    done = clir("train", "lookup", "--plugin", lookup, "--bitext", "sw=sw.tsv", "--output", "m", folder=tmp_path)
    assert done.returncode == 2
    assert "sw.tsv:1: expected two columns" in done.stderr
    assert not list(tmp_path.glob("m*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bm25", "--bitext", "sw=sw.tsv"], "is not trained"),
        (["lookup", "--bitext", "sw"], "LANGUAGE=FILE"),
        (["lookup", "--bitext", "sw=none.tsv"], "no parallel text none.tsv"),
        (["lookup", "--bitext", "sw=sw.tsv", "--set", "minimum=0"], "minimum"),
        (["lookup", "--bitext", "sw=sw.tsv", "--set", "maximum=1"], "minimum"),
        (["lookup", "--bitext", "sw=sw.tsv", "--teacher", "x"], "teacher"),
    ],
)
def test_wrong_requests_are_refused_before_any_work(
    tmp_path: Path, lookup: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "sw.tsv").write_text(BITEXT)
    done = clir("train", *arguments, "--plugin", lookup, "--output", "m", folder=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert not list(tmp_path.glob("m*"))


def test_a_file_of_settings_that_is_not_utf8_is_refused_by_name(tmp_path: Path, lookup: Path) -> None:
    (tmp_path / "sw.tsv").write_text(BITEXT)
    (tmp_path / "latin.yaml").write_bytes("minimum: 1  # é\n".encode("latin-1"))
    arguments = ["lookup", "--bitext", "sw=sw.tsv", "--config", "latin.yaml", "--plugin", lookup, "--output", "m"]
    done = clir("train", *arguments, folder=tmp_path)
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, "error: latin.yaml: is not UTF-8")


def test_bitext_is_gathered_by_canonical_language(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text("x\ty\n")
    a, b, c = (tmp_path / name for name in "abc")
    assert parse_bitext([f"swa={a},{b}", f"sw={c}"]) == {"sw": (a, b, c)}


def test_two_files_joined_by_a_plus_are_a_moses_pair_unless_one_file_has_that_name(tmp_path: Path) -> None:
    for name in ("a.sw", "a.en", "b+c.tsv"):
        (tmp_path / name).write_text("x\ty\n")
    assert bitext_path("a.sw+a.en", tmp_path) == (tmp_path / "a.sw", tmp_path / "a.en")
    assert bitext_path("b+c.tsv", tmp_path) == tmp_path / "b+c.tsv"
    with pytest.raises(MissingDataError, match=r"no parallel text .*a\.fr"):
        bitext_path("a.sw+a.fr", tmp_path)


def test_a_moses_pair_trains_the_same_table_as_the_same_sentences_in_columns(tmp_path: Path) -> None:
    lines = [line.split("\t") for line in BITEXT.splitlines()] * 3
    (tmp_path / "t.tsv").write_text("".join(f"{left}\t{right}\n" for left, right in lines))
    for side, name in enumerate(("t.sw", "t.en")):
        (tmp_path / name).write_text("".join(f"{line[side]}\n" for line in lines))
    for text, output in (("t.tsv", "columns"), ("t.sw+t.en", "moses")):
        done = clir("train", "psq", "--bitext", f"sw={text}", "--output", output, folder=tmp_path)
        assert done.returncode == 0, done.stderr
    one, other = (
        {file.name: file.read_bytes() for file in (tmp_path / name).glob("*.npy")} for name in ("columns", "moses")
    )
    assert one
    assert one == other


@pytest.mark.parametrize(
    ("text", "error"), [("sw", UsageError), ("=x", UsageError), ("sw=none", MissingDataError), ("xx=none", Exception)]
)
def test_malformed_bitext_arguments_are_refused(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse_bitext([text])


def test_an_unknown_system_is_refused_with_suggestions() -> None:
    from harness.training import trainable_system

    with pytest.raises(UnknownNameError, match="bm25"):
        trainable_system("bm52")


def test_the_content_of_what_training_starts_from_counts_and_its_place_does_not(
    suite: Path, tiny: Path, tmp_path: Path, lookup: Path
) -> None:
    """Copies of a model folder give the same trained model; a changed one gives another."""
    from pydantic import Field

    from harness.system import SYSTEMS, register_system
    from harness.training import TrainingSettings, training_identity

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
from harness.system import SYSTEMS, register_system
from harness.training import TrainingSettings

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
    assert {cell.state for cell in report.plan.cells} == {State.DONE}
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
    (row,) = Leaderboard.from_store(mine.store, "trained").rows
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
from harness.system import SystemConfig, register_system
from harness.training import TrainableSystem, TrainingSettings

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
