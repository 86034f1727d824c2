import json
import re
from dataclasses import replace

import pytest

from clir_harness.harness.collections.base import Document, DocumentSet, Query, QuerySet, TestCollection
from clir_harness.harness.collections.validation import CollectionReport, report, summarise, validate
from clir_harness.harness.errors import CollectionError
from clir_harness.harness.languages import LanguagePair


def documents(*rows):
    return DocumentSet("mini/en", "en", lambda: iter(rows), "1")


def queries(*ids, language="sw", text="maji"):
    return QuerySet(language, tuple(Query(query, text) for query in ids))


SOUND = TestCollection(
    id="mini/sw-en",
    pair=LanguagePair("sw", "en"),
    documents=documents(Document("d1", "water"), Document("d2", "fire")),
    queries={"original": queries("q1", "q2"), "human": queries("q1", "q2", language="en")},
    qrels={"q1": {"d1": 1, "d2": 0}, "q2": {"d2": 2}},
)


def codes(problems):
    return [problem.code for problem in problems]


def test_a_sound_collection_has_no_problems_and_its_counts_are_told():
    found = report(SOUND)

    assert found.problems == ()
    assert (found.documents.count, found.n_queries, found.n_judged_queries) == (2, 2, 2)
    assert (found.n_qrels, found.n_relevant, found.variants) == (3, 2, ("original", "human"))
    found.raise_for_errors()


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"queries": {}}, "no-queries", "there are no queries"),
        ({"queries": {"original": queries()}}, "no-queries", "there are no queries"),
        ({"queries": {"original": queries("q1", "q2", "q1")}}, "duplicate-queries", "1 query ids .* 'q1'"),
        (
            {"queries": {"original": queries("q1", "q2", text=" ")}},
            "empty-queries",
            "2 queries of 'original' .* 'q1', 'q2'",
        ),
        (
            {"queries": {"original": queries("q1")}},
            "unknown-queries",
            "1 judged queries are not in the collection, e.g. 'q2'",
        ),
        ({"qrels": {}}, "no-judgements", "empty qrels"),
        ({"qrels": {"q1": {}}}, "no-judgements", "empty qrels"),
        ({"qrels": {"301": {"d1": 1}}}, "no-judged-queries", "none of 2 queries has judgements"),
        ({"qrels": {"q1": {"d1": 0}, "q2": {"d1": -1}}}, "no-relevant", "no judgement has a grade above 0"),
        ({"documents": documents()}, "no-documents", "there are no documents"),
        (
            {"documents": documents(Document("d1", "a"), Document("d2", "b"), Document("d1", "c"))},
            "duplicate-documents",
            "1 document ids occur more than once, e.g. 'd1'",
        ),
        (
            {"documents": documents(Document("d1", ""), Document("d2", "b"))},
            "empty-documents",
            "1 of 2 documents have neither title nor text, e.g. 'd1'",
        ),
        (
            {"documents": documents(Document("d1", "a"), Document("d2", "b"), Document("d\u00a03", "c"))},
            "document-ids",
            r"1 document ids cannot be written into a TREC run.*white space.*'d\\xa03'",
        ),
        ({"pair": LanguagePair("ha", "en")}, "language", "the original queries are in 'sw', but the pair is ha-en"),
        ({"pair": LanguagePair("sw", "fr")}, "language", "the documents are in 'en', but the pair is sw-fr"),
    ],
)
def test_what_keeps_a_collection_from_being_scored_is_an_error(change, code, message):
    found = report(replace(SOUND, **change))

    assert code in codes(found.errors)
    with pytest.raises(CollectionError, match=message):
        found.raise_for_errors()


def test_query_ids_with_white_space_are_an_error():
    bad = replace(SOUND, queries={"original": queries("q1", "q 2")}, qrels={"q1": {"d1": 1}, "q 2": {"d1": 1}})

    assert codes(report(bad).errors) == ["query-ids"]


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"qrels": {"q1": {"d1": 1}}}, "unjudged-queries", "1 queries have no judgements, e.g. 'q2'"),
        ({"qrels": {"q1": {"d1": 1}, "q2": {"d1": 0}}}, "no-relevant-queries", "1 queries have no relevant .* 'q2'"),
        ({"qrels": {"q1": {"d1": 1}, "q2": {"d9": 1}}}, "unknown-documents", "1 of 2 judged documents .* 'd9'"),
        (
            {"queries": {"original": queries("q1", "q2"), "human": queries("q1", language="en")}},
            "incomplete-variant",
            "1 judged queries are not in 'human', e.g. 'q2'",
        ),
    ],
)
def test_what_real_collections_do_have_is_a_warning(change, code, message):
    found = report(replace(SOUND, **change))

    assert codes(found.problems) == [code]
    assert found.errors == ()
    found.raise_for_errors()
    assert re.search(message, found.warnings[0].message)


def test_few_documents_without_text_are_a_warning():
    many = [Document(f"d{number}", "text") for number in range(1, 200)]

    found = report(replace(SOUND, documents=documents(*many, Document("bare", ""))))

    assert codes(found.warnings) == ["empty-documents"]
    assert found.errors == ()


def test_one_pass_over_the_documents_is_enough():
    passes = []

    def stream():
        passes.append(1)
        return iter([Document("d1", "water"), Document("d2", "fire")])

    report(replace(SOUND, documents=replace(SOUND.documents, stream=stream)))

    assert len(passes) == 1


def test_with_a_known_summary_documents_are_read_only_for_the_judged_ids():
    read = []

    def stream():
        for document in (Document("d1", "water"), Document("d2", "fire"), Document("d3", "air")):
            read.append(document.id)
            yield document

    collection = replace(SOUND, documents=replace(SOUND.documents, stream=stream))
    summary = summarise(collection.documents)
    read.clear()

    assert report(collection, summary, look_up_judged=False).problems == ()
    assert read == []
    assert report(collection, summary).problems == ()
    assert read == ["d1", "d2"]


def test_all_errors_are_told_at_once():
    with pytest.raises(CollectionError) as caught:
        report(replace(SOUND, qrels={}, documents=documents())).raise_for_errors()

    assert "mini/sw-en cannot be scored" in str(caught.value)
    assert "no documents" in str(caught.value)
    assert "no judgements" in str(caught.value)


def test_errors_come_before_warnings():
    problems = validate(replace(SOUND, qrels={"q1": {"d9": 1}, "q7": {"d1": 1}}))

    assert codes(problems) == ["unknown-queries", "unjudged-queries", "unknown-documents"]


def test_a_report_survives_json():
    found = report(replace(SOUND, qrels={"q1": {"d9": 1}, "q7": {"d1": 1}}))

    assert CollectionReport.from_dict(json.loads(json.dumps(found.to_dict()))) == found
