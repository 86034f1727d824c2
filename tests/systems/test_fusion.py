from contextlib import ExitStack
from pathlib import Path

import pytest

from clir_harness.harness.collections.base import Document, Query
from clir_harness.harness.errors import UnknownNameError, UsageError
from clir_harness.harness.execution.experiment import Experiment
from clir_harness.harness.execution.indexing import open_searcher, with_components
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.plugins.files import load_plugin_file
from clir_harness.harness.system import IndexContext, SearchContext
from clir_harness.systems.fusion import RRF

FIXED = """
from clir_harness.harness.system import RetrievalSystem, Searcher, SystemConfig, register_system

class FixedConfig(SystemConfig):
    answers: dict[str, float]

class Fixed(Searcher):
    def __init__(self, answers):
        self.answers = answers
    def search(self, queries, depth):
        ranked = sorted(self.answers.items(), key=lambda item: -item[1])
        return [ranked[:depth] for _ in queries]

@register_system("fixed")
class FixedSystem(RetrievalSystem[FixedConfig]):
    summary = "always the same answers"
    Config = FixedConfig
    def index(self, documents, folder, context):
        pass
    def open(self, folder, context):
        return Fixed(self.config.answers)
    def supports(self, pair):
        return "no Somali" if pair.query == "so" else None
"""


@pytest.fixture(scope="module", autouse=True)
def _fixed(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("plugin") / "fixed.py"
    path.write_text(FIXED)
    load_plugin_file(path)


def fused(answers: list[dict[str, float]], depth: int = 10, **settings: object) -> list[tuple[str, float]]:
    systems = [{"system": "fixed", "settings": {"answers": a}} for a in answers]
    system = RRF.configure({"systems": systems, **settings})
    with ExitStack() as stack:
        searcher = open_searcher(system, lambda part: Path(), SearchContext(LanguagePair("sw", "en")), stack)
        (ranking,) = searcher.search([Query("q", "x")], depth)
    return list(ranking)


def test_scores_are_sums_of_reciprocal_ranks() -> None:
    # a: ranks 1 and 2; b: ranks 2 and 1; c: rank 3 in the second only. a and b tie, and ids decide, descending.
    found = fused([{"a": 9, "b": 5}, {"b": 0.3, "a": 0.2, "c": 0.1}])
    assert found == [("b", 1 / 61 + 1 / 62), ("a", 1 / 61 + 1 / 62), ("c", 1 / 63)]


def test_weights_and_k_count() -> None:
    found = fused([{"a": 9, "b": 5}, {"b": 3, "a": 2}], weights=[2, 1], k=1)
    assert found == [("a", pytest.approx(2 / 2 + 1 / 3)), ("b", pytest.approx(2 / 3 + 1 / 2))]


def test_a_shallow_ranking_is_the_head_of_a_deep_one() -> None:
    answers = [{str(i): -i for i in range(50)}, {str(i): i for i in range(50)}]
    assert fused(answers, depth=3) == fused(answers, depth=50)[:3]


def test_equal_scores_of_a_component_rank_by_id_whatever_order_they_come_in() -> None:
    assert fused([{"a": 1, "b": 1}, {"x": 1}]) == fused([{"b": 1, "a": 1}, {"x": 1}])


def test_it_takes_what_all_of_its_systems_take() -> None:
    system = RRF.configure({"systems": [{"system": "bm25"}, {"system": "fixed", "settings": {"answers": {}}}]})
    assert system.supports(LanguagePair("so", "en")) == "no Somali"
    assert system.supports(LanguagePair("sw", "en")) is None


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"systems": [{"system": "bm25"}]}, UsageError),
        ({"systems": [{"system": "bm25"}, {"system": "bm25"}], "weights": [1]}, UsageError),
        ({"k": 0}, UsageError),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        RRF.configure(settings)


def test_an_unknown_component_is_refused_with_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="bm25"):
        RRF.configure({"systems": [{"system": "bm25"}, {"system": "bm26"}]}).components()


def test_fusions_can_be_fused(tmp_path: Path) -> None:
    inner = {"system": "rrf", "settings": {"systems": [{"system": "bm25"}, {"system": "bm25"}]}}
    system = RRF.configure({"systems": [inner, {"system": "bm25", "settings": {"backend": "bm25s"}}]})
    folders = {}
    for part in with_components(system):
        folder = tmp_path / str(len(folders))
        folder.mkdir()
        part.index(iter([Document("d1", "mto Athi"), Document("d2", "mlima")]), folder, IndexContext("sw"))
        folders[id(part)] = folder
    with ExitStack() as stack:
        context = SearchContext(LanguagePair("sw", "sw"))
        searcher = open_searcher(system, lambda part: folders[id(part)], context, stack)
        found = searcher.search([Query("1", "Athi"), Query("2", "mlima")], 5)
    assert [[doc for doc, _ in ranking] for ranking in found] == [["d1"], ["d2"]]


def test_a_row_of_fusion_shares_the_indexes_of_its_components(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "suite.yaml").write_text(
        """\
name: fused
title: Fusion
measures: [AP]
depth: 10
rows:
  - {system: bm25, settings: {backend: bm25s}}
  - system: rrf
    settings:
      systems:
        - {system: bm25, settings: {backend: bm25s}}
        - {system: bm25, settings: {backend: bm25s, k1: 2}}
collections:
  - {source: jsonl, path: tiny, pairs: [sw-en]}
"""
    )
    experiment = Experiment.from_suite(tmp_path / "suite.yaml", tmp_path / "store", data=tiny)
    report = experiment.run()
    assert [cell.state for cell in report.plan.cells] == ["done", "done"]
    kept = [path for path in (tmp_path / "store" / "artefacts" / "index").iterdir() if path.is_dir()]
    assert len(kept) == 3, "one of bm25, one of its variant, the empty one of the fusion"
