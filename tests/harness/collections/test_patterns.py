"""All files that a pattern stands for are read, in order, compressed or not; their number is shown."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from clir_harness.cli import clir
from clir_harness.harness.collections.base import TestCollection
from clir_harness.harness.collections.documents import read_tsv_documents
from clir_harness.harness.collections.sources import build_source
from clir_harness.harness.collections.topics import read_tsv_topics
from clir_harness.harness.errors import DataError
from clir_harness.harness.runs.run import Run
from clir_harness.systems.parallel_text.bitext import read_bitext
from tests.harness.test_textio import PACKERS


def load(folder: Path, source: str, **settings: object) -> TestCollection:
    built = build_source(source, {"path": str(folder), "pairs": ["sw-en"], **settings}, None)
    return built.load(built.entries()[0].id)


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_trec_topics_judgements_and_documents(tmp_path: Path) -> None:
    write(tmp_path, t1__tsv="1\tukame\n", t2__tsv="2\tmafuriko\n", q1__txt="1 0 a 1\n", q2__txt="2 0 b 1\n")
    write(tmp_path, d1__tsv="a\tdrought\n", d2__tsv="b\tfloods\n")
    settings = {"topics": "t?.tsv", "human_topics": "t[12].tsv", "qrels": "q*.txt", "documents": "d?.tsv"}
    found = load(tmp_path, "trec", **settings)
    assert [query.id for query in found.query_set().queries] == ["1", "2"]
    assert [query.id for query in found.query_set("human").queries] == ["1", "2"]
    assert [document.id for document in found.documents.stream()] == ["a", "b"]
    assert found.qrels == {"1": {"a": 1}, "2": {"b": 1}}
    assert found.description == "2 files of d?.tsv, 2 files of t?.tsv, 2 files of t[12].tsv, 2 files of q*.txt"


def test_beir_shards(tmp_path: Path) -> None:
    for number in (0, 1):
        (tmp_path / f"corpus-{number}.jsonl").write_text(json.dumps({"_id": f"d{number}", "text": "t"}) + "\n")
        (tmp_path / f"queries-{number}.jsonl").write_text(json.dumps({"_id": f"q{number}", "text": "t"}) + "\n")
        (tmp_path / f"test-{number}.tsv").write_text(f"query-id\tcorpus-id\tscore\nq{number}\td{number}\t1\n")
    found = load(tmp_path, "beir", corpus="corpus-*.jsonl", queries="queries-*.jsonl", qrels="test-*.tsv")
    assert [document.id for document in found.documents.stream()] == ["d0", "d1"]
    assert [query.id for query in found.query_set().queries] == ["q0", "q1"]
    assert found.qrels == {"q0": {"d0": 1}, "q1": {"d1": 1}}


def test_jsonl_queries_and_judgements(tmp_path: Path) -> None:
    write(tmp_path, a__q__tsv="1\tukame\n", b__q__tsv="2\tmafuriko\n", a__rel="1 0 a 1\n", b__rel="2 0 a 1\n")
    write(tmp_path, docs__jsonl='{"id": "a", "text": "t"}\n')
    found = load(tmp_path, "jsonl", queries="*.q.tsv", qrels="*.rel", documents="docs.jsonl")
    assert [query.text for query in found.query_set().queries] == ["ukame", "mafuriko"]
    assert set(found.qrels) == {"1", "2"}


def test_squad_files_of_one_language(tmp_path: Path) -> None:
    for language in ("sw", "en"):
        for number in (0, 1):
            question = {"id": f"q{number}", "question": f"{language} {number}?", "answers": []}
            article = {"title": "T", "paragraphs": [{"context": f"text {number}", "qas": [question]}]}
            (tmp_path / f"x{number}.{language}.json").write_text(json.dumps({"data": [article]}))
    found = load(tmp_path, "squad", pattern="x*.{lang}.json")
    assert [query.text for query in found.query_set().queries] == ["sw 0?", "sw 1?"]
    assert [document.text for document in found.documents.stream()] == ["text 0", "text 1"]
    assert found.qrels == {"q0": {"0-0": 1}, "q1": {"1-0": 1}}


def test_judgements_of_one_document_in_two_files_are_refused(tmp_path: Path) -> None:
    write(tmp_path, t__tsv="1\tx\n", q1__txt="1 0 a 1\n", q2__txt="1 0 a 0\n", d__tsv="a\tt\n")
    with pytest.raises(DataError, match=r"q2\.txt:1: document 'a' is judged twice for query '1'"):
        load(tmp_path, "trec", topics="t.tsv", qrels="q?.txt", documents="d.tsv")


@pytest.mark.parametrize("first", ["id\ttext", "docid\ttitle\ttext", "query-id\tquery"])
def test_a_line_of_names_is_no_document_and_no_query(tmp_path: Path, first: str) -> None:
    path = tmp_path / "x.tsv"
    path.write_text(f"{first}\na\tt\n")
    with pytest.raises(DataError, match=r"x\.tsv:1: is a header"):
        list(read_tsv_documents(path))
    path.write_text("qid\tquery\n1\tukame\n")
    with pytest.raises(DataError, match=r"x\.tsv:1: is a header"):
        list(read_tsv_topics(path))


def test_fields_of_json_documents_that_are_not_read_are_counted(tmp_path: Path) -> None:
    record = {"id": "a", "text": "four", "headline": "sixsix", "tags": ["xy", {"k": "z"}], "url": "http://"}
    write(tmp_path, d__jsonl=json.dumps(record), t__tsv="1\tx\n", q__txt="1 0 a 1\n")
    (document,) = load(tmp_path, "trec", topics="t.tsv", qrels="q.txt", documents="d.jsonl").documents.stream()
    assert document.left_out == {"headline": 6, "tags": 3}


@pytest.mark.parametrize("ending", PACKERS)
def test_everything_may_be_compressed(tmp_path: Path, ending: str) -> None:
    pack = PACKERS[ending]
    texts = {
        "d.jsonl": '{"id": "a", "text": "mvua ü"}\n',
        "t.tsv": "1\tukame\n",
        "q.txt": "1 0 a 1\n",
        "b.tsv": "mvua\train\n",
        "x.run": "1 Q0 a 1 2.5 t\n",
        "x.tmx": '<tmx><tu><tuv lang="sw"><seg>mvua</seg></tuv><tuv lang="en"><seg>rain</seg></tuv></tu></tmx>',
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.{ending}").write_bytes(pack(text.encode()))
    settings = {"topics": f"t.tsv.{ending}", "qrels": f"q.txt.{ending}", "documents": f"d.jsonl.{ending}"}
    found = load(tmp_path, "trec", **settings)
    assert [document.text for document in found.documents.stream()] == ["mvua ü"]
    assert found.query_set().queries[0].text == "ukame"
    assert found.qrels == {"1": {"a": 1}}
    assert Run.read(tmp_path / f"x.run.{ending}").ranking("1") == [("a", 2.5)]
    for name in ("b.tsv", "x.tmx"):
        (pair,) = read_bitext(tmp_path / f"{name}.{ending}", "sw")
        assert (pair.source, pair.target) == ("mvua", "rain")


def test_the_number_of_files_is_shown_to_who_looks_at_the_collections(tmp_path: Path) -> None:
    write(tmp_path, t1__tsv="1\tukame\n", t2__tsv="2\tmvua\n", q__txt="1 0 a 1\n2 0 a 1\n", d__tsv="a\tdrought\n")
    suite = "name: s\ntitle: t\nmeasures: [AP]\nrows: [{system: bm25}]\ncollections:\n  - {source: trec, name: mine, "
    suite += 'path: ., pairs: [sw-en], documents: d.tsv, topics: "t?.tsv", qrels: q.txt}\n'
    write(tmp_path, s__yaml=suite)
    shown = CliRunner().invoke(clir, ["collections", "--suite", str(tmp_path / "s.yaml"), "--data", str(tmp_path)])
    assert "mine/sw-en: 2 files of t?.tsv" in shown.stderr
