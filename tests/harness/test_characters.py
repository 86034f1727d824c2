"""What an id, a label and a text may hold: one rule each; what breaks it is told before anything runs."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clir_harness.harness.characters import broken_text, is_id, is_label, is_text, refuse_lone_surrogates
from clir_harness.harness.collections.base import Document, DocumentSet, Query, QuerySet, TestCollection
from clir_harness.harness.collections.qrels import read_qrels
from clir_harness.harness.collections.validation import report
from clir_harness.harness.errors import ClirError, CollectionError, DataError, PluginError, UsageError
from clir_harness.harness.execution.experiment import Experiment
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.runs.run import Run
from clir_harness.harness.submission import submit
from clir_harness.harness.suite import Row, Suite, load_suite
from clir_harness.harness.system import register_system
from clir_harness.systems.parallel_text.bitext import read_bitext
from tests.conftest import PLUGIN

NO_IDS = (
    "",
    " ",
    "a b",
    "a\u00a0b",
    "a\u3000b",
    "a\u0085b",
    "a\u2028b",
    "a\x1fb",
    "a\x00",
    "\x7f",
    "\ufeffa",
    "\ud800",
    "a\udfff",
)
IDS = ("0", "#1", "é", "e\u0301", "日本", "a\u200cb", "🌊", "a,b", '"', "-", "\ufffe")


def collection(document: str = "d1", query: str = "q1", text: str = "maji", judged: str = "d1") -> TestCollection:
    return TestCollection(
        "mini/sw-en",
        LanguagePair("sw", "en"),
        DocumentSet("mini", "en", lambda: iter([Document("d1", "water"), Document(document, text)]), "1"),
        {"original": QuerySet("sw", (Query("q0", "moto"), Query(query, text)))},
        {"q0": {"d1": 1}, query: {judged: 1}},
    )


@pytest.mark.parametrize("one", NO_IDS)
def test_documents_queries_judgements_and_runs_agree_on_what_is_no_id(one: str) -> None:
    assert not is_id(one)
    assert "document-ids" in [problem.code for problem in report(collection(document=one)).errors]
    assert "query-ids" in [problem.code for problem in report(collection(query=one)).errors]
    assert "judgement-ids" in [problem.code for problem in report(collection(judged=one)).errors]
    for rankings, tag in ([(one, [("d", 1.0)])], "t"), ([("q", [(one, 1.0)])], "t"), ([("q", [("d", 1.0)])], one):
        with pytest.raises(DataError, match="expected a"):
            Run.from_rankings(rankings, tag=tag)


@pytest.mark.parametrize("one", IDS)
def test_what_is_an_id_stays_as_it_is_through_a_run_and_judgements(one: str, tmp_path: Path) -> None:
    assert report(collection(document=one, query=one, judged=one)).errors == ()
    path = tmp_path / "one.run"
    Run.from_rankings([(one, [(one, 1.0)])], tag=one).write(path)
    assert Run.read(path).ranking(one) == [(one, 1.0)]
    (tmp_path / "qrels").write_text(f"{one} 0 {one} 1\n", "utf-8")
    assert read_qrels(tmp_path / "qrels") == {one: {one: 1}}


@given(st.text(st.characters(codec=None), max_size=4))
def test_the_rule_is_that_a_column_of_a_file_holds_it(text: str) -> None:
    clean = not any(unicodedata.category(one) in {"Cc", "Cs"} or one.isspace() or one == "\ufeff" for one in text)
    assert is_id(text) == (bool(text) and clean)
    if is_label(text):
        assert is_id("_".join(text.split()))


@pytest.mark.parametrize("column", ["q\x01 Q0 d1 1 1.0 t", "q1 Q0 d\x07 1 1.0 t", "q1 Q0 \ufeffd1 1 1.0 t"])
@pytest.mark.parametrize("parted", [" ", "\t", "  "])
def test_control_characters_in_a_run_are_refused_with_file_and_line_however_it_is_parted(
    column: str, parted: str, tmp_path: Path
) -> None:
    path = tmp_path / "their.run"
    path.write_text("q1 Q0 d9 1 2.0 t\n".replace(" ", parted) + column.replace(" ", parted) + "\n", "utf-8")
    with pytest.raises(DataError, match=r"their\.run:2: .* is not a valid id or tag"):
        Run.read(path)


@pytest.mark.parametrize(
    "name", ["docs.en.jsonl", "queries.sw.en.tsv", "qrels.sw.en.txt", "their.run"], ids=lambda name: name.split(".")[0]
)
def test_a_surrogate_that_is_encoded_as_if_it_were_a_character_is_no_utf8(
    name: str, tiny: Path, tmp_path: Path
) -> None:
    lines = {
        "docs.en.jsonl": b'{"id": "x\xed\xa0\x80", "text": "t"}\n',
        "queries.sw.en.tsv": b"q9\tt\xed\xa0\x80\tt\n",
        "qrels.sw.en.txt": b"q1 0 \xed\xa0\x80 1\n",
        "their.run": b"q1 Q0 \xed\xa0\x80 1 1.0 t\n",
    }
    if name == "their.run":
        (tmp_path / name).write_bytes(lines[name])
        with pytest.raises(DataError, match=r"their\.run:1: is not UTF-8"):
            Run.read(tmp_path / name)
        return
    with (tiny / "tiny" / name).open("ab") as file:
        file.write(lines[name])
    with pytest.raises(DataError, match=rf"{name}:\d+: is not UTF-8"):
        Experiment.from_suite(suite(tmp_path), tmp_path / "store", data=tiny).run()


SUITE = """\
name: tiny
title: Four documents
measures: [AP]
rows:
  - {system: bm25, label: BM25, settings: {backend: bm25s}}
collections:
  - {source: SOURCE, path: tiny, pairs: [sw-en]}
"""


def suite(folder: Path, source: str = "jsonl", old: str = "", new: str = "") -> Path:
    path = folder / "suite.yaml"
    path.write_text(SUITE.replace("SOURCE", source).replace(old, new) if old else SUITE.replace("SOURCE", source))
    return path


HALVES = (r"\ud800", r"\uDFFF", r"water \ud83c", r"\udf0a\ud83c", r"\ud83c\ud83c\udf0a", r"\\\ud800", r"\ud83c\\udf0a")


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize(
    "record", ['{"id": "x", "text": "%s"}', '{"id": "%s", "text": "x"}', '{"id": "x", "text": "x", "%s": 1}']
)
def test_half_of_a_character_in_json_lines_is_told_with_file_and_line(
    half: str, record: str, tiny: Path, tmp_path: Path
) -> None:
    with (tiny / "tiny" / "docs.en.jsonl").open("a") as file:
        file.write(record % half + "\n")
    with pytest.raises(DataError, match=r"docs\.en\.jsonl:5: holds the lone surrogate \\u[dD]"):
        Experiment.from_suite(suite(tmp_path), tmp_path / "store", data=tiny).run()
    assert not (tmp_path / "store" / "cells").exists()


def test_in_queries_of_other_formats_too(tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text('{"_id": "d1", "title": "", "text": "water"}\n')
    (folder / "queries.jsonl").write_text('{"_id": "q1", "text": "maji"}\n{"_id": "q2", "text": "\\ud800"}\n')
    (folder / "qrels" / "test.tsv").write_text("q1\td1\t1\n")
    with pytest.raises(DataError, match=r"queries\.jsonl:2: holds the lone surrogate"):
        Experiment.from_suite(suite(tmp_path, "beir"), tmp_path / "store", data=tmp_path).run()


def test_in_json_over_several_lines_the_line_is_told() -> None:
    text = '{"data": [\n  {"title": "\\ud83c\\udf0a",\n   "paragraphs": [{"context": "a \\udf0a b"}]}\n]}'
    with pytest.raises(DataError, match=r"x\.json:3: holds the lone surrogate \\udf0a"):
        refuse_lone_surrogates(text, Path("x.json"))


@given(st.text(st.characters(codec=None)))
def test_escaped_json_is_refused_exactly_when_its_text_cannot_be_written(text: str) -> None:
    written = json.dumps({"text": text})
    whole = is_text(json.loads(written)["text"])
    try:
        refuse_lone_surrogates(written, Path("x"))
    except DataError:
        assert not whole
    else:
        assert whole


def test_in_parallel_text_it_is_told_with_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "bitext.jsonl"
    path.write_text('{"sw": "maji", "en": "water"}\n{"sw": "moto \\ud800", "en": "fire"}\n')
    with pytest.raises(DataError, match=r"bitext\.jsonl:2: holds the lone surrogate"):
        list(read_bitext(path, "sw"))


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("title: Four documents", r'title: "\ud800"', 2),
        ("label: BM25", r'label: "BM25 \udfff"', 5),
        ("backend: bm25s", r'backend: "\ud800"', 5),
        ("path: tiny", r'path: "\ud800"', 7),
        ("system: bm25,", r'system: "\ud800",', 5),
        ("measures: [AP]", r'measures: ["\ud800"]', 3),
        ("title: Four", '"\\ud800": 1\ntitle: Four', 2),
    ],
)
def test_in_a_suite_it_is_told_with_file_and_line(old: str, new: str, line: int, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"suite\.yaml:{line}: holds a lone surrogate"):
        load_suite(suite(tmp_path, old=old, new=new))


@pytest.mark.parametrize("label", ["two\nlines", "a\x00", "a\u2028b", "\ufeffBM25", " ", "\x1b[31m"])
def test_labels_and_titles_are_visible_text_on_one_line(label: str, tmp_path: Path) -> None:
    for key in ("title: Four documents", "label: BM25"):
        name = key.split(":")[0]
        with pytest.raises(DataError, match=r"suite\.yaml:\d: .*cannot be shown"):
            load_suite(suite(tmp_path, old=key, new=f"{name}: {json.dumps(label)}"))


def test_suites_and_settings_made_by_running_code_keep_the_rule(tmp_path: Path) -> None:
    sound = load_suite(suite(tmp_path)).model_dump()
    for broken in ({"title": "\ud800"}, {"rows": [{"system": "bm25", "settings": {"model": "\ud800"}}]}):
        with pytest.raises(ValueError, match=r"surrogate|unicode"):
            Suite.model_validate({**sound, **broken})
    with pytest.raises(ValueError, match=r"surrogate|unicode|cannot be shown"):
        Row(system="bm25", label="\ud800")
    with pytest.raises(UsageError, match=r"setting 'bm25\.backend' holds a lone surrogate"):
        load_suite(suite(tmp_path)).with_settings([r'bm25.backend="\ud800"'])


@pytest.mark.parametrize("name", ["\ud800", "", "two\nlines", "nul\x00"])
def test_plugins_have_names_that_can_be_shown(name: str, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="cannot name a system"):
        register_system(name)(type("Nameless", (), {}))
    path = tmp_path / "plugin.py"
    path.write_text(PLUGIN.replace('"constant"', ascii(name)))
    with pytest.raises(ClirError, match="cannot name a system"):
        Experiment.from_suite(suite(tmp_path), tmp_path / "store", plugins=[path])


@pytest.mark.parametrize("name", ["\ud800", "a\udcff", "two\nlines", "\ufeff", ""])
def test_submitted_systems_have_too(name: str, tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "their.run"
    path.write_text("q1 Q0 d1 1 1.0 t\n")
    with pytest.raises(UsageError, match="cannot name a system"):
        submit(path, system=name, collection="tiny/sw-en", suite=suite(tmp_path), store=tmp_path / "store", data=tiny)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"documents": DocumentSet("m", "en", lambda: iter([Document("d1", "\ud800")]), "1")}, "broken-documents"),
        ({"documents": DocumentSet("m", "en", lambda: iter([Document("d1", "x", "\udfff")]), "1")}, "broken-documents"),
        ({"documents": DocumentSet("m\ud800", "en", lambda: iter([Document("d1", "x")]), "1")}, "name"),
        ({"queries": {"original": QuerySet("sw", (Query("q0", "\ud800"), Query("q1", "x")))}}, "broken-queries"),
        ({"id": "mini\n/sw-en"}, "name"),
        ({"description": "\ud800"}, "name"),
        ({"licence": "\ud800"}, "name"),
    ],
)
def test_collections_made_by_running_code_keep_the_rule(change: dict[str, object], code: str) -> None:
    found = report(replace(collection(document="d2"), **change))
    assert code in [problem.code for problem in found.errors]
    with pytest.raises(CollectionError) as refused:
        found.raise_for_errors()
    assert is_text(str(refused.value))


def test_ids_that_differ_in_normalisation_only_stay_two_and_are_told() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    both = report(replace(collection(document=composed), qrels={"q0": {"d1": 1, decomposed: 1}, "q1": {"d1": 1}}))
    assert [p.code for p in both.problems] == ["unknown-documents", "normalised-documents"]
    assert "1 of them are, but with ids in another Unicode normalisation" in both.warnings[1].message
    queries = report(replace(collection(query=composed), qrels={"q0": {"d1": 1}, decomposed: {"d1": 1}}))
    assert {"unknown-queries", "normalised-queries"} <= {p.code for p in queries.problems}


def test_ids_that_are_there_in_both_normalisations_are_no_fault() -> None:
    found = report(replace(collection(document="caf\u00e9"), qrels={"q0": {"d1": 1}, "q1": {"caf\u00e9": 1}}))
    assert found.problems == ()


def test_the_first_broken_text_in_plain_data_is_found_in_keys_and_values() -> None:
    assert broken_text({"a": ["b", {"c": "d\ud800"}]}) == "d\ud800"
    assert broken_text({"\udfff": 1}) == "\udfff"
    assert broken_text({"a": ["b", 1, None]}) is None
