"""Sides made by hand, and a real store of a system that can be made worse by a setting."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clir_harness.harness.collections.base import Query
from clir_harness.harness.errors import ClirError
from clir_harness.harness.execution.experiment import Experiment
from clir_harness.harness.record import CellState
from clir_harness.harness.system import SearchContext, Searcher, SystemConfig, register_system
from clir_harness.leaderboards.compare.sides import Side, SideCell
from tests.leaderboards.conftest import Scripted


class LimitedConfig(SystemConfig):
    most: int = 10
    fails_on: str = ""
    refuses: str = ""


class LimitedSearcher(Searcher):
    def __init__(self, most: int) -> None:
        self.most = most

    def search(self, queries: Sequence[Query], depth: int) -> list[list[tuple[str, float]]]:
        named = ([word for word in query.text.split() if word.startswith("d")] for query in queries)
        return [[(name, 1.0 / rank) for rank, name in enumerate(ids[: self.most], start=1)] for ids in named]


@register_system("limited")
class Limited(Scripted):
    """Answers a query with the first documents whose ids it names."""

    summary = "answers with the first ids in the query"
    Config = LimitedConfig

    def open(self, folder: Path, context: SearchContext) -> Searcher:
        if context.pair.query == self.config.fails_on:
            raise ClirError("out of luck")
        return LimitedSearcher(self.config.most)


@pytest.fixture
def store_of(world: Any, tmp_path: Path) -> Callable[..., Path]:
    """Makes a store in a folder of a name, with one row `system` of the settings given."""

    def make(name: str, label: str = "system", pairs: Sequence[str] = (), **settings: Any) -> Path:
        changes = {key: settings.pop(key) for key in ("tracks", "measures", "depth") if key in settings}
        suite = world.suite({"system": "limited", "label": label, "settings": settings}, **changes)
        Experiment.from_suite(suite, tmp_path / name, pairs=pairs).run()
        return tmp_path / name

    return make


FACTS = {"depth": "1000", "documents": "d", "judgements": "j", "wording": "original", "queries": "q"}


def cell(*scores: float, measure: str = "AP", **changes: Any) -> SideCell:
    """A cell with scores of the queries q0, q1 ..., alike in everything else."""
    values = np.array(scores)
    known: dict[str, Any] = {
        "state": CellState.DONE,
        "facts": FACTS,
        "versions": {measure: "1"},
        "means": {measure: float(values.mean())},
        "query_ids": tuple(f"q{place}" for place in range(len(values))),
        "scores": {measure: values},
    }
    return SideCell(**(known | changes))


def side(cells: Mapping[tuple[str, str], SideCell], measure: str = "AP", name: str = "side") -> Side:
    """A board of cells without tracks."""
    return Side(name, "store", "made", "0", (measure,), {(*place, ""): one for place, one in cells.items()})
