import json
import os
from pathlib import Path

import pytest

from clir_harness.harness.collections.afriqa import AfriqaConfig, AfriqaSource
from clir_harness.harness.collections.validation import report
from clir_harness.harness.errors import DataError


def gold(data, language, pivot, split, rows):
    """Rows are (id, title, context, question, translation)."""
    keys = ("id", "title", "context", "question_lang", "question_translated")
    path = data / "afriqa" / "gold_passages" / language / f"gold_span_passages.afriqa.{language}.{pivot}.{split}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(dict(zip(keys, row, strict=True))) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def data(tmp_path):
    gold(
        tmp_path, "swa", "en", "test", [("0", "Nile", "A river.", "Mto?", "River?"), ("7", None, None, "Nani?", "Who?")]
    )
    gold(
        tmp_path,
        "hau",
        "en",
        "dev",
        [("0", "Nile", "A  river. ", "Kogi?", "A river?"), ("1", "Kano", "A city.", "?", "?")],
    )
    gold(tmp_path, "fon", "fr", "test", [("0", "Nil", "Un fleuve.", "Tɔ?", "Fleuve?")])
    return tmp_path


def source(data, **settings):
    return AfriqaSource(AfriqaConfig.model_validate(settings), data)


def test_documents_are_the_unique_passages_of_all_languages_with_the_pivot(data):
    documents = list(source(data).load("afriqa/sw-en").documents.stream())

    assert sorted((document.title, document.text) for document in documents) == [
        ("Kano", "A city."),
        ("Nile", "A river."),
    ]
    assert len({document.id for document in documents}) == 2


def test_queries_are_those_of_the_split_that_have_a_passage(data):
    collection = source(data).load("afriqa/sw-en")

    assert [query.id for query in collection.query_set().queries] == ["swa-test-0"]
    assert collection.query_set("human").queries[0].text == "River?"
    assert collection.query_set("human").language == "en"
    assert report(collection).problems == ()


def test_another_split_shares_the_documents_and_has_its_own_id(data):
    test = source(data).load("afriqa/sw-en")
    dev = source(data, split="dev", pairs=["ha-en"]).load("afriqa/dev/ha-en")

    assert dev.documents == test.documents
    assert dev.id == "afriqa/dev/ha-en"
    assert dev.qrels["hau-dev-0"] == test.qrels["swa-test-0"]


def test_all_published_pairs_are_on_offer_and_the_absent_ones_say_so(data):
    entries = {entry.id: entry.missing for entry in source(data).entries()}

    assert entries["afriqa/sw-en"] is None
    assert entries["afriqa/fon-fr"] is None
    assert "no gold_passages/ibo/gold_span_passages.afriqa.ibo.en.test.json" in entries["afriqa/ig-en"]


def test_a_row_without_a_field_is_named_by_file_and_line(data):
    path = gold(data, "swa", "en", "test", [])
    path.write_text('{"id": "0", "context": "x"}\n')

    with pytest.raises(DataError, match=r"swa\.en\.test\.json:1: expected a field 'title', found: id, context"):
        source(data).load("afriqa/sw-en")


DATA = os.environ.get("CLIR_DATA")
TEST_QUESTIONS = {"sw": 295, "ha": 300, "ig": 409, "bem": 308, "rw": 345, "tw": 486, "zu": 325}


@pytest.mark.skipif(DATA is None, reason="CLIR_DATA is not set")
def test_the_test_questions_have_their_published_counts():
    afriqa = source(Path(DATA))
    collections = {language: afriqa.load(f"afriqa/{language}-en") for language in TEST_QUESTIONS}

    assert {name: len(c.query_set().queries) for name, c in collections.items()} == TEST_QUESTIONS
    found = report(afriqa.load("afriqa/fon-fr"))
    assert (found.documents.count, found.n_judged_queries) == (790, 386)
    # 152 rows have no context; the others hold 4,874 passages that differ in more than white space
    assert report(collections["sw"]).documents.count == 4874
    assert report(collections["sw"]).problems == ()
