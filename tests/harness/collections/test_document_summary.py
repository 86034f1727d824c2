import json

from clir_harness.harness.collections.base import Document, DocumentSet, content_digest
from clir_harness.harness.collections.document_summary import DocumentSummary, summarise


def documents(*rows):
    return DocumentSet("mini", "en", lambda: iter(rows), "1")


def test_a_summary_counts_and_digests_in_stream_order():
    summary = summarise(documents(Document("1", "abc", "T"), Document("2", "é")))

    assert (summary.count, summary.characters) == (2, 5)
    assert summary.digest == content_digest([("1", "T", "abc"), ("2", "", "é")])


def test_ids_that_occur_twice_are_named():
    rows = [Document(str(number % 7), "x") for number in range(10)]

    summary = summarise(documents(*rows))

    assert summary.duplicates == 3
    assert summary.duplicate_ids == ("0", "1", "2")


def test_documents_without_text_or_with_ids_no_run_can_carry_are_named():
    summary = summarise(
        documents(Document("a", " ", ""), Document("b", "", "title"), Document("c d", "x"), Document("", "y"))
    )

    assert (summary.empty, summary.empty_ids) == (1, ("a",))
    assert (summary.unwritable, summary.unwritable_ids) == (2, ("c d", ""))


def test_samples_are_short_however_many_there_are():
    summary = summarise(documents(*(Document(str(number), "") for number in range(1000))))

    assert (summary.empty, len(summary.empty_ids)) == (1000, 5)


def test_no_documents_at_all_can_be_summarised():
    assert summarise(documents()).count == 0


def test_a_summary_survives_json():
    summary = summarise(documents(Document("a", ""), Document("a", "")))

    assert DocumentSummary.from_dict(json.loads(json.dumps(summary.to_dict()))) == summary
