"""clir-harness: benchmark cross-lingual retrieval, with queries in one language and documents in another.

Three jobs. Register a retrieval system, and it runs beside the ones that ship:

    import json
    import clir_harness as clir

    class CommonWords(clir.Searcher):
        def __init__(self, texts):
            self.texts = texts

        def search(self, queries, depth):
            return [self.ranking(set(query.text.split()))[:depth] for query in queries]

        def ranking(self, words):
            scores = [(id, float(len(words & set(text.split())))) for id, text in self.texts]
            return sorted((hit for hit in scores if hit[1]), key=lambda hit: -hit[1])

    @clir.register_system("common-words")
    class CommonWordsSystem(clir.RetrievalSystem):
        summary = "number of words that query and document have in common"

        def index(self, documents, folder, context):
            texts = [[document.id, document.contents] for document in documents]
            (folder / "texts.json").write_text(json.dumps(texts), "utf-8")

        def open(self, folder, context):
            return CommonWords(json.loads((folder / "texts.json").read_text("utf-8")))

Generate a leaderboard over language pairs:

    clir.run("embedded", store="results")
    board = clir.read_leaderboard("results", "embedded")
    print(clir.render(board))

Compare with an earlier result, and be stopped by a regression:

    assert not clir.compare("baseline.json", "results", absolute=0.01).failed

The command line does the same: `clir --help`. Names are imported when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clir_harness.harness.collections.base import Document, Query
    from clir_harness.harness.collections.sources import register_collection
    from clir_harness.harness.evaluation import evaluate
    from clir_harness.harness.runs.run import Run
    from clir_harness.harness.submission import submit
    from clir_harness.harness.system import (
        IndexContext,
        RetrievalSystem,
        SearchContext,
        Searcher,
        SystemConfig,
        register_system,
    )
    from clir_harness.jobs import compare, run
    from clir_harness.leaderboards.leaderboard import Leaderboard
    from clir_harness.leaderboards.reading import read_leaderboard
    from clir_harness.leaderboards.render.formats import render
    from clir_harness.leaderboards.site import publish_site as publish

    __version__: str

__all__ = [
    "Document",
    "IndexContext",
    "Leaderboard",
    "Query",
    "RetrievalSystem",
    "Run",
    "SearchContext",
    "Searcher",
    "SystemConfig",
    "__version__",
    "compare",
    "evaluate",
    "publish",
    "read_leaderboard",
    "register_collection",
    "register_system",
    "render",
    "run",
    "submit",
]

_PLACES = {
    "Document": "harness.collections.base:Document",
    "IndexContext": "harness.system:IndexContext",
    "Leaderboard": "leaderboards.leaderboard:Leaderboard",
    "Query": "harness.collections.base:Query",
    "RetrievalSystem": "harness.system:RetrievalSystem",
    "Run": "harness.runs.run:Run",
    "SearchContext": "harness.system:SearchContext",
    "Searcher": "harness.system:Searcher",
    "SystemConfig": "harness.system:SystemConfig",
    "compare": "jobs:compare",
    "evaluate": "harness.evaluation:evaluate",
    "publish": "leaderboards.site:publish_site",
    "read_leaderboard": "leaderboards.reading:read_leaderboard",
    "register_collection": "harness.collections.sources:register_collection",
    "register_system": "harness.system:register_system",
    "render": "leaderboards.render.formats:render",
    "run": "jobs:run",
    "submit": "harness.submission:submit",
}
"""Where each public name is."""


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        value: Any = version("clir-harness")
    elif name in _PLACES:
        module, _, found = _PLACES[name].partition(":")
        value = getattr(importlib.import_module(f"{__name__}.{module}"), found)
    else:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
