import json
import os
from pathlib import Path

import pytest

from clir_harness.harness.collections.base import Document, Query
from clir_harness.harness.collections.squad import LareqaConfig, LareqaSource, SquadConfig, SquadSource
from clir_harness.harness.collections.squad_files import paragraphs_of
from clir_harness.harness.collections.validation import report
from clir_harness.harness.errors import DataError, UsageError


def write_squad(path, contexts, questions):
    """One article; `questions` are (id, text, paragraph, answer start)."""
    paragraphs = [
        {
            "context": context,
            "qas": [
                {"id": q, "question": text, "answers": [{"answer_start": start, "text": "?"}]}
                for q, text, place, start in questions
                if place == number
            ],
            **sentences_of(context),
        }
        for number, context in enumerate(contexts)
    ]
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"data": [{"title": "Warsaw_Pact", "paragraphs": paragraphs}]}), encoding="utf-8")


def sentences_of(context):
    """Sentences end with a full stop, as XQuAD-R gives them."""
    sentences = [part + "." for part in context.split(".") if part]
    begins = [sum(map(len, sentences[:number])) for number in range(len(sentences))]
    breaks = [[begin, begin + len(sentence)] for begin, sentence in zip(begins, sentences, strict=True)]
    return {"sentences": sentences, "sentence_breaks": breaks}


@pytest.fixture
def xquad(tmp_path):
    english = [("q1", "Which?", 0, 0), ("q2", "When?", 1, 5)]
    german = [("q1", "Welche?", 0, 0), ("q2", "Wann?", 1, 6)]
    write_squad(tmp_path / "xquad" / "xquad.en.json", ["Rain. Snow.", "Ice. Fog."], english)
    write_squad(tmp_path / "xquad" / "xquad.de.json", ["Regen. Schnee.", "Eis. Nebel."], german)
    return tmp_path


def squad(data, **settings):
    return SquadSource(SquadConfig.model_validate({"path": "xquad", "pairs": ["de-en", "en-de"], **settings}), data)


def test_questions_in_one_language_find_paragraphs_in_another(xquad):
    collection = squad(xquad).load("xquad/de-en")

    assert list(collection.documents.stream()) == [
        Document("0-0", "Rain. Snow.", "Warsaw Pact"),
        Document("0-1", "Ice. Fog.", "Warsaw Pact"),
    ]
    assert collection.query_set().queries == (Query("q1", "Welche?"), Query("q2", "Wann?"))
    assert collection.query_set("human").queries == (Query("q1", "Which?"), Query("q2", "When?"))
    assert collection.qrels == {"q1": {"0-0": 1}, "q2": {"0-1": 1}}
    assert report(collection).problems == ()


def test_paragraph_ids_are_parallel_over_languages(xquad):
    source = squad(xquad)

    assert source.load("xquad/de-en").qrels == source.load("xquad/en-de").qrels


def test_english_titles_do_not_leak_into_german_paragraphs(xquad):
    titles = {document.title for document in squad(xquad).load("xquad/en-de").documents.stream()}

    assert titles == {""}


def test_all_query_languages_share_the_documents(xquad):
    source = squad(xquad, pairs=["de-en", "en-en"])

    assert source.load("xquad/de-en").documents == source.load("xquad/en-en").documents
    assert list(source.load("xquad/en-en").queries) == ["original"]


def test_a_paragraph_that_occurs_twice_is_one_document(xquad):
    write_squad(xquad / "xquad" / "xquad.en.json", ["Same.", "Same."], [("q1", "?", 0, 0), ("q2", "?", 1, 0)])

    collection = squad(xquad).load("xquad/de-en")

    assert [document.id for document in collection.documents.stream()] == ["0-0"]
    assert collection.qrels == {"q1": {"0-0": 1}, "q2": {"0-0": 1}}


def test_parallel_files_with_other_questions_are_an_error_that_names_them(xquad):
    write_squad(xquad / "xquad" / "xquad.en.json", ["Rain."], [("q1", "Which?", 0, 0), ("q9", "Who?", 0, 0)])

    with pytest.raises(DataError, match=r"xquad\.de\.json: and xquad\.en\.json .* 2 are in one only, e\.g\. q2, q9"):
        squad(xquad).load("xquad/de-en")


def test_a_question_id_that_occurs_twice_is_an_error(xquad):
    write_squad(xquad / "xquad" / "xquad.en.json", ["Rain."], [("q1", "Which?", 0, 0), ("q1", "Who?", 0, 0)])

    with pytest.raises(DataError, match=r"xquad\.en\.json: question id q1 occurs twice"):
        squad(xquad).load("xquad/de-en")


def mlqa(tmp_path, swahili):
    folder = tmp_path / "mlqa"
    english = [("q1", "Which?", 0, 0), ("q2", "When?", 1, 0)]
    write_squad(folder / "test-context-en-question-en.json", ["Rain.", "Snow."], english)
    write_squad(folder / "test-context-en-question-swa.json", ["Snow."], swahili)
    settings = {
        "path": "mlqa",
        "pairs": ["sw-en"],
        "codes": {"sw": "swa"},
        "pattern": "test-context-{document}-question-{query}.json",
    }
    return SquadSource(SquadConfig.model_validate(settings), tmp_path).load("mlqa/sw-en")


def test_mlqa_asks_the_questions_both_files_have_over_all_paragraphs_of_the_language(tmp_path):
    collection = mlqa(tmp_path, [("q2", "Lini?", 0, 0), ("q7", "Nani?", 0, 0)])

    assert collection.query_set().queries == (Query("q2", "Lini?"),)
    assert collection.query_set("human").queries == (Query("q2", "When?"),)
    assert collection.qrels == {"q2": {"0-1": 1}}
    assert len(list(collection.documents.stream())) == 2


def test_mlqa_files_without_a_common_question_are_an_error(tmp_path):
    with pytest.raises(DataError, match="share no question id"):
        mlqa(tmp_path, [("q7", "Nani?", 0, 0)])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", r":1: is not JSON"),
        ('{"data": 1}', ": the file: expected a list of objects under 'data'"),
        ('{"data": [{"paragraphs": [{"qas": []}]}]}', ": article 0, paragraph 0: expected text under 'context'"),
    ],
)
def test_a_file_that_is_not_in_squad_format_says_where(tmp_path, text, complaint):
    path = tmp_path / "x.json"
    path.write_text(text)

    with pytest.raises(DataError, match=rf"x\.json{complaint}"):
        list(paragraphs_of([path]))


def lareqa(data, **settings):
    values = {"path": "xquad", "pairs": ["de-en"], "pattern": "xquad.{lang}.json", "name": "lareqa", **settings}
    return LareqaSource(LareqaConfig.model_validate(values), data)


def test_the_sentence_in_which_the_answer_begins_is_relevant(xquad):
    collection = lareqa(xquad).load("lareqa/de-en")

    assert [(document.id, document.text) for document in collection.documents.stream()] == [
        ("en-0-0-0", "Rain."),
        ("en-0-0-1", " Snow."),
        ("en-0-1-0", "Ice."),
        ("en-0-1-1", " Fog."),
    ]
    assert collection.qrels == {"q1": {"en-0-0-0": 1}, "q2": {"en-0-1-1": 1}}
    assert collection.query_set("human").queries[0] == Query("q1", "Which?")
    assert report(collection).problems == ()


def test_in_a_mixed_pool_the_answer_is_relevant_in_every_language(xquad):
    collection = lareqa(xquad, pairs=["de-mul"], pool="mixed", pool_languages=["en", "de"]).load("lareqa/de-mul")

    assert collection.documents.language == "mul"
    assert len(list(collection.documents.stream())) == 8
    assert collection.qrels == {"q1": {"de-0-0-0": 1, "en-0-0-0": 1}, "q2": {"de-0-1-1": 1, "en-0-1-1": 1}}
    assert list(collection.queries) == ["original"]


@pytest.mark.parametrize(("pool", "pair"), [("mixed", "de-en"), ("document-language", "de-mul")])
def test_pair_and_pool_must_go_together(xquad, pool, pair):
    with pytest.raises(UsageError, match=f"pair {pair} does not go with pool '{pool}'"):
        lareqa(xquad, pairs=[pair], pool=pool)


def test_an_answer_outside_every_sentence_names_the_question(xquad):
    write_squad(xquad / "xquad" / "xquad.en.json", ["Rain."], [("q1", "Which?", 0, 99), ("q2", "When?", 0, 0)])

    with pytest.raises(DataError, match="question q1: the answer begins outside every sentence"):
        lareqa(xquad).load("lareqa/de-en")


DATA = os.environ.get("CLIR_DATA")
needs_data = pytest.mark.skipif(DATA is None, reason="CLIR_DATA is not set")


@needs_data
def test_xquad_has_1190_questions_over_240_paragraphs():
    found = report(squad(Path(DATA), pairs=["th-zh"]).load("xquad/th-zh"))

    assert (found.documents.count, found.n_queries, found.n_relevant) == (240, 1190, 1190)
    assert found.problems == ()


@needs_data
def test_lareqa_has_a_relevant_sentence_in_each_of_seven_languages():
    settings = {"path": "lareqa", "pairs": ["en-mul"], "pattern": "{lang}.json", "pool": "mixed"}
    collection = lareqa(Path(DATA), **settings).load("lareqa/en-mul")
    found = report(collection)

    # sentences: ar 1222, de 1276, en 1180, es 1215, hi 1244, ru 1219, zh 1196
    assert (found.documents.count, found.n_queries) == (8552, 1190)
    assert {len(judged) for judged in collection.qrels.values()} == {7}
    assert found.problems == ()
