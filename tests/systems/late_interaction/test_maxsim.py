from itertools import pairwise

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from clir_harness.systems.late_interaction.maxsim import maxsim_scores, top_documents

Vectors = NDArray[np.float32]


def unit_vectors(rng: np.random.Generator, count: int, dim: int = 16) -> Vectors:
    vectors = rng.normal(size=(count, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def by_definition(queries: list[Vectors], vectors: Vectors, offsets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sum over query tokens of the largest dot product with any of the passage's tokens, in plain loops."""
    scores = np.full((len(queries), len(offsets) - 1), -np.inf)
    for i, query in enumerate(queries):
        for j, (start, end) in enumerate(pairwise(offsets)):
            if end > start:
                scores[i, j] = sum(max(float(token @ other) for other in vectors[start:end]) for token in query)
    return scores


@pytest.fixture
def passages() -> tuple[Vectors, NDArray[np.int64]]:
    """Forty passages: two without a token, two of one, the others of up to 30, in no order."""
    rng = np.random.default_rng(7)
    lengths = np.concatenate([[0, 1, 5], rng.integers(2, 31, size=35), [1, 0]])
    return unit_vectors(rng, int(lengths.sum())), np.concatenate([[0], np.cumsum(lengths)])


@pytest.fixture
def queries() -> list[Vectors]:
    rng = np.random.default_rng(8)
    return [unit_vectors(rng, count) for count in (1, 32, 7, 12, 7)]


@pytest.mark.parametrize("memory", [None, 1, 4096, 100_000])
def test_scores_are_those_of_the_definition(
    passages: tuple[Vectors, NDArray[np.int64]], queries: list[Vectors], memory: int | None
) -> None:
    found = maxsim_scores(queries, *passages, memory=memory)
    np.testing.assert_allclose(found.numpy(), by_definition(queries, *passages), atol=1e-5)


def test_documents_in_half_precision_are_scored_in_single(
    passages: tuple[Vectors, NDArray[np.int64]], queries: list[Vectors]
) -> None:
    vectors, offsets = passages
    halved = vectors.astype(np.float16)
    found = maxsim_scores(queries, halved, offsets)
    np.testing.assert_allclose(found.numpy(), by_definition(queries, halved.astype(np.float32), offsets), atol=1e-5)


def test_padded_queries_count_only_where_the_mask_says(
    passages: tuple[Vectors, NDArray[np.int64]], queries: list[Vectors]
) -> None:
    padded = torch.full((len(queries), 32, 16), 9.0)
    mask = torch.zeros(len(queries), 32, dtype=torch.bool)
    for number, query in enumerate(queries):
        padded[number, : len(query)] = torch.from_numpy(query)
        mask[number, : len(query)] = True
    found = maxsim_scores(padded, *passages, mask=mask)
    torch.testing.assert_close(found, maxsim_scores(queries, *passages))


def test_offsets_may_begin_anywhere(passages: tuple[Vectors, NDArray[np.int64]], queries: list[Vectors]) -> None:
    vectors, offsets = passages
    part = maxsim_scores(queries, vectors[offsets[10] : offsets[20]], offsets[10:21])
    torch.testing.assert_close(part, maxsim_scores(queries, vectors, offsets)[:, 10:20])


def test_no_queries_and_no_passages_have_no_scores(
    passages: tuple[Vectors, NDArray[np.int64]], queries: list[Vectors]
) -> None:
    assert maxsim_scores([], *passages).shape == (0, 40)
    assert maxsim_scores(queries, np.empty((0, 16), np.float32), np.array([0])).shape == (5, 0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_scores_on_a_gpu_are_those_of_the_processor(
    passages: tuple[Vectors, NDArray[np.int64]], queries: list[Vectors]
) -> None:
    on_gpu = [torch.from_numpy(query).cuda() for query in queries]
    found = maxsim_scores(on_gpu, *passages)
    assert found.device.type == "cuda"
    torch.testing.assert_close(found.cpu(), maxsim_scores(queries, *passages), atol=1e-5, rtol=0)


@pytest.mark.parametrize("depth", [1, 3, 10, 100])
def test_ties_are_broken_by_id_falling_also_at_the_cut(depth: int) -> None:
    rng = np.random.default_rng(3)
    scores = rng.integers(0, 4, size=50).astype(np.float32)
    scores[[4, 17]] = -np.inf
    ranks = rng.permutation(50)
    found = [number for number in range(50) if scores[number] > -np.inf]
    expected = sorted(found, key=lambda number: (-scores[number], -ranks[number]))[:depth]
    assert top_documents(scores, ranks, depth).tolist() == expected
