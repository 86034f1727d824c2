"""Whatever a plugin raises, and wherever, fails its own row with name, place and message; the others run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SYSTEM = """
import sys
from clir_harness.harness.system import RetrievalSystem, Searcher, SystemConfig, register_system
from pydantic import model_validator

def service(where):
    if where == "{where}":
        {fault}

class Found(Searcher):
    def search(self, queries, depth):
        service("search")
        return [[] for _ in queries]
    def describe(self):
        service("describe")
        return {{}}
    def close(self):
        service("close")

class Settings(SystemConfig):
    @model_validator(mode="after")
    def check(self):
        service("configure")
        return self

@register_system("rest")
class Rest(RetrievalSystem):
    summary = "asks a service"
    Config = Settings
    def supports(self, pair):
        service("supports")
    def components(self):
        service("components")
        return ()
    def inputs(self):
        service("inputs")
        return {{}}
    def index_settings(self):
        service("index_settings")
        return {{}}
    def describe_index(self, language):
        service("describe_index")
        return {{}}
    def index(self, documents, folder, context):
        service("index")
    def open(self, folder, context):
        service("open")
        return Found()
"""
PLACES = [
    "configure", "components", "inputs", "supports", "index_settings", "index", "describe_index", "open", "search",
    "describe", "close",
]  # fmt: skip


def clir(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "clir_harness.cli", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "docs.en.jsonl").write_text('{"id": "a", "text": "rain"}\n')
    (tmp_path / "queries.sw.en.tsv").write_text("1\train\n")
    (tmp_path / "qrels.sw.en.txt").write_text("1 0 a 1\n")
    (tmp_path / "s.yaml").write_text(
        "name: s\ntitle: t\nmeasures: [AP]\nrows: [{system: rest}, {system: bm25, settings: {backend: bm25s}}]\n"
        f"collections: [{{source: jsonl, path: {tmp_path}, pairs: [sw-en]}}]\n"
    )
    return tmp_path


@pytest.mark.parametrize("where", PLACES)
def test_its_row_fails_and_the_others_run(folder: Path, where: str) -> None:
    (folder / "rest.py").write_text(SYSTEM.format(where=where, fault='raise OSError("service is down")'))
    done = clir(folder, "run", "--suite", "s.yaml", "--plugin", "rest.py", "--json")
    cells = {cell["system"]: cell for cell in json.loads(done.stdout)["cells"]}
    assert (done.returncode, cells["bm25"]["state"], cells["rest"]["state"]) == (1, "done", "failed")
    assert "OSError: service is down (rest.py:8, in service)" in cells["rest"]["reason"]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("where", ["inputs", "search"])
def test_a_plugin_that_wants_to_end_the_process_fails_its_row(folder: Path, where: str) -> None:
    (folder / "rest.py").write_text(SYSTEM.format(where=where, fault='sys.exit("no licence")'))
    done = clir(folder, "run", "--suite", "s.yaml", "--plugin", "rest.py", "--json")
    cells = {cell["system"]: cell for cell in json.loads(done.stdout)["cells"]}
    assert (done.returncode, cells["bm25"]["state"], cells["rest"]["state"]) == (1, "done", "failed")
    assert "SystemExit: no licence (rest.py:8, in service)" in cells["rest"]["reason"]


def test_checking_such_a_plugin_says_where_it_is_at_fault(folder: Path) -> None:
    (folder / "rest.py").write_text(SYSTEM.format(where="inputs", fault='raise OSError("service is down")'))
    done = clir(folder, "check", "rest", "--plugin", "rest.py")
    assert done.returncode != 0
    assert "OSError: service is down (rest.py:8, in service)" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


WRONG = {
    "def inputs(self): return {'weights': {1, 2}}": "Object of type set is not JSON serializable",
    "def inputs(self): return None": "'NoneType' object is not iterable",
    "def supports(self, pair): return True": "supports(sw-en) returned True, not None or a text",
    "def supports(self, pair): return pair.nothing": "has no attribute 'nothing' (rest.py:6, in supports)",
    "def components(self): return [1]": "'int' object has no attribute 'name'",
    "requires = 'numpy'": "`requires` of system 'rest' is 'numpy'",
    "batch_size = 0": "must not be zero",
    "Config = {}": "'dict' object has no attribute 'model_validate'",
    "def index_settings(self): return {'of': {1}}": "Object of type set is not JSON serializable",
    "def describe_index(self, language): return {'of': {1}}": "Object of type set is not JSON serializable",
    "class End(BaseException): ...\n    def inputs(self): raise self.End('end')": "End: end (rest.py:7, in inputs)",
    "n = []\n    def inputs(self): self.n.append(1); return {'n': str(1 / (2 - len(self.n)))}": "ZeroDivisionError",
}


@pytest.mark.parametrize(("line", "complaint"), WRONG.items())
def test_what_breaks_the_contract_without_raising_fails_its_row_too(folder: Path, line: str, complaint: str) -> None:
    text = f"""
from clir_harness.harness.system import RetrievalSystem, Searcher, register_system
class Found(Searcher):
    def search(self, queries, depth): return [[] for _ in queries]
@register_system("rest")
class Rest(RetrievalSystem):
    {line}
    def index(self, documents, folder, context): list(documents)
    def open(self, folder, context): return Found()
"""
    (folder / "rest.py").write_text(text.lstrip("\n"))
    done = clir(folder, "run", "--suite", "s.yaml", "--plugin", "rest.py", "--json")
    cells = {cell["system"]: cell for cell in json.loads(done.stdout)["cells"]}
    assert (done.returncode, cells["bm25"]["state"], cells["rest"]["state"]) == (1, "done", "failed")
    assert complaint in cells["rest"]["reason"]
    assert "Traceback" not in done.stderr


def test_a_plugin_that_loads_here_and_not_in_its_worker_fails_its_own_row(folder: Path) -> None:
    once = 'from pathlib import Path\nif Path("seen").exists(): raise OSError("loaded twice")\nPath("seen").touch()\n'
    (folder / "rest.py").write_text(once + SYSTEM.format(where="", fault="pass"))
    done = clir(folder, "run", "--suite", "s.yaml", "--plugin", "rest.py", "--json")
    cells = {cell["system"]: cell for cell in json.loads(done.stdout)["cells"]}
    assert (done.returncode, cells["bm25"]["state"], cells["rest"]["state"]) == (1, "done", "failed")
    assert "rest.py cannot be imported: OSError: loaded twice (rest.py:2, in <module>)" in cells["rest"]["reason"]


TAUGHT = """
from clir_harness.harness.system import register_system
from clir_harness.harness.training import TrainableSystem, TrainingSettings
@register_system("taught")
class Taught(TrainableSystem):
    summary = "s"
    Training = TrainingSettings
    @classmethod
    def train(cls, bitext, settings, output, context): raise OSError("no licence")
    @classmethod
    def training_inputs(cls, settings): raise OSError("no teacher")
    def index(self, documents, folder, context): ...
    def open(self, folder, context): ...
"""


def test_trainings_that_raise_are_told_by_run_and_train(folder: Path) -> None:
    (folder / "taught.py").write_text(TAUGHT)
    (folder / "bitext.tsv").write_text("a\tb\n")
    text = (folder / "s.yaml").read_text().replace("system: rest", 'system: taught, settings: {model: "model:m"}')
    (folder / "s.yaml").write_text(f"{text}models: {{m: {{system: taught, bitext: {{sw: [{folder}/bitext.tsv]}}}}}}\n")
    done = clir(folder, "run", "--suite", "s.yaml", "--plugin", "taught.py", "--json")
    cells = {cell["system"]: cell for cell in json.loads(done.stdout)["cells"]}
    assert (done.returncode, cells["bm25"]["state"]) == (1, "done")
    assert "system 'taught' raised OSError: no teacher (taught.py:11, in training_inputs)" in cells["taught"]["reason"]
    arguments = ["--bitext", "sw=bitext.tsv", "--output", "model", "--plugin", "taught.py"]
    trained = clir(folder, "train", "taught", *arguments)
    assert trained.returncode == 2
    assert "error: system 'taught' raised OSError: no licence (taught.py:9, in train)" in trained.stderr
    assert "Traceback" not in done.stderr + trained.stderr


def test_listing_goes_on_over_a_plugin_that_cannot_be_described(folder: Path) -> None:
    (folder / "rest.py").write_text(SYSTEM.format(where="", fault="pass").replace("Config = Settings", "Config = {}"))
    one = clir(folder, "systems", "rest", "--plugin", "rest.py")
    assert one.returncode == 2
    assert "error: system 'rest' raised AttributeError: 'dict'" in one.stderr
    everything = clir(folder, "systems", "--plugin", "rest.py")
    assert everything.returncode == 0
    assert "bm25" in everything.stdout
    assert "broken: rest" in everything.stderr


SOURCE = """
from clir_harness.harness.collections import CollectionSource
from clir_harness.harness.collections.sources import register_collection

@register_collection("mine")
class Mine(CollectionSource):
    summary = "s"
    def entries(self):
        raise KeyError("no such folder")
    def load(self, entry_id): ...
"""


def test_a_source_that_raises_is_named_with_its_place(folder: Path) -> None:
    (folder / "source.py").write_text(SOURCE)
    text = (folder / "s.yaml").read_text().split("collections")[0].replace("{system: rest}, ", "")
    (folder / "s.yaml").write_text(text + "collections: [{source: mine}]\n")
    done = clir(folder, "run", "--suite", "s.yaml", "--plugin", "source.py")
    assert done.returncode == 2
    complaint = "error: collection source 'mine' raised KeyError: 'no such folder' (source.py:9, in entries)"
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


DATASET = """
import ir_datasets
from ir_datasets.datasets.base import Dataset
from ir_datasets.formats import TrecQrels, TsvDocs, TsvQueries
from ir_datasets.util import LocalDownload
from pathlib import Path

here = Path({folder!r})
ir_datasets.registry.register("acme/sw", Dataset(
    TsvDocs(LocalDownload(here / "d.tsv"), namespace="acme", lang="en"),
    TsvQueries(LocalDownload(here / "q.tsv"), namespace="acme", lang="sw"),
    TrecQrels(LocalDownload(here / "r.txt"), {{1: "relevant"}}),
))
"""


@pytest.fixture
def dataset(folder: Path) -> Path:
    (folder / "d.tsv").write_text("a\train\nb\tsun\n")
    (folder / "q.tsv").write_text("1\train\n")
    (folder / "r.txt").write_text("1 0 a 1\n")
    (folder / "my_irds.py").write_text(DATASET.format(folder=str(folder)))
    return folder


def ap_of_dataset(folder: Path, source: str, *arguments: str) -> float:
    text = "name: s\ntitle: t\nmeasures: [AP]\nrows: [{system: bm25, settings: {backend: bm25s}}]\n"
    (folder / "own.yaml").write_text(text + f"collections: [{source}]\n")
    done = clir(folder, "run", "--suite", "own.yaml", *arguments)
    assert done.returncode == 0, done.stderr
    board = clir(folder, "leaderboard", "--suite", "s", "--format", "json")
    return float(json.loads(board.stdout)["rows"][0]["cells"][0]["means"]["AP"])


def test_a_plugin_file_may_register_an_ir_datasets_id(dataset: Path) -> None:
    assert ap_of_dataset(dataset, "{source: ir_datasets, datasets: [acme/sw]}", "--plugin", "my_irds.py") == 1.0


def test_a_suite_may_name_the_module_that_does(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(dataset))
    source = "{source: ir_datasets, modules: [my_irds], datasets: [acme/sw]}"
    assert ap_of_dataset(dataset, source) == 1.0


def test_an_id_registered_by_running_code_is_read_in_this_process_and_never_from_memory(dataset: Path) -> None:
    script = f"""
exec({(dataset / "my_irds.py").read_text()!r})
from clir_harness.harness.execution.experiment import Experiment
from clir_harness.harness.suite import Suite
suite = Suite.model_validate(dict(name="s", title="t", measures=["AP"],
    rows=[dict(system="bm25", settings=dict(backend="bm25s"))],
    collections=[dict(source="ir_datasets", datasets=["acme/sw"])]))
for text in ("a\\train\\nb\\tsun\\n", "a\\tsun\\nb\\train\\n"):
    (here / "d.tsv").write_text(text)
    report = Experiment.from_suite(suite, "store").run()
    print(report.computed, len(report.failed))
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=dataset, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == ["1 0", "1 0"]


def test_a_module_that_is_not_there_or_registers_nothing_is_named(dataset: Path) -> None:
    text = "name: s\ntitle: t\nmeasures: [AP]\nrows: [{system: bm25}]\n"
    for module, complaint in (("nowhere_irds", "module 'nowhere_irds' cannot be imported"), ("json", "registers no")):
        source = f"{{source: ir_datasets, modules: [{module}], datasets: [acme/sw]}}"
        (dataset / "own.yaml").write_text(text + f"collections: [{source}]\n")
        done = clir(dataset, "run", "--suite", "own.yaml")
        assert (done.returncode, complaint in done.stderr) == (2, True), done.stderr


def test_a_plugin_of_before_the_front_door_is_told_the_new_names(folder: Path) -> None:
    (folder / "old.py").write_text("from harness.system import RetrievalSystem\n")
    shown = clir(folder, "systems", "--plugin", "old.py")
    assert shown.returncode == 2
    assert "hint: the names are in clir_harness since version 0.2: from clir_harness import" in shown.stderr
