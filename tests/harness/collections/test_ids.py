"""Ids through every source: what validation takes can be written into a run and judgements, and comes back the same."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from clir_harness.harness.characters import is_id
from clir_harness.harness.collections.base import Document, DocumentSet, Query, QuerySet, TestCollection
from clir_harness.harness.collections.qrels import format_qrels, read_qrels
from clir_harness.harness.collections.registration import register_in_ir_datasets
from clir_harness.harness.collections.sources import build_source
from clir_harness.harness.collections.validation import report
from clir_harness.harness.errors import DataError
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.runs.run import Run

INSIDE = {
    "nothing": "",
    "blank": " ",
    "tab": "\t",
    "carriage return": "\r",
    "unit separator": "\x1f",
    "delete": "\x7f",
    "next line": "\x85",
    "no-break space": "\xa0",
    "zero-width space": "\u200b",
    "right-to-left override": "\u202e",
    "line separator": "\u2028",
    "ideographic space": "\u3000",
    "byte order mark": "\ufeff",
    "half a character": "\ud83c",
    "private use": "\ue000",
    "not a character": "\uffff",
    "wave": "\U0001f30a",
    "combining accent": "e\u0301",
    "comma and quotation mark": ',"',
}
WRITABLE = {
    "nothing",
    "zero-width space",
    "right-to-left override",
    "private use",
    "not a character",
    "wave",
    "combining accent",
    "comma and quotation mark",
}


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8", "surrogatepass"))


def jsonl(folder: Path, one: str) -> dict[str, object]:
    write(folder / "mini" / "docs.en.jsonl", json.dumps({"id": one, "text": "water"}))
    write(folder / "mini" / "queries.sw.en.tsv", f"{one}\tmaji\n")
    write(folder / "mini" / "qrels.sw.en.txt", f"{one} 0 {one} 1\n")
    return {"path": "mini", "pairs": ["sw-en"]}


def beir(folder: Path, one: str) -> dict[str, object]:
    write(folder / "mini" / "corpus.jsonl", json.dumps({"_id": one, "text": "water"}, ensure_ascii=False))
    write(folder / "mini" / "queries.jsonl", json.dumps({"_id": one, "text": "maji"}))
    write(folder / "mini" / "qrels" / "test.tsv", f"query-id\tcorpus-id\tscore\n{one}\t{one}\t1\n")
    return {"path": "mini", "pairs": ["sw-en"]}


def trec(folder: Path, one: str) -> dict[str, object]:
    write(folder / "mini" / "docs.sgml", f"<DOC>\n<DOCNO>{one}</DOCNO>\n<TEXT>water</TEXT>\n</DOC>\n")
    write(folder / "mini" / "topics.txt", f"<top>\n<num>{one}</num>\n<title>maji</title>\n</top>\n")
    write(folder / "mini" / "qrels.txt", f"{one} 0 {one} 1\n")
    return {
        "path": "mini",
        "pairs": ["sw-en"],
        "documents": "docs.sgml",
        "topics": "topics.txt",
        "qrels": "qrels.txt",
    }


def trec_tables(folder: Path, one: str) -> dict[str, object]:
    settings = trec(folder, one)
    write(folder / "mini" / "docs.tsv", f"{one}\twater\n")
    write(folder / "mini" / "topics.tsv", f"{one}\tmaji\n")
    return {**settings, "documents": "docs.tsv", "topics": "topics.tsv"}


def questions(folder: Path, one: str, **more: object) -> None:
    asked = {"id": one, "question": "?", "answers": [{"answer_start": 0, "text": "?"}]}
    paragraph = {"context": "Rain.", "qas": [asked], "sentences": ["Rain."], "sentence_breaks": [[0, 5]]}
    for language in ("de", "en"):
        text = json.dumps({"data": [{"title": "", "paragraphs": [paragraph]}]})
        write(folder / "mini" / f"xquad.{language}.json", text)


def squad(folder: Path, one: str) -> dict[str, object]:
    questions(folder, one)
    return {"path": "mini", "pairs": ["de-en"]}


def lareqa(folder: Path, one: str) -> dict[str, object]:
    questions(folder, one)
    return {"path": "mini", "pairs": ["de-en"], "pattern": "xquad.{lang}.json"}


def afriqa(folder: Path, one: str) -> dict[str, object]:
    row = {"id": one, "title": "Nile", "context": "A river.", "question_lang": "Mto?", "question_translated": "River?"}
    name = "gold_span_passages.afriqa.swa.en.test.json"
    write(folder / "mini" / "gold_passages" / "swa" / name, json.dumps(row))
    return {"path": "mini", "pairs": ["sw-en"]}


def ir_datasets(folder: Path, one: str) -> dict[str, object]:
    name = f"{folder.name}/{one!a}"
    documents = DocumentSet(name, "en", lambda: iter([Document(one, "water")]), "1")
    queries = {"original": QuerySet("sw", (Query(one, "maji"),))}
    register_in_ir_datasets(TestCollection(name, LanguagePair("sw", "en"), documents, queries, {one: {one: 1}}))
    return {"datasets": [name]}


SOURCES = {
    jsonl: "jsonl",
    beir: "beir",
    trec: "trec",
    trec_tables: "trec",
    squad: "squad",
    lareqa: "lareqa",
    afriqa: "afriqa",
    ir_datasets: "ir_datasets",
}


@pytest.mark.parametrize("inside", INSIDE)
@pytest.mark.parametrize("files", SOURCES, ids=lambda files: files.__name__)
def test_what_validation_takes_can_be_written_and_read(
    files: Callable[[Path, str], dict[str, object]], inside: str, tmp_path: Path
) -> None:
    one = f"a{INSIDE[inside]}b"
    source = build_source(SOURCES[files], files(tmp_path, one), tmp_path)
    try:
        collection = source.load(source.entries()[0].id)
        refused = bool(report(collection).errors)
    except DataError:
        refused = True
    assert is_id(one) == (inside in WRITABLE)
    assert refused == (inside not in WRITABLE)
    if refused:
        return
    asked, documents = collection.query_set().queries, list(collection.documents.stream())
    assert asked[0].id.removeprefix("swa-test-") == one
    run = Run.from_rankings((query.id, [(document.id, 1.0) for document in documents]) for query in asked)
    run.write(tmp_path / "a.run.gz")
    assert list(Run.read(tmp_path / "a.run.gz")) == [(asked[0].id, [(documents[0].id, 1.0)])]
    write(tmp_path / "a.qrels", format_qrels(collection.qrels))
    assert read_qrels(tmp_path / "a.qrels") == collection.qrels
