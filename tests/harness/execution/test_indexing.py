"""Indexes of systems and their components: which systems share one, and who is opened and closed when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar

import pytest

from clir_harness.harness.collections.base import Document, Query
from clir_harness.harness.execution.indexing import index_key, open_searcher, with_components
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.system import (
    IndexContext,
    Ranking,
    RetrievalSystem,
    SearchContext,
    Searcher,
    SystemConfig,
)
from clir_harness.systems.bm25 import BM25
from clir_harness.systems.fusion import RRF


def bm25(**settings: object) -> RetrievalSystem[Any]:
    return BM25.configure(settings)


def rrf(*systems: dict[str, object], **settings: object) -> RetrievalSystem[Any]:
    return RRF.configure({"systems": systems, **settings})


def key(system: RetrievalSystem[Any], documents: str = "digest", language: str = "en", seed: int = 0) -> str:
    return index_key(system, documents, language, seed)


def test_systems_that_differ_in_searching_only_share_an_index() -> None:
    assert key(bm25(k1=0.9)) == key(bm25(k1=1.2, b=0.1))


@pytest.mark.parametrize(
    "other",
    [
        key(bm25(), documents="other"),
        key(bm25(), language="sw"),
        key(bm25(), seed=1),
        key(bm25(analyser="unicode")),
        key(bm25(backend="bm25s")),
    ],
)
def test_other_documents_languages_seeds_and_index_settings_have_another_index(other: str) -> None:
    assert other != key(bm25())


def test_an_index_does_not_depend_on_the_indexes_of_components() -> None:
    one = rrf({"system": "bm25"}, {"system": "bm25", "settings": {"backend": "bm25s"}})
    other = rrf({"system": "bm25"}, {"system": "bm25", "settings": {"backend": "bm25s", "k1": 2.0}}, k=10)
    assert key(one) == key(other)
    kept, changed = zip(map(key, one.components()), map(key, other.components()), strict=True)
    assert kept[0] == kept[1] == key(bm25())
    assert changed[0] != changed[1]


def test_components_come_before_the_system_that_needs_them_however_deep_they_are() -> None:
    inner = {"system": "rrf", "settings": {"systems": [{"system": "bm25", "settings": {"k1": n}} for n in (1, 2)]}}
    found = list(with_components(rrf(inner, {"system": "bm25", "settings": {"k1": 3}})))
    assert [(part.name, getattr(part.config, "k1", None)) for part in found] == [
        ("bm25", 1.0),
        ("bm25", 2.0),
        ("rrf", None),
        ("bm25", 3.0),
        ("rrf", None),
    ]


class Logged(Searcher):
    """Notes when it is opened and closed."""

    def __init__(self, name: str, log: list[str]) -> None:
        self.name, self.log = name, log
        log.append(f"open {name}")

    def search(self, queries: Sequence[Query], depth: int) -> Sequence[Ranking]:
        return [[(f"{self.name}{rank}", -float(rank)) for rank in range(depth)] for _ in queries]

    def close(self) -> None:
        self.log.append(f"close {self.name}")


class Config(SystemConfig):
    label: str
    parts: tuple[str, ...] = ()
    breaks: bool = False


class LoggedSystem(RetrievalSystem[Config]):
    name = "logged"
    Config = Config
    log: ClassVar[list[str]] = []

    def components(self) -> list[RetrievalSystem[Any]]:
        return [LoggedSystem(Config(label=part)) for part in self.config.parts]

    def index(self, documents: Iterable[Document], folder: Path, context: IndexContext) -> None:
        pass

    def open(self, folder: Path, context: SearchContext) -> Searcher:
        if self.config.breaks:
            raise RuntimeError(f"{folder.name} cannot be opened")
        assert [part.name for part in context.components if isinstance(part, Logged)] == list(self.config.parts)
        return Logged(folder.name, self.log)


def opened(system: LoggedSystem, stack: ExitStack, *, drop_self: bool = False) -> Searcher:
    LoggedSystem.log.clear()
    context = SearchContext(LanguagePair("sw", "en"), 0, 1)
    return open_searcher(system, lambda part: Path(part.config.label), context, stack, drop_self=drop_self)


def test_components_are_opened_first_and_all_are_closed_in_the_other_order() -> None:
    with ExitStack() as stack:
        opened(LoggedSystem(Config(label="whole", parts=("a", "b"))), stack)
        assert LoggedSystem.log == ["open a", "open b", "open whole"]
    assert LoggedSystem.log[3:] == ["close whole", "close b", "close a"]


def test_components_are_closed_when_the_system_cannot_be_opened() -> None:
    with pytest.raises(RuntimeError, match="whole cannot be opened"), ExitStack() as stack:
        opened(LoggedSystem(Config(label="whole", parts=("a", "b"), breaks=True)), stack)
    assert LoggedSystem.log == ["open a", "open b", "close b", "close a"]


@pytest.mark.parametrize(
    ("query", "depth", "found"),
    [
        ("a0", 2, ["a1", "a2"]),
        ("a2", 2, ["a0", "a1"]),
        ("a9", 2, ["a0", "a1"]),
        ("a0", 1, ["a1"]),
    ],
)
def test_without_itself_a_query_gets_as_many_documents_as_it_asked_for(
    query: str, depth: int, found: list[str]
) -> None:
    with ExitStack() as stack:
        searcher = opened(LoggedSystem(Config(label="a")), stack, drop_self=True)
        (ranking,) = searcher.search((Query(query, "text"),), depth)
    assert [document for document, _ in ranking] == found
