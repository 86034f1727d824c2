"""Small real stores: collections in files, a system whose answers can be read off its queries."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from clir_harness.harness.collections.base import Document, Query, TestCollection
from clir_harness.harness.collections.jsonl import JsonlSource
from clir_harness.harness.collections.sources import register_collection
from clir_harness.harness.errors import ClirError
from clir_harness.harness.execution.experiment import Experiment
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.suite import Suite
from clir_harness.harness.system import (
    IndexContext,
    RetrievalSystem,
    SearchContext,
    Searcher,
    SystemConfig,
    register_system,
)
from clir_harness.leaderboards.leaderboard import Leaderboard
from clir_harness.leaderboards.reading import read_leaderboard


class ScriptedConfig(SystemConfig):
    fails_on: str = ""
    failure: str = "out of luck"
    refuses: str = ""


class ScriptedSearcher(Searcher):
    def search(self, queries: Sequence[Query], depth: int) -> list[list[tuple[str, float]]]:
        return [
            [(word, 1.0 / rank) for rank, word in enumerate(query.text.split(), start=1) if word.startswith("d")][
                :depth
            ]
            for query in queries
        ]


@register_system("scripted")
class Scripted(RetrievalSystem[ScriptedConfig]):
    """Answers a query with the documents whose ids it names, in that order."""

    summary = "answers with the ids in the query"
    Config = ScriptedConfig

    def supports(self, pair: LanguagePair) -> str | None:
        return f"does not read {pair.query}" if pair.query == self.config.refuses else None

    def index(self, documents: Iterable[Document], folder: Path, context: IndexContext) -> None:
        (folder / "ids").write_text(" ".join(document.id for document in documents))

    def open(self, folder: Path, context: SearchContext) -> Searcher:
        if context.pair.query == self.config.fails_on:
            raise ClirError(self.config.failure)
        return ScriptedSearcher()


@register_collection("generated-jsonl")
class GeneratedSource(JsonlSource):
    """JSONL collections that say that their texts were generated."""

    def build(self, pair: LanguagePair) -> TestCollection:
        return dataclasses.replace(super().build(pair), synthetic=True)


# Per pair: query, documents named by the query, documents named by its human translation, relevant document.
TOPICS = {
    "fr-en": [("q1", "d1", "d1", "d1"), ("q2", "d3 d2", "d2", "d2")],  # RR 1, 1/2
    "uk-en": [("q1", "d4 d1", "d4", "d4")],  # RR 1
    "sw-en": [
        ("q1", "d1 d2", "d1", "d1"),  # RR 1
        ("q2", "d2 d3", "d3", "d3"),  # RR 1/2
        ("q3", "hapana", "d2", "d2"),  # retrieves nothing: 0
        ("q4", "d1", "d1", None),  # no judgement: left out
    ],
    "tl-en": [("q1", "d1 d2 d3", "d3", "d3")],  # RR 1/3
}


@dataclasses.dataclass
class World:
    """A folder with the collections of `TOPICS` and a store beside it."""

    folder: Path

    @property
    def store(self) -> Path:
        return self.folder / "store"

    def write_qrels(self, pair: str, judged: Iterable[tuple[str, str]]) -> None:
        lines = (f"{query} 0 {document} 1\n" for query, document in judged)
        (self.folder / f"qrels.{pair.replace('-', '.')}.txt").write_text("".join(lines))

    def suite(self, *rows: dict[str, Any], **changes: Any) -> Suite:
        source = {
            "source": changes.pop("source", "jsonl"),
            "path": str(self.folder),
            "name": "mini",
            "pairs": changes.pop("pairs", [*TOPICS]),
            "licence": changes.pop("licence", "CC0"),
        }
        values = {"name": "mini", "title": "Mini", "measures": ["RR", "P@1"], "depth": 10, "rows": rows}
        return Suite.model_validate({**values, "collections": [source], **changes})

    def run(self, suite: Suite, systems: Sequence[str] = (), pairs: Sequence[str] = ()) -> None:
        Experiment.from_suite(suite, self.store, systems=systems, pairs=pairs).run()

    def board(self, *rows: dict[str, Any], measures: Sequence[str] | None = None, **changes: Any) -> Leaderboard:
        """The board of a suite that is run now."""
        self.run(self.suite(*rows, **changes))
        return read_leaderboard(self.store, "mini", measures)


@pytest.fixture
def world(tmp_path: Path) -> World:
    folder = tmp_path / "world"
    folder.mkdir()
    documents = [json.dumps({"id": f"d{number}", "text": f"text {number}"}) for number in range(1, 6)]
    (folder / "docs.en.jsonl").write_text("\n".join(documents) + "\n")
    made = World(folder)
    for pair, topics in TOPICS.items():
        lines = (f"{query}\t{original}\t{human}\n" for query, original, human, _ in topics)
        (folder / f"queries.{pair.replace('-', '.')}.tsv").write_text("".join(lines))
        made.write_qrels(pair, [(query, relevant) for query, *_, relevant in topics if relevant])
    return made


@pytest.fixture
def scripted() -> Callable[..., dict[str, Any]]:
    """Makes a row of the scripted system, with a label and settings."""

    def make(label: str, **settings: str) -> dict[str, Any]:
        return {"system": "scripted", "label": label, "settings": settings}

    return make
