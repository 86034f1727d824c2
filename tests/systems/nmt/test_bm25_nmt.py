import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from clir_harness.harness.collections.base import Document, Query
from clir_harness.harness.collections.embedded import write_bitext
from clir_harness.harness.conformance import Subject
from clir_harness.harness.conformance.testing import SystemConformance
from clir_harness.harness.errors import DataError, UsageError
from clir_harness.harness.execution.experiment import Experiment
from clir_harness.harness.execution.indexing import index_key
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.system import SYSTEMS, IndexContext, Ranking, SearchContext
from clir_harness.systems.bm25 import BM25
from clir_harness.systems.bm25_nmt import BM25NMT

DOCUMENTS = [
    Document("a", "one two three"),
    Document("b", "four five. Six seven!"),
    Document("é", "eight one", title="Nine"),
    Document("empty", ""),
]
SWAHILI = [Document("x", "moja mbili"), Document("y", "nne\ntano"), Document("z", "")]


def configure(model: Path, **settings: Any) -> BM25NMT:
    system = BM25NMT.configure({"model": str(model), "device": "cpu", "max_tokens": 24, **settings})
    assert isinstance(system, BM25NMT)
    return system


def plain(folder: Path, queries: Sequence[str]) -> list[Ranking]:
    """What BM25 finds for English queries."""
    system = BM25.configure({})
    with system.open(folder, SearchContext(LanguagePair.parse("en-en"))) as searcher:
        return list(searcher.search([Query(str(i), text) for i, text in enumerate(queries)], 10))


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """BM25's index of the English documents."""
    folder = tmp_path_factory.mktemp("bm25")
    BM25.configure({}).index(iter(DOCUMENTS), folder, IndexContext("en"))
    return folder


def test_translated_queries_find_what_their_translations_find(model: Path, english: Path, tmp_path: Path) -> None:
    system = configure(model)
    (bm25,) = system.components()
    pair = LanguagePair.parse("sw-en")
    with bm25.open(english, SearchContext(pair)) as component:
        context = SearchContext(pair, components=(component,))
        with system.open(tmp_path, context) as searcher:
            found = searcher.search([Query("1", "moja tatu"), Query("2", "sita"), Query("3", "  ")], 10)
            counts = searcher.describe()["translation"]
    assert found == plain(english, ["one three", "six", ""])
    assert [doc for doc, _ in found[0]] == ["a", "é"]
    assert (counts["texts"], counts["empty"], counts["copied"], counts["sentences_translated"]) == (2, 0, 0, 2)


def test_translated_documents_are_found_by_queries_in_their_language(model: Path, tmp_path: Path) -> None:
    system = configure(model, documents_into="en")
    system.index(iter(SWAHILI), tmp_path, IndexContext("sw"))
    with system.open(tmp_path, SearchContext(LanguagePair.parse("en-sw"))) as searcher:
        found = searcher.search([Query("1", "two"), Query("2", "five four")], 10)
        counts = searcher.describe()["translation"]
    assert [[doc for doc, _ in ranking] for ranking in found] == [["x"], ["y"]]
    assert (counts["texts"], counts["sentences_translated"]) == (2, 3)  # "moja mbili", "nne", "tano"


@pytest.mark.parametrize(
    ("settings", "pair", "reason"),
    [
        ({}, "sw-en", None),
        ({}, "en-en", None),
        ({}, "so-en", "its model translates from sw, not from so"),
        ({}, "sw-fr", "its model translates into en, not into fr"),
        ({"documents_into": "en"}, "en-sw", None),
        ({"documents_into": "en"}, "en-so", "its model translates from sw, not from so"),
        ({"documents_into": "en"}, "sw-sw", "documents are translated into en, queries are in sw"),
    ],
)
def test_pairs_its_model_does_not_translate_are_refused(
    settings: dict[str, str], pair: str, reason: str | None, model: Path
) -> None:
    assert configure(model, **settings).supports(LanguagePair.parse(pair)) == reason


def test_translating_queries_shares_the_index_of_plain_bm25(model: Path) -> None:
    (component,) = configure(model, bm25={"k1": 1.2}).components()
    assert index_key(component, "d", "en", 0) == index_key(BM25.configure({"k1": 0.9}), "d", "en", 0)


def test_translated_documents_depend_on_the_model_and_queries_do_not(model: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for file in model.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps({**config, "noted": 1}))
    keys = {
        into: [index_key(configure(folder, documents_into=into), "d", "sw", 0) for folder in (model, other)]
        for into in (None, "en")
    }
    assert keys[None][0] == keys[None][1]
    assert keys["en"][0] != keys["en"][1]


def test_a_run_records_how_it_was_translated_and_a_fusion_passes_it_on(model: Path, tiny: Path, tmp_path: Path) -> None:
    settings = f"{{model: {model}, device: cpu, max_tokens: 24}}"
    suite = tmp_path / "suite.yaml"
    suite.write_text(f"""\
name: nmt
title: Translation
measures: [RR]
depth: 10
rows:
  - {{system: bm25-nmt, label: one, settings: {settings}}}
  - {{system: rrf, label: two, settings: {{systems: [{{system: bm25}}, {{system: bm25-nmt, settings: {settings}}}]}}}}
collections:
  - {{source: jsonl, path: tiny, pairs: [sw-en]}}
""")
    experiment = Experiment.from_suite(suite, tmp_path / "store", data=tiny)
    report = experiment.run()
    assert not report.failed
    records = [experiment.store.cell(cell.task.key) for cell in experiment.plan().cells if cell.task]
    assert [record.search["translation"]["texts"] for record in records] == [3, 3]
    assert records[0].search["translation"]["sentences_translated"] == 3
    assert records[1].search["translation"]["sentences_translated"] == 0


def test_it_answers_to_nmt_too() -> None:
    assert SYSTEMS.get("nmt") is SYSTEMS.get("bm25-nmt") is BM25NMT


def test_an_engine_that_is_not_installed_is_named(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(UsageError, match="ctranslate2 is not installed"):
        configure(model, engine="ctranslate2").inputs()


def test_a_model_that_is_no_translation_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(DataError, match="is not a translation model"):
        configure(tmp_path).supports(LanguagePair.parse("sw-en"))


@pytest.fixture(scope="module")
def speaker(train: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that knows the words of the conformance kit."""
    folder = tmp_path_factory.mktemp("speaker")
    write_bitext(folder / "sw.tsv", "sw", 300)
    return train(folder, folder / "sw.tsv", steps=100, vocabulary=500, checkpoint_every=1000)


class TestTranslatedQueriesConform(SystemConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def subject(cls, speaker: Path, tmp_path_factory: pytest.TempPathFactory) -> Subject:
        settings = {"model": str(speaker), "device": "cpu", "max_tokens": 24}
        return Subject.of("bm25-nmt", tmp_path_factory.mktemp("conformance"), settings, "sw-en")


class TestTranslatedDocumentsConform(SystemConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def subject(cls, speaker: Path, tmp_path_factory: pytest.TempPathFactory) -> Subject:
        settings = {"model": str(speaker), "device": "cpu", "max_tokens": 24, "documents_into": "en"}
        return Subject.of("bm25-nmt", tmp_path_factory.mktemp("conformance"), settings, "en-sw")
