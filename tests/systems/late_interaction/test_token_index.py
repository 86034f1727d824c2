from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from clir_harness.harness.collections.base import Document
from clir_harness.harness.errors import DataError
from clir_harness.systems.late_interaction.encoder import EncoderSettings, TokenEncoder
from clir_harness.systems.late_interaction.token_index import TokenIndex, write_index

DOCUMENTS = [
    Document("007", "Floods closed the bridge in Kisumu."),
    Document("empty", ""),
    Document("long", "Teachers asked for higher pay. " * 12 + "Maize prices rose after the drought.", title="News"),
    Document("é", "the river"),
    Document("same-a", "The bridge was repaired."),
    Document("same-b", "The bridge was repaired."),
    Document("blank", " \n"),
]
QUERIES = ["the river", "maize prices", "bridge in Nairobi", "repaired"]
FILES = ["docids.json", "meta.json", "offsets.npy", "passages.npy", "tokens.npy"]


@pytest.fixture(scope="module")
def encoder(tiny_model: Path) -> TokenEncoder:
    return TokenEncoder.load(tiny_model, settings=EncoderSettings(document_length=16))


@pytest.fixture(scope="module")
def folder(encoder: TokenEncoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("index")
    write_index(iter(DOCUMENTS), encoder, folder, stride=4)
    return folder


def best_passage_scores(encoder: TokenEncoder, query: str) -> dict[str, float]:
    """MaxP over MaxSim in plain NumPy, from vectors encoded one passage at a time."""
    (tokens,) = encoder.encode([query], "query")
    scores = {}
    for document in DOCUMENTS:
        (passages,) = encoder.passages([document.contents], 4)
        vectors = [encoder.encode_tokens([passage], "document")[0].astype(np.float16) for passage in passages]
        if vectors:
            scores[document.id] = max((tokens @ v.astype(np.float32).T).max(1).sum() for v in vectors)
    return scores


@pytest.mark.parametrize("options", [{}, {"memory": 0}, {"window": 1}, {"memory": 0, "window": 3000}])
def test_a_document_scores_as_its_best_passage_in_memory_and_from_disk(
    encoder: TokenEncoder, folder: Path, options: dict[str, int]
) -> None:
    index = TokenIndex(folder, **options)
    assert index.in_memory == ("memory" not in options)
    for query, ranking in zip(QUERIES, index.search(encoder.encode(QUERIES, "query"), 10), strict=True):
        expected = best_passage_scores(encoder, query)
        assert set(expected) == {"007", "long", "é", "same-a", "same-b"}, "documents without text are never returned"
        assert dict(ranking) == pytest.approx(expected, abs=1e-4)
        assert [score for _, score in ranking] == sorted((score for _, score in ranking), reverse=True)


@pytest.mark.parametrize("window", [1, 2**28])
def test_equal_documents_rank_by_id_falling_and_a_shallow_ranking_begins_the_deep_one(
    encoder: TokenEncoder, folder: Path, window: int
) -> None:
    index = TokenIndex(folder, window=window)
    vectors = encoder.encode(["The bridge was repaired."], "query")
    deep = index.search(vectors, 10)[0]
    assert [document for document, _ in deep[:2]] == ["same-b", "same-a"]
    for depth in range(1, 5):
        assert index.search(vectors, depth)[0] == deep[:depth]


def test_long_documents_are_split_and_every_passage_knows_its_document(folder: Path) -> None:
    owners, offsets = np.load(folder / "passages.npy"), np.load(folder / "offsets.npy")
    assert np.diff(offsets).max() == 16
    counts = {
        DOCUMENTS[number].id: int(count) for number, count in zip(*np.unique(owners, return_counts=True), strict=True)
    }
    assert counts.pop("long") > 5
    assert counts == {"007": 1, "é": 1, "same-a": 1, "same-b": 1}


def test_the_files_are_numpy_files_of_half_precision_without_objects(encoder: TokenEncoder, folder: Path) -> None:
    assert sorted(file.name for file in folder.iterdir()) == FILES
    vectors = np.load(folder / "tokens.npy", mmap_mode="r", allow_pickle=False)
    assert vectors.dtype == np.float16
    assert vectors.shape == (np.load(folder / "offsets.npy")[-1], encoder.dim)
    np.testing.assert_allclose(np.linalg.norm(vectors.astype(np.float32), axis=1), 1, atol=2e-3)


def test_the_same_documents_give_the_same_files(encoder: TokenEncoder, folder: Path, tmp_path: Path) -> None:
    def one_by_one() -> Iterator[Document]:
        yield from DOCUMENTS

    write_index(one_by_one(), encoder, tmp_path, stride=4)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


@pytest.mark.parametrize("documents", [[], [Document("empty", "")]])
def test_nothing_to_index_is_an_index_that_finds_nothing(
    encoder: TokenEncoder, tmp_path: Path, documents: list[Document]
) -> None:
    write_index(documents, encoder, tmp_path)
    assert TokenIndex(tmp_path).search(encoder.encode(QUERIES, "query"), 10) == [[], [], [], []]


def test_a_query_without_tokens_finds_nothing_beside_others(encoder: TokenEncoder, folder: Path) -> None:
    (river,) = encoder.encode(["the river"], "query")
    nothing = np.empty((0, encoder.dim), np.float32)
    index = TokenIndex(folder)
    assert index.search([nothing, river, nothing], 2) == [[], index.search([river], 2)[0], []]


def test_queries_of_another_space_are_refused(encoder: TokenEncoder, folder: Path) -> None:
    narrow = TokenEncoder(encoder.body, nn.Linear(32, 8, bias=False), encoder.tokenizer, encoder.settings)
    with pytest.raises(DataError, match="vectors of 8 dimensions, the index of 32"):
        TokenIndex(folder).search(narrow.encode(QUERIES, "query"), 10)


def test_a_folder_that_is_no_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not an index of token vectors"):
        TokenIndex(tmp_path)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("memory", [0, 2**30])
def test_a_gpu_ranks_as_the_processor_does(encoder: TokenEncoder, folder: Path, memory: int) -> None:
    queries = encoder.encode(QUERIES, "query")
    on_cpu = TokenIndex(folder).search(queries, 10)
    for one, other in zip(TokenIndex(folder, memory=memory, device="cuda").search(queries, 10), on_cpu, strict=True):
        assert dict(one) == pytest.approx(dict(other), abs=1e-4)
