from pathlib import Path

import pytest

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


@pytest.fixture(scope="session")
def lookup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plugin with a trainable system whose "model" is the vocabulary of the parallel text."""
    path = tmp_path_factory.mktemp("plugin") / "lookup.py"
    path.write_text(LOOKUP)
    return path
