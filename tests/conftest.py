"""What several tests need: the real data folder, small collections written by hand, and plugin files."""

import json
import os
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

DOCUMENTS = {
    "d1": "Floods closed the bridge in Kisumu.",
    "d2": "Teachers in Nairobi asked for higher pay.",
    "d3": "Maize prices rose after the drought.",
    "007": "The bridge over the river was repaired in Nairobi.",
}
QUERIES = {
    "q1": ("daraja la Kisumu", "bridge in Kisumu"),
    "q2": ("mishahara ya walimu Nairobi", "pay of teachers in Nairobi"),
    "q3": ("ukame na mahindi", "drought and maize"),
}
QRELS = {"q1": {"d1": 2, "007": 1}, "q2": {"d2": 1}, "q3": {"d3": 1}}


@pytest.fixture
def data() -> Path:
    """The folder with real collections that CLIR_DATA names; tests that need it are skipped without it."""
    folder = os.environ.get("CLIR_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("needs real collections: set CLIR_DATA to their folder")
    return Path(folder)


def write_collection(folder: Path, pair: str = "sw.en") -> Path:
    """A JSONL collection with four documents and three queries, each with a human translation."""
    folder.mkdir(parents=True, exist_ok=True)
    target = pair.split(".")[1]
    lines = [json.dumps({"id": key, "text": text}) + "\n" for key, text in DOCUMENTS.items()]
    (folder / f"docs.{target}.jsonl").write_text("".join(lines))
    lines = [f"{key}\t{original}\t{human}\n" for key, (original, human) in QUERIES.items()]
    (folder / f"queries.{pair}.tsv").write_text("".join(lines))
    lines = [f"{query} 0 {doc} {grade}\n" for query, judged in QRELS.items() for doc, grade in judged.items()]
    (folder / f"qrels.{pair}.txt").write_text("".join(lines))
    return folder


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """Folder to pass as --data: the hand-written collection in `tiny/`, Swahili and Somali into English."""
    write_collection(tmp_path / "data" / "tiny", "sw.en")
    write_collection(tmp_path / "data" / "tiny", "so.en")
    return tmp_path / "data"


SUITE = """\
name: tiny
title: Four documents
measures: [AP, nDCG@10, RR]
depth: 10
rows:
  - {system: bm25, label: BM25, settings: {backend: bm25s}}
  - {system: bm25, label: BM25 human, queries: human, settings: {backend: bm25s}}
collections:
  - {source: jsonl, path: tiny, pairs: [sw-en, so-en, ha-en]}
"""


@pytest.fixture
def tiny_suite(tmp_path: Path) -> Path:
    """A suite over the hand-written collection; the files of its third pair are absent."""
    path = tmp_path / "tiny.yaml"
    path.write_text(SUITE)
    return path


PLUGIN = '''
import os, signal
from clir_harness.harness.system import RetrievalSystem, Searcher, register_system

class Constant(Searcher):
    """Returns the same documents for every query, all with the same score."""
    def __init__(self, ids):
        self.ids = ids
    def search(self, queries, depth):
        return [[(doc, 1.0) for doc in self.ids[:depth]] for _ in queries]

class Base(RetrievalSystem):
    summary = "test system"
    def index(self, documents, folder, context):
        (folder / "ids").write_text("\\n".join(d.id for d in documents))
    def open(self, folder, context):
        return Constant((folder / "ids").read_text().split("\\n"))

@register_system("constant")
class ConstantSystem(Base):
    pass

@register_system("raises")
class Raises(Base):
    def open(self, folder, context):
        raise RuntimeError("the model is made of cheese")

@register_system("dies")
class Dies(Base):
    def open(self, folder, context):
        if context.pair.query == "so":
            os.kill(os.getpid(), signal.SIGKILL)
        return super().open(folder, context)

@register_system("latin-only")
class LatinOnly(Base):
    def supports(self, pair):
        return "Somali is not supported" if pair.query == "so" else None
'''


@pytest.fixture(scope="session")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plugin file with a constant scorer, a system that raises, one that is killed, and one that refuses Somali."""
    path = tmp_path_factory.mktemp("plugin") / "test_systems.py"
    path.write_text(PLUGIN)
    return path


LOOKUP = '''
import json
from pathlib import Path

from pydantic import Field

from clir_harness.harness.errors import DataError, MissingDataError
from clir_harness.harness.system import Searcher, SystemConfig, register_system
from clir_harness.harness.textio import numbered_lines
from clir_harness.harness.training import TrainableSystem, TrainingSettings


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
        context.progress(1, 1, "counted")
        with (context.scratch.parents[1] / "trainings").open("a") as log:
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


@pytest.fixture(scope="session")
def lookup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plugin with a trainable system whose "model" is the vocabulary of the parallel text."""
    path = tmp_path_factory.mktemp("plugin") / "lookup.py"
    path.write_text(LOOKUP)
    return path
