import pytest

from clir_harness.harness.collections.base import Document, Query
from clir_harness.harness.collections.beir import BeirConfig, BeirSource, read_beir_qrels
from clir_harness.harness.errors import DataError


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "mini"
    (place / "qrels").mkdir(parents=True)
    (place / "corpus.jsonl").write_text('{"_id": "d1", "title": "River", "text": "It floods.", "metadata": {}}\n')
    (place / "queries.jsonl").write_text('{"_id": "q1", "text": "mafuriko"}\n{"_id": "q2", "text": "mvua"}\n')
    (place / "queries_en.jsonl").write_text('{"_id": "q1", "text": "floods"}\n{"_id": "q2", "text": "rain"}\n')
    (place / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t2\n")
    return place


def load(folder, **settings):
    config = BeirConfig.model_validate({"path": "mini", "pairs": ["sw-en"], **settings})
    return BeirSource(config, folder.parent).load("mini/sw-en")


def test_the_beir_layout_is_read_with_the_queries_of_the_split_alone(folder):
    collection = load(folder)

    assert list(collection.documents.stream()) == [Document("d1", "It floods.", "River")]
    assert collection.query_set().queries == (Query("q1", "mafuriko"),)
    assert collection.qrels == {"q1": {"d1": 2}}


def test_a_second_query_file_is_the_human_variant(folder):
    human = load(folder, human_queries="queries_{document}.jsonl").query_set("human")

    assert (human.language, human.queries) == ("en", (Query("q1", "floods"),))


def test_judgements_without_header_lose_no_line(folder):
    (folder / "qrels" / "test.tsv").write_text("q1\td1\t1\nq2\td1\t0\n")

    assert read_beir_qrels(folder / "qrels" / "test.tsv") == {"q1": {"d1": 1}, "q2": {"d1": 0}}


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("q1 d1 1", "expected 3 columns"),
        ("q1\td1\thigh", "expected an integer grade, found 'high'"),
        ("q1\td1\t1", "document 'd1' is judged twice for query 'q1'"),
    ],
)
def test_a_malformed_judgement_is_named_by_file_and_line(folder, line, complaint):
    path = folder / "qrels" / "test.tsv"
    path.write_text(path.read_text() + line + "\n")

    with pytest.raises(DataError, match=rf"test\.tsv:3: {complaint}"):
        read_beir_qrels(path)
