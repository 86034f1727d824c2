import os
from pathlib import Path

import pytest

from clir_harness.harness.collections.base import Query
from clir_harness.harness.collections.jsonl import JsonlConfig, JsonlSource, read_translated_queries
from clir_harness.harness.collections.validation import report
from clir_harness.harness.errors import DataError
from clir_harness.harness.languages import LanguagePair

SW_EN = LanguagePair("sw", "en")


def test_documents_queries_with_translations_and_qrels_make_a_collection(tmp_path):
    folder = tmp_path / "mini"
    folder.mkdir()
    (folder / "docs.en.jsonl").write_text('{"id": "d1", "text": "It floods."}\n')
    (folder / "queries.swa.en.tsv").write_text("q1\tmafuriko\tfloods\n")
    (folder / "qrels.swa.en.txt").write_text("q1 0 d1 1\n")
    config = JsonlConfig.model_validate({"path": "mini", "pairs": ["sw-en"], "codes": {"sw": "swa"}})

    collection = JsonlSource(config, tmp_path).load("mini/sw-en")

    assert collection.query_set().queries == (Query("q1", "mafuriko"),)
    assert collection.query_set("human").queries == (Query("q1", "floods"),)
    assert collection.query_set("human").language == "en"
    assert report(collection).problems == ()


def test_two_columns_mean_no_human_variant(tmp_path):
    path = tmp_path / "q.tsv"
    path.write_text("q1\tmafuriko\n")

    assert list(read_translated_queries([path], SW_EN)) == ["original"]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("q2", "expected 2 or 3 columns .* found 1"),
        ("q2\tmvua", "expected 3 columns as above, found 2"),
    ],
)
def test_a_malformed_query_is_named_by_file_and_line(tmp_path, line, complaint):
    path = tmp_path / "q.tsv"
    path.write_text(f"q1\tmafuriko\tfloods\n{line}\n")

    with pytest.raises(DataError, match=rf"q\.tsv:2: {complaint}"):
        read_translated_queries([path], SW_EN)


DATA = os.environ.get("CLIR_DATA")


@pytest.mark.skipif(DATA is None, reason="CLIR_DATA is not set")
@pytest.mark.parametrize(
    ("pair", "code", "documents", "queries"), [("sw-en", "swa", 5356, 295), ("fon-fr", "fon", 790, 386)]
)
def test_afriqa_in_this_format_has_its_published_counts(pair, code, documents, queries):
    settings = {
        "path": "afriqa_jsonl",
        "pairs": [pair],
        "codes": {pair.split("-")[0]: code},
        "queries": "queries.{query}.{document}.test.tsv",
        "qrels": "qrels.{query}.{document}.test.txt",
    }
    found = report(JsonlSource(JsonlConfig.model_validate(settings), Path(DATA)).load(f"afriqa_jsonl/{pair}"))

    assert (found.documents.count, found.n_queries, found.n_judged_queries) == (documents, queries, queries)
    assert found.problems == ()
