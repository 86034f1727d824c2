"""Collections that running code registers, as in a notebook: the same rules and settings as for files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest

from clir_harness.harness.collections.base import (
    CollectionEntry,
    CollectionSource,
    Document,
    DocumentSet,
    Query,
    QuerySet,
    TestCollection,
)
from clir_harness.harness.collections.sources import register_collection
from clir_harness.harness.errors import CollectionError, DataError
from clir_harness.harness.execution.experiment import Experiment
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.suite import Suite
from clir_harness.leaderboards.leaderboard import Leaderboard
from clir_harness.leaderboards.reading import read_leaderboard

PAIR = LanguagePair("sw", "en")
DOCUMENTS = [Document("q1", "flood water"), Document("d2", "flood")]
QUERIES = [Query("q1", "flood water")]


@register_collection("in-memory")
class InMemory(CollectionSource):
    """Whatever a test puts into `collection`."""

    summary = "test source"
    collection: ClassVar[TestCollection]

    def entries(self) -> list[CollectionEntry]:
        return [CollectionEntry("memory/sw-en", PAIR)]

    def load(self, entry_id: str) -> TestCollection:
        return self.collection


def run(store: Path, documents: list[Document], queries: list[Query], qrels: Any, **settings: object) -> Leaderboard:
    InMemory.collection = TestCollection(
        "memory/sw-en",
        PAIR,
        DocumentSet("memory", "en", lambda: iter(documents), repr(documents)),
        {"original": QuerySet("sw", tuple(queries))},
        qrels,
    )
    suite = Suite.model_validate(
        {
            "name": "memory",
            "title": "In memory",
            "measures": ["RR"],
            "depth": 1,
            "rows": [{"system": "bm25", "settings": {"backend": "bm25s"}}],
            "collections": [{"source": "in-memory", **settings}],
        }
    )
    assert not Experiment.from_suite(suite, store).run().failed
    return read_leaderboard(store, "memory")


def test_it_has_the_settings_that_every_source_has(tmp_path: Path) -> None:
    qrels = {"q1": {"d2": 1}, "q9": {"d2": 1}}
    board = run(tmp_path, DOCUMENTS, QUERIES, qrels, drop_self=True, allow={"unknown_queries": "50 %"})
    assert board.rows[0].entries[0].means == {"RR": 1.0}
    assert [warning.split(" (")[0] for warning in board.columns[0].warnings] == [
        "1 judged queries are not in the collection",
        "the document whose id is the query's is left out of every ranking",
    ]


@pytest.mark.parametrize(
    ("documents", "queries"),
    [
        ([Document("d\ud800", "flood"), *DOCUMENTS], QUERIES),
        ([Document("d 1", "flood"), *DOCUMENTS], QUERIES),
        ([Document("d1", "flood\udfff"), *DOCUMENTS], QUERIES),
        ([Document("d\ud800", ""), *DOCUMENTS], QUERIES),
        ([Document("d\ud800", "x"), Document("d\ud800", "x"), *DOCUMENTS], QUERIES),
        (DOCUMENTS, [*QUERIES, Query("q\ud800", "flood")]),
        (DOCUMENTS, [*QUERIES, Query("q2", "\ud800")]),
    ],
)
def test_what_cannot_be_written_is_told_before_anything_runs(
    documents: list[Document], queries: list[Query], tmp_path: Path
) -> None:
    with pytest.raises(CollectionError, match="lone surrogate"):
        run(tmp_path / "store", documents, queries, {"q1": {"d2": 1}})
    assert not (tmp_path / "store" / "cells").exists()


@pytest.mark.parametrize(
    ("qrels", "found"),
    [
        ({"q1": {"d2": 1.5}}, "'q1', 'd2', 1.5"),
        ({"q1": {"d2": True}}, "'q1', 'd2', True"),
        ({"q1": {"d2": "1"}}, "'q1', 'd2', '1'"),
        ({"q1": {"d2": 2**63}}, f"'q1', 'd2', {2**63}"),
        ({"q1": {2: 1}}, "'q1', 2, 1"),
        ({1: {"d2": 1}}, "1, 'd2', 1"),
        ({"q1": ["d2"]}, r"\['d2'\]"),
    ],
)
def test_judgements_of_another_form_are_refused(qrels: Any, found: str, tmp_path: Path) -> None:
    with pytest.raises(CollectionError, match=f"collection memory/sw-en: expected .* found {found}"):
        run(tmp_path, DOCUMENTS, QUERIES, qrels)


@pytest.mark.parametrize("make", [lambda: Document(1, "x"), lambda: Query("q1", None), lambda: Document("d", "x", 2)])  # type: ignore[arg-type]
def test_ids_and_texts_are_text(make: Any) -> None:
    with pytest.raises(DataError, match="expected text, found"):
        make()
