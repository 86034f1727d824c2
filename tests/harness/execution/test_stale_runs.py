"""Edits while a process goes on, each tried in a process of its own: what ran is what its result is kept as."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HELPERS = """
import sys
from pathlib import Path
from clir_harness.harness.execution.experiment import Experiment
from clir_harness.harness.suite import Suite

HERE = Path.cwd()
SYSTEM = '''
from clir_harness.harness.system import RetrievalSystem, Searcher, register_system
{top}
class Found(Searcher):
    def search(self, queries, depth):
        return [[("a", {score}), ("b", 1.0)] for _ in queries]
@register_system("{name}")
class {cls}(RetrievalSystem):
    summary = "s"
    def index(self, documents, folder, context):
        {index}
        list(documents)
    def open(self, folder, context):
        return Found()
'''

def source(name, score, top="", index="pass", cls="Mine"):
    return SYSTEM.format(name=name, score=score, top=top, index=index, cls=cls)

def cell(text):
    exec(compile(text, "<cell>", "exec"), {"__name__": "__main__"})

def experiment(system, settings=None, collection=None, models=None, **more):
    collection = collection or dict(source="jsonl", path=str(HERE), pairs=["sw-en"])
    rows = [dict(system=system, settings=settings or {})]
    values = dict(name="s", title="t", measures=["AP"], rows=rows, collections=[collection], models=models or {})
    return Experiment.from_suite(Suite.model_validate(values), "store", **more)

def run(*arguments, plan=None, **more):
    one = arguments[0] if isinstance(arguments[0], Experiment) else experiment(*arguments, **more)
    report = one.run(plan=plan)
    (ended,) = report.plan.cells
    what = one.store.cell(ended.task.key).means["AP"] if ended.state == "done" else ended.reason
    print("new" if report.computed else "reused", what)

BM25 = dict(system="bm25", settings=dict(backend="bm25s"))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "docs.en.jsonl").write_text('{"id": "a", "text": "rain"}\n{"id": "b", "text": "sun"}\n')
    (tmp_path / "queries.sw.en.tsv").write_text("1\train\n")
    (tmp_path / "qrels.sw.en.txt").write_text("1 0 a 1\n")
    return tmp_path


def printed(folder: Path, script: str) -> list[str]:
    (folder / "script.py").write_text(HELPERS + script)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, str(folder)])}
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_global_that_a_system_fills_when_it_runs_does_not_fail_it(folder: Path) -> None:
    top = "MODEL = None\ndef model():\n    global MODEL\n    MODEL = MODEL or [1]\n    return MODEL"
    script = f"cell(source('lazy', 2.0, {top!r}, 'model()'))\nfor _ in range(3): run('lazy')"
    assert printed(folder, script) == ["new 1.0", "new 1.0", "reused 1.0"]


def test_a_built_in_system_runs_over_systems_of_a_notebook_and_sees_their_edits(folder: Path) -> None:
    script = """
for score in (2.0, 0.5):
    cell(source("part", score))
    run("rrf", dict(systems=[dict(system="part"), dict(system="part")]))
"""
    assert printed(folder, script) == ["new 1.0", "new 0.5"]


def test_an_edit_between_plan_and_run_is_not_kept_under_the_plan(folder: Path) -> None:
    script = """
cell(source("edited", 2.0))
one = experiment("edited")
plan = one.plan()
cell(source("edited", 0.5))
run(one, plan=plan)
run("edited")
"""
    refused, again = printed(folder, script)
    assert refused == "new code or files of the system have changed since the plan"
    assert again == "new 0.5"


def test_a_helper_of_a_plugin_file_is_read_anew_also_within_a_second_and_with_the_same_size(folder: Path) -> None:
    script = """
Path("plug.py").write_text(source("plug", "W", "from hlp import W"))
for weight in ("2.0", "0.5", "2.0"):
    Path("hlp.py").write_text(f"W = {weight}\\n")
    run("plug", plugins=["plug.py"])
one = experiment("plug", plugins=["plug.py"])
Path("hlp.py").write_text("W = 0.1\\n")
run(one)
"""
    assert printed(folder, script) == ["new 1.0", "new 0.5", "reused 1.0", "new 0.5"]


def test_what_runs_in_this_process_is_what_its_file_says(folder: Path) -> None:
    script = """
cell('''
from clir_harness.harness.collections.base import *
from clir_harness.harness.collections.sources import register_collection
from clir_harness.harness.languages import LanguagePair
PAIR = LanguagePair("sw", "en")
@register_collection("memory")
class Memory(CollectionSource):
    summary = "m"
    def entries(self): return [CollectionEntry("m", PAIR)]
    def load(self, entry):
        stream = lambda: iter([Document("a", "rain"), Document("b", "sun")])
        queries = {"original": QuerySet("sw", (Query("1", "rain"),))}
        return TestCollection("m", PAIR, DocumentSet("m", "en", stream, "v1"), queries, {"1": {"a": 1}})
''')
Path("plug.py").write_text(source("plug", "W", "from hlp import W"))
for weight in ("2.0", "0.5"):
    Path("hlp.py").write_text(f"W = {weight}\\n")
    run("plug", collection=dict(source="memory"), plugins=["plug.py"])
"""
    assert printed(folder, script) == ["new 1.0", "new 0.5"]


def test_a_class_of_a_plugin_file_may_be_renamed_and_what_is_gone_is_unknown(folder: Path) -> None:
    script = """
plug = Path("plug.py")
for name, score, cls in (("one", 2.0, "Mine"), ("one", 0.5, "Other"), ("two", 0.5, "Other")):
    plug.write_text(source(name, score, cls=cls))
    try: run("one", plugins=[plug])
    except Exception as error: print(error)
"""
    first, second, third = printed(folder, script)[:3]
    assert (first, second) == ("new 1.0", "new 0.5")
    assert third == "unknown system 'one'"


def test_a_model_of_a_system_that_cannot_be_told_is_trained_once_a_run(folder: Path) -> None:
    (folder / "bitext.tsv").write_text("a\tb\n")
    script = """
cell('''
from clir_harness.harness.system import *
from clir_harness.harness.training import *
OPAQUE = (x for x in [])
class Found(Searcher):
    def search(self, queries, depth): return [[("a", 1.0)] for _ in queries]
class Config(SystemConfig):
    model: str = ""
@register_system("taught")
class Taught(TrainableSystem):
    summary = "s"
    Config = Config
    Training = TrainingSettings
    @classmethod
    def train(cls, bitext, settings, output, context):
        print("trained", OPAQUE is None)
        (output / "m").write_text("x")
    def index(self, documents, folder, context): list(documents)
    def open(self, folder, context): return Found()
''')
models = dict(m=dict(system="taught", bitext=dict(sw=[str(HERE / "bitext.tsv")])))
for _ in range(2): run("taught", dict(model="model:m"), models=models)
"""
    assert printed(folder, script) == ["trained False", "new 1.0"] * 2


def test_files_of_a_collection_that_are_edited_after_the_plan_fail_the_cell(folder: Path) -> None:
    script = """
for name, text in (("docs.en.jsonl", '{"id": "a", "text": "sun"}\\\\n'), ("qrels.sw.en.txt", "1 0 b 1\\\\n")):
    one = experiment("bm25", BM25["settings"])
    plan = one.plan()
    before = Path(name).read_text()
    Path(name).write_text(text)
    run(one, plan=plan)
    Path(name).write_text(before)
run("bm25", BM25["settings"])
"""
    documents, judgements, after = printed(folder, script.replace("\\\\n", "\\n"))
    assert "the documents of" in documents
    assert "are not what they were for the plan" in documents
    assert "queries or judgements of" in judgements
    assert after == "new 1.0"


DATASET = """
import ir_datasets
from pathlib import Path
from ir_datasets.datasets.base import Dataset
from ir_datasets.formats import TrecQrels, TsvDocs, TsvQueries
from ir_datasets.util import LocalDownload
here = Path({folder!r})
ir_datasets.registry.register("acme/sw", Dataset(
    TsvDocs(LocalDownload(here / "d.tsv"), namespace="acme", lang="en"),
    TsvQueries(LocalDownload(here / "queries.sw.en.tsv"), namespace="acme", lang="sw"),
    TrecQrels(LocalDownload(here / "{qrels}"), {{1: "relevant"}}),
))
"""


def test_ids_of_a_module_are_known_however_it_came_to_be_imported_and_its_edits_are_seen(folder: Path) -> None:
    (folder / "d.tsv").write_text("a\train\nb\tsun\n")
    (folder / "none.txt").write_text("1 0 b 1\n")
    (folder / "my_irds.py").write_text(DATASET.format(folder=str(folder), qrels="qrels.sw.en.txt"))
    (folder / "through.py").write_text("import my_irds\n")
    script = f"""
import my_irds
own, named = (dict(source="ir_datasets", datasets=["acme/sw"], **more) for more in ({{}}, dict(modules=["my_irds"])))
run("bm25", BM25["settings"], collection=own)
run("bm25", BM25["settings"], collection=named)
run("bm25", BM25["settings"], collection=own, plugins=["my_irds.py"])
run("bm25", BM25["settings"], collection=own, plugins=["through.py"])
run("bm25", BM25["settings"], collection=own, plugins=["through.py"])
Path("my_irds.py").write_text({DATASET.format(folder=str(folder), qrels="none.txt")!r})
run("bm25", BM25["settings"], collection=named)
"""
    *same, edited = printed(folder, script)
    assert same == ["new 1.0"] + ["reused 1.0"] * 4
    assert edited == "new 0.0"
