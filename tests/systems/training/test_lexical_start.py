"""Embeddings of translations: against sums worked out by hand, and at the edges."""

import pytest
import torch

from clir_harness.systems.training import lexical_start
from clir_harness.systems.training.lexical_start import translated_embeddings

OLD = torch.eye(4)


def test_words_that_only_occur_with_one_another_take_over_its_embedding() -> None:
    found, start = translated_embeddings([[7], [9]], [[2], [0]], OLD)
    assert found.tolist() == [7, 9]
    torch.testing.assert_close(start, OLD[[2, 0]])


def test_a_mean_is_weighted_by_squared_probabilities() -> None:
    """One word, and NULL, with two targets in ratio 3 to 1: EM keeps that ratio, its square is 9 to 1."""
    found, start = translated_embeddings([[5]] * 4, [[1], [1], [1], [3]], OLD)
    assert found.tolist() == [5]
    torch.testing.assert_close(start, torch.tensor([[0.0, 0.9, 0.0, 0.1]]))


def test_what_occurs_together_more_often_weighs_more() -> None:
    _, start = translated_embeddings([[1, 2], [1, 3], [1, 2]], [[0, 1], [0, 2], [0, 1]], OLD)
    assert start.argmax(1).tolist() == [0, 1, 2]


def test_pairs_with_an_empty_side_are_left_out() -> None:
    found, start = translated_embeddings([[], [4], [8]], [[1], [], [3]], OLD)
    assert found.tolist() == [8]
    torch.testing.assert_close(start, OLD[[3]])


def test_without_pairs_there_is_nothing_to_start_from() -> None:
    found, start = translated_embeddings([[]], [[1]], OLD)
    assert found.shape == (0,)
    assert start.shape == (0, 4)


def test_of_more_text_than_fits_the_shortest_sentences_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexical_start, "MOST_ALIGNED", 2)
    found, _ = translated_embeddings([[1, 2, 3], [4], [5]], [[0], [1], [2]], OLD)
    assert found.tolist() == [4, 5]
