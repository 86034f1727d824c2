import os
from pathlib import Path

import pytest

from clir_harness.harness.collections.trec import TrecConfig, TrecSource
from clir_harness.harness.collections.validation import report
from clir_harness.harness.errors import DataError

DOCS = "<DOC>\n<DOCNO>d1</DOCNO>\n<TITLE>Schnee</TITLE>\n<TEXT>\nEs schneit.\n</TEXT>\n</DOC>\n"


def topic(title, description):
    return f"<top>\n<num> 41\n<title> {title}\n<desc> {description}\n</top>\n"


@pytest.fixture
def clef(tmp_path):
    folder = tmp_path / "clef"
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "sda.sgml").write_text(DOCS)
    (folder / "topics.EN.txt").write_text(topic("snow", "Where does it snow?"))
    (folder / "topics.FI.txt").write_text(topic("lumi", "Missä sataa lunta?"))
    (folder / "topics.DE.txt").write_text(topic("Schnee", "Wo schneit es?"))
    (folder / "qrels.txt").write_text("41 0 d1 1\n")
    settings = {
        "path": "clef",
        "pairs": ["en-de", "fi-de"],
        "codes": {"en": "EN", "fi": "FI", "de": "DE"},
        "documents": "docs",
        "topics": "topics.{query}.txt",
        "human_topics": "topics.{document}.txt",
        "qrels": "qrels.txt",
        "licence": "CLEF agreement",
    }
    return TrecSource(TrecConfig.model_validate(settings), tmp_path)


def test_a_clef_folder_gives_one_collection_per_pair(clef):
    collection = clef.load("clef/fi-de")

    assert [document.title for document in collection.documents.stream()] == ["Schnee"]
    assert collection.query_set().queries[0].text == "lumi"
    assert collection.query_set("title+description").queries[0].text == "lumi Missä sataa lunta?"
    assert collection.query_set("human").queries[0].text == "Schnee"
    assert collection.query_set("human").language == "de"
    assert collection.qrels == {"41": {"d1": 1}}
    assert collection.licence == "CLEF agreement"
    assert report(collection).problems == ()


def test_all_pairs_share_one_document_set(clef):
    first, second = (clef.load(entry.id) for entry in clef.entries())

    assert first.documents == second.documents


def test_the_original_field_can_be_the_description(clef):
    config = clef.config.model_copy(update={"original": "description"})

    collection = TrecSource(config, clef.data).load("clef/en-de")

    assert collection.query_set().queries[0].text == "Where does it snow?"
    assert collection.query_set("title").queries[0].text == "snow"


def test_a_malformed_judgement_is_named_by_file_and_line(clef):
    (clef.folder / "qrels.txt").write_text("41 0 d1\n")

    with pytest.raises(DataError, match=r"qrels\.txt:1: expected 4 columns"):
        clef.load("clef/en-de")


def test_a_glob_without_a_match_is_missing(clef):
    config = clef.config.model_copy(update={"documents": "docs/*.xml"})

    (entry, _) = TrecSource(config, clef.data).entries()

    assert entry.missing == f"no docs/*.xml in {clef.folder}"


def test_a_topics_file_without_topics_leaves_an_empty_original(clef):
    (clef.folder / "topics.jsonl").write_text("")
    config = clef.config.model_copy(update={"topics": "topics.jsonl", "human_topics": None})

    collection = TrecSource(config, clef.data).load("clef/en-de")

    assert [problem.code for problem in report(collection).errors] == ["no-queries", "unknown-queries"]


DATA = os.environ.get("CLIR_DATA")


@pytest.mark.skipif(DATA is None, reason="CLIR_DATA is not set")
def test_the_hc4_sample_has_its_published_counts():
    settings = {
        "path": "patapsco_samples",
        "pairs": ["en-zh", "zh-zh"],
        "documents": "cc-news-zho-1000.jsonl.gz",
        "topics": "dev.topics.v1-0.jsonl",
        "qrels": "zho.toy-dev.qrels.v1-0.txt",
    }
    source = TrecSource(TrecConfig.model_validate(settings), Path(DATA))

    found = report(source.load("patapsco_samples/en-zh"))

    assert (found.documents.count, found.n_queries, found.n_qrels, found.n_relevant) == (998, 2, 44, 12)
    assert {"original", "title+description", "human", "machine"} <= set(found.variants)
    assert found.errors == ()
    assert source.load("patapsco_samples/zh-zh").query_set().queries[0].text == "尼日利亚当局应对博科圣地组织"
