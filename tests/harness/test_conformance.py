import json
import re
from pathlib import Path

import pytest

from clir_harness.harness.conformance import CHECKS, ConformanceError, Outcome, Subject, check_system
from clir_harness.harness.conformance.check import outcome
from clir_harness.harness.conformance.testing import SystemConformance
from clir_harness.harness.errors import MissingDataError, PluginError, UsageError
from clir_harness.harness.execution.experiment import Experiment
from clir_harness.harness.plugins.files import load_plugin_file
from clir_harness.harness.store import Store
from clir_harness.harness.suite import Suite
from clir_harness.harness.system import register_system
from tests.conftest import QRELS, QUERIES
from tests.harness.broken_systems import BROKEN, Sound, SoundSearcher

ROOT = Path(__file__).parents[2]


class TestBM25OverLucene(SystemConformance):
    system = "bm25"
    settings = {"backend": "lucene"}  # noqa: RUF012
    pair = "sw-en"


class TestBM25OverLuceneInChinese(SystemConformance):
    system = "bm25"
    pair = "en-zh"


class TestBM25InMemory(SystemConformance):
    system = "bm25"
    settings = {"backend": "bm25s"}  # noqa: RUF012


def test_the_example_of_the_documentation_conforms(tmp_path: Path) -> None:
    code = re.search(r"```python\n(.*?)```", (ROOT / "docs/register-a-system.md").read_text("utf-8"), re.DOTALL)
    assert code is not None
    (tmp_path / "overlap.py").write_text(code[1], encoding="utf-8")
    load_plugin_file(tmp_path / "overlap.py")
    assert failures("overlap", tmp_path) == []


def failures(system: str, scratch: Path, **settings: object) -> list[Outcome]:
    found = check_system(Subject.of(system, scratch, settings))
    return [one for one in found if one.status == "failed"]


def test_a_sound_system_passes_every_check_that_bears_on_it(tmp_path: Path) -> None:
    found = {one.check: one for one in check_system(Subject.of("sound", tmp_path))}
    assert {name for name, one in found.items() if one.status == "skipped"} == {
        "the-index-works-in-another-process",  # only this process knows it
        "the-identity-is-the-same-in-another-process",
        "every-setting-is-in-the-identity",  # it has no settings
        "index-settings-name-what-the-index-depends-on",
    }
    assert {one.status for one in found.values()} == {"ok", "skipped"}


def test_a_system_made_of_others_is_tested_with_them(tmp_path: Path) -> None:
    found = {one.check: one for one in check_system(Subject.of("sound-fusion", tmp_path))}
    assert [one for one in found.values() if one.status == "failed"] == []
    assert found["documents-are-a-stream"].status == "ok"


@pytest.mark.parametrize(("system", "check"), BROKEN)
def test_a_broken_system_is_caught(system: str, check: str, tmp_path: Path) -> None:
    (one,) = [one for one in CHECKS if one.name == check]
    with pytest.raises(ConformanceError) as caught:
        one(Subject.of(system, tmp_path))
    assert caught.value.message
    assert caught.value.hint == one.remedy


OTHER_PROCESS = """
from clir_harness.harness.system import RetrievalSystem, Searcher, register_system

class Always(Searcher):
    def __init__(self, ids):
        self.ids = ids
    def search(self, queries, depth):
        return [[(doc, 1.0) for doc in self.ids][:depth] for _ in queries]

MEMORY = {}

@register_system("keeps-indexes-in-memory")
class Memory(RetrievalSystem):
    summary = "its index is a variable"
    def index(self, documents, folder, context):
        MEMORY[folder] = [document.id for document in documents]
    def open(self, folder, context):
        return Always(MEMORY[folder])

@register_system("hashes-strings")
class Hashes(RetrievalSystem):
    summary = "its order and its identity depend on Python's hashes"
    def inputs(self):
        return {"table": str(hash("table"))}
    def index(self, documents, folder, context):
        (folder / "ids").write_text("\\n".join(document.id for document in documents))
    def open(self, folder, context):
        return Always(list(set((folder / "ids").read_text().split())))
"""


@pytest.fixture(scope="module")
def other_process(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plugin = tmp_path_factory.mktemp("plugin") / "other_process.py"
    plugin.write_text(OTHER_PROCESS)
    return plugin


@pytest.mark.parametrize(
    ("system", "check", "reason"),
    [
        ("keeps-indexes-in-memory", "the-index-works-in-another-process", "KeyError"),
        ("hashes-strings", "the-index-works-in-another-process", "the other way round"),
        ("hashes-strings", "the-identity-is-the-same-in-another-process", "expected the identity"),
    ],
)
def test_what_works_in_one_process_only_is_caught(
    other_process: Path, tmp_path: Path, system: str, check: str, reason: str
) -> None:
    load_plugin_file(other_process)
    failed = {one.check: one for one in failures(system, tmp_path)}
    assert reason in failed[check].reason


def test_a_failure_says_what_was_expected_what_was_found_and_how_to_mend_it(tmp_path: Path) -> None:
    (ids,) = [one for one in CHECKS if one.name == "ids-come-back-byte-for-byte"]
    failed = outcome(ids, Subject.of("broken-lowersids", tmp_path))
    assert failed.status == "failed"
    assert "expected ids of indexed documents, found 'doc-a', which was not indexed" in failed.reason
    assert "the closest that was is 'DOC-A'" in failed.reason
    assert failed.remedy.startswith("keep ids as the strings they are")


def test_what_a_system_raises_is_shown_with_its_place(tmp_path: Path) -> None:
    (endless,) = [one for one in CHECKS if one.name == "endless-queries-are-answered"]
    failed = outcome(endless, Subject.of("broken-hasawindow", tmp_path))
    assert re.search(r"raised RuntimeError \(.*broken_systems.py:\d+\): index out of range in self", failed.reason)


@register_system("swahili-into-somali")
class SwahiliIntoSomali(Sound):
    def supports(self, pair):
        return None if (pair.query, pair.document) == ("sw", "so") else f"{pair.arrow} is not sw→so"


@register_system("without-its-model")
class WithoutItsModel(Sound):
    def inputs(self):
        raise MissingDataError("no model", hint="download it")


@register_system("without-its-library")
class WithoutItsLibrary(Sound):
    requires = ("no-such-distribution",)


def test_a_system_is_tested_with_a_pair_that_it_takes(tmp_path: Path) -> None:
    assert str(Subject.of("sound", tmp_path).pair) == "sw-en"
    with pytest.raises(UsageError, match=r"takes none of these pairs.*zh→en is not sw→so"):
        Subject.of("swahili-into-somali", tmp_path)
    subject = Subject.of("swahili-into-somali", tmp_path, pair="sw-so")
    assert [one.check for one in check_system(subject) if one.status == "failed"] == []


def test_what_cannot_be_tested_here_is_an_error_and_not_a_failed_check(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="no model"):
        Subject.of("without-its-model", tmp_path)
    with pytest.raises(PluginError, match="needs no-such-distribution"):
        Subject.of("without-its-library", tmp_path)


# The harness' own pipeline: systems whose scores are known before it runs.


class Oracle(Sound):
    """Answers from the judgements of the hand-written collection."""

    class searcher(SoundSearcher):  # noqa: N801
        def rank(self, text):
            (query,) = [name for name, wordings in QUERIES.items() if text in wordings]
            return sorted(((doc, float(grade)) for doc, grade in QRELS[query].items()), key=lambda item: -item[1])


class Constant(Sound):
    """Returns all documents with one score, those relevant to the first query first."""

    class searcher(SoundSearcher):  # noqa: N801
        def rank(self, text):
            return [(doc, 1.0) for doc in ("d1", "007", "d2", "d3")]


def scores(system: str, suite: Path, data: Path, store: Path) -> dict[str, list[float]]:
    chosen = Suite.model_validate(
        {
            "name": "known",
            "title": "Known scores",
            "measures": ["AP", "nDCG@10", "RR"],
            "rows": [{"system": system}],
            "collections": [{"source": "jsonl", "path": "tiny", "pairs": ["sw-en"]}],
        }
    )
    report = Experiment.from_suite(chosen, Store(store), data=data).run()
    (cell,) = report.plan.cells
    assert cell.task is not None
    found = json.loads((store / "cells" / cell.task.key / "scores.json").read_text())
    assert found["queries"] == ["q1", "q2", "q3"]
    return found["scores"]


def test_an_oracle_gets_the_full_score(tiny: Path, tiny_suite: Path, tmp_path: Path) -> None:
    register_system("oracle")(Oracle)
    assert scores("oracle", tiny_suite, tiny, tmp_path / "store") == {
        "AP": [1.0, 1.0, 1.0],
        "nDCG@10": [1.0, 1.0, 1.0],
        "RR": [1.0, 1.0, 1.0],
    }


def test_a_constant_scorer_gets_the_score_of_the_canonical_order(tiny: Path, tiny_suite: Path, tmp_path: Path) -> None:
    # Ties go by descending id whatever order the system returns: d3, d2, d1, 007. For q1, d1 (grade 2) is third and
    # 007 (grade 1) fourth: AP = (1/3 + 2/4) / 2, DCG = 2/log2(4) + 1/log2(5) of at most 2/log2(2) + 1/log2(3).
    register_system("constant-for-all")(Constant)
    found = scores("constant-for-all", tiny_suite, tiny, tmp_path / "store")
    assert found["AP"] == pytest.approx([5 / 12, 1 / 2, 1])
    assert found["RR"] == pytest.approx([1 / 3, 1 / 2, 1])
    assert found["nDCG@10"] == pytest.approx([0.5437914, 0.6309298, 1], abs=1e-6)
