"""Faults of a collection that a suite allows: named, up to a share, said on the board; nothing else changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clir_harness.harness.collections.allowances import ALLOWABLE
from clir_harness.harness.errors import CollectionError, UnknownNameError, UsageError
from clir_harness.harness.execution.catalogue import Catalogue, CatalogueEntry
from clir_harness.harness.execution.experiment import Experiment
from clir_harness.harness.store import Store
from clir_harness.harness.suite import load_suite
from clir_harness.leaderboards.leaderboard import Leaderboard
from clir_harness.leaderboards.reading import read_leaderboard
from clir_harness.leaderboards.render.formats import render

SUITE = """\
name: tiny
title: Four documents
measures: [AP, RR]
depth: 10
rows:
  - {system: bm25, label: BM25, settings: {backend: bm25s}}
collections:
  - {source: jsonl, path: tiny, pairs: [sw-en]ALLOW}
"""


class Tiny:
    """The hand-written collection, spoilt in one way or another."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.folder = data / "tiny"
        self.store = data / "store"

    def spoil(self, name: str, text: str) -> None:
        with (self.folder / name).open("a") as file:
            file.write(text)

    def suite(self, allow: str = "") -> Path:
        path = self.data / "suite.yaml"
        path.write_text(SUITE.replace("ALLOW", allow and f", allow: {allow}"))
        return path

    def look(self, allow: str = "") -> CatalogueEntry:
        suite = load_suite(self.suite(allow))
        (entry,) = Catalogue(suite.collections, self.data, Store(self.store)).entries()
        assert entry.facts is not None
        return entry

    def warnings(self, allow: str = "") -> list[str]:
        return list(self.look(allow).facts.warnings)

    def run(self, allow: str = "") -> Leaderboard:
        assert not Experiment.from_suite(self.suite(allow), self.store, data=self.data).run().failed
        return read_leaderboard(self.store, "tiny")


@pytest.fixture
def collection(tiny: Path) -> Tiny:
    return Tiny(tiny)


EMPTY = json.dumps({"id": "d9", "text": ""}) + "\n"
SPOILT = {
    "empty_documents": ("docs.en.jsonl", EMPTY, "1 of 5 documents have neither title nor text", "20 %"),
    "duplicate_documents": (
        "docs.en.jsonl",
        json.dumps({"id": "d1", "text": "again"}) + "\n",
        "1 document ids occur more than once",
        "20 %",
    ),
    "unknown_queries": (
        "qrels.sw.en.txt",
        "q9 0 d1 1\n",
        "1 judged queries are not in the collection, e.g. 'q9'",
        "25 %",
    ),
    "empty_queries": ("queries.sw.en.tsv", "q4\t \tbridge\n", "1 queries of 'original' have no text", "25 %"),
    "duplicate_queries": (
        "queries.sw.en.tsv",
        "q1\tmaji\twater\n",
        "1 query ids occur more than once in 'original' and 'human'",
        "25 %",
    ),
}


def test_every_allowance_is_tried_here() -> None:
    assert SPOILT.keys() == ALLOWABLE.keys()


@pytest.mark.parametrize("name", SPOILT)
def test_the_refusal_names_the_line_to_write_and_with_it_the_collection_runs_and_the_board_says_so(
    collection: Tiny, name: str
) -> None:
    file, text, said, share = SPOILT[name]
    collection.spoil(file, text)
    with pytest.raises(CollectionError) as refused:
        collection.run()
    assert said in str(refused.value)
    line = f"{{{name}: {share}}}"
    assert f"allow: {line}" in str(refused.value)

    board = collection.run(line)
    for shown in (render(board), render(board, "json")):
        assert f"(allowed: {name}: {share})" in shown.replace("\\", "")
    assert any(said.split(",")[0] in warning for warning in board.columns[0].warnings)


def test_true_allows_any_number_and_a_share_that_is_too_small_names_the_one_that_is_needed(collection: Tiny) -> None:
    collection.spoil("docs.en.jsonl", EMPTY)
    assert any(
        "allowed: empty_documents: true" in warning for warning in collection.warnings("{empty_documents: true}")
    )
    with pytest.raises(CollectionError, match=r"allowed: empty_documents: 5 %.*\n.*allow: \{empty_documents: 20 %\}"):
        collection.look("{empty_documents: 5 %}")
    with pytest.raises(CollectionError):
        collection.look("{empty_documents: false}")


def test_judgements_of_unknown_queries_are_left_out_and_the_others_score_as_ever(collection: Tiny) -> None:
    clean = collection.run()
    collection.spoil("qrels.sw.en.txt", "q9 0 d1 1\n")
    board = collection.run("{unknown_queries: true}")
    assert board.rows[0].entries[0].record.key == clean.rows[0].entries[0].record.key
    assert (board.columns[0].judged_queries, board.columns[0].judgements) == (3, 4)


def test_the_first_of_documents_and_queries_with_one_id_counts(collection: Tiny) -> None:
    clean = collection.look()
    collection.spoil("docs.en.jsonl", json.dumps({"id": "d1", "text": "again"}) + "\n")
    collection.spoil("queries.sw.en.tsv", "q1\tmaji\twater\n")
    found = collection.look("{duplicate_documents: true, duplicate_queries: true}")
    for count in ("documents", "queries", "documents_digest", "qrels_digest"):
        assert getattr(found.facts, count) == getattr(clean.facts, count)
    assert found.query_digests == clean.query_digests


def test_an_allowance_that_is_not_needed_is_said_and_changes_no_result(collection: Tiny) -> None:
    clean = collection.run()
    board = collection.run("{empty_documents: 5 %, unknown_queries: true}")
    assert board.columns[0].warnings == (
        "allow: {empty_documents: 5 %} is not needed",
        "allow: {unknown_queries: true} is not needed",
    )
    assert board.rows[0].entries[0].record.key == clean.rows[0].entries[0].record.key


def test_faults_that_leave_nothing_to_score_have_no_allowance(collection: Tiny) -> None:
    collection.spoil("docs.en.jsonl", json.dumps({"id": "d 9", "text": "spaced"}) + "\n")
    collection.spoil("qrels.sw.en.txt", "q9 0 d1 1\n")
    with pytest.raises(CollectionError, match="1 document ids cannot be written into a TREC run") as refused:
        collection.look()
    assert str(refused.value).endswith("allow: {unknown_queries: 25 %}")


@pytest.mark.parametrize(
    ("allow", "error", "message"),
    [
        ("{empty_document: 5 %}", UnknownNameError, "did you mean 'empty_documents'"),
        ("{document_ids: true}", UnknownNameError, "unknown allowance 'document_ids'"),
        ("{empty_documents: 5}", UsageError, "expected true or a share in per cent, found 5"),
        ("{empty_documents: 0.05}", UsageError, "expected true or a share in per cent, found 0.05"),
        ("{empty_documents: 105 %}", UsageError, "found '105 %'"),
        ("{empty_documents: -5 %}", UsageError, "found '-5 %'"),
        ("{empty_documents: \u0665 %}", UsageError, "found '\u0665 %'"),
        ("{empty_documents: }", UsageError, "found None"),
        ("true", UsageError, "expected names with shares, found True"),
        ("[empty_documents]", UsageError, "expected names with shares"),
    ],
)
def test_what_is_no_allowance_is_refused(collection: Tiny, allow: str, error: type[UsageError], message: str) -> None:
    with pytest.raises(error) as refused:
        collection.look(allow)
    assert message in str(refused.value)
