"""Re-ranking with exact late interaction."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from clir_harness.harness.collections.base import Document, Query
from clir_harness.harness.conformance import Subject
from clir_harness.harness.conformance.testing import SystemConformance
from clir_harness.harness.errors import DataError, UsageError
from clir_harness.harness.execution.indexing import index_key, open_searcher, with_components
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.system import IndexContext, SearchContext
from clir_harness.systems.late_interaction.system import ColBERT
from clir_harness.systems.late_interaction.token_index import TokenIndex
from clir_harness.systems.rerank import Rerank

DOCUMENTS = [
    Document("007", "The bridge over the river was repaired. " * 12),
    Document("a", "Teachers in Nairobi asked for the bridge."),
    Document("é", "Maize prices rose after the drought."),
    Document("none", ""),
    Document("river", "The river rose."),
]


def searched(system: Rerank | ColBERT, tmp_path: Path, text: str, depth: int = 10) -> list[tuple[str, float]]:
    folders = {}
    for number, part in enumerate(with_components(system)):
        folder = tmp_path / f"{system.name}-{part.name}-{number}"
        folder.mkdir()
        part.index(iter(DOCUMENTS), folder, IndexContext("en"))
        folders[id(part)] = folder
    with ExitStack() as stack:
        context = SearchContext(LanguagePair("en", "en"))
        searcher = open_searcher(system, lambda part: folders[id(part)], context, stack)
        return list(searcher.search([Query("q", text)], depth)[0])


def rerank(encoder: Path, **settings: object) -> Rerank:
    model = {"encoder": str(encoder), "passage_length": 24, "device": "cpu"}
    first = {"system": "bm25", "settings": {"backend": "bm25s"}}
    found = Rerank.configure({"late_interaction": model, "first": first, **settings})
    assert isinstance(found, Rerank)
    return found


def test_candidates_have_the_scores_of_a_full_search(tiny_model: Path, tmp_path: Path) -> None:
    """Only what BM25 finds is scored; its order does not matter."""
    alone = ColBERT.configure({"encoder": str(tiny_model), "passage_length": 24, "device": "cpu"})
    everything = dict(searched(alone, tmp_path, "bridge river"))
    found = searched(rerank(tiny_model), tmp_path, "bridge river")
    assert {document for document, _ in found} == {"007", "a", "river"}
    assert dict(found) == pytest.approx({document: everything[document] for document, _ in found}, abs=1e-4)
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


def test_documents_below_the_depth_follow_in_the_order_of_the_first_stage(tiny_model: Path, tmp_path: Path) -> None:
    found = searched(rerank(tiny_model, top=1), tmp_path, "bridge river")
    assert len(found) == 3
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


def test_token_vectors_are_shared_with_colbert(tiny_model: Path) -> None:
    alone = ColBERT.configure({"encoder": str(tiny_model), "passage_length": 24, "device": "cpu"})
    keys = {index_key(system.components()[-1], "d", "en", 0) for system in (alone, rerank(tiny_model))}
    assert len(keys) == 1


def test_unknown_documents_are_named_and_empty_ones_score_least(tiny_model: Path, tmp_path: Path) -> None:
    part = rerank(tiny_model).components()[1]
    part.index(iter(DOCUMENTS), tmp_path, IndexContext("en"))
    index = TokenIndex(tmp_path)
    (query,) = rerank(tiny_model).config.late_interaction.load("en", 1).encode(["bridge"], "query")  # type: ignore[union-attr]
    assert index.score(query, ["none"]) == [-len(query)]
    assert index.score(query, []) == []
    with pytest.raises(DataError, match="document 'x' is not in the index"):
        index.score(query, ["a", "x"])


@pytest.mark.parametrize("settings", [{}, {"encoder": "x", "late_interaction": {"encoder": "y"}}])
def test_there_is_one_model_to_rerank_with(settings: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="give either `encoder`"):
        Rerank.configure(settings)


def test_languages_without_an_encoder_are_refused(tiny_model: Path) -> None:
    assert "no encoder for queries in Swahili" in str(rerank(tiny_model).supports(LanguagePair.parse("sw-en")))


class TestConforms(SystemConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def subject(cls, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Subject:
        settings = rerank(tiny_model).config.model_dump(mode="json")
        return Subject.of("rerank", tmp_path_factory.mktemp("conformance"), settings, "en-en")
