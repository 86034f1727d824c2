"""Queries with relevant passages: what is held out, and how well a passage is found."""

import pytest
import torch

from clir_harness.harness.errors import DataError
from clir_harness.systems.training.pairs import mean_reciprocal_rank, split_pairs

PAIRS = [(f"query {number}", f"passage {number % 30}") for number in range(60)]


def test_no_held_out_passage_is_trained_on() -> None:
    train, held = split_pairs([*PAIRS, *PAIRS], 2)
    assert (len(train), len(held)) == (56, 2)  # two passages of two queries each, of which two pairs are evaluated on
    assert set(train) | set(held) < set(PAIRS)
    assert not {passage for _, passage in train} & {passage for _, passage in held}


def test_at_most_a_tenth_of_the_passages_is_held_out() -> None:
    assert len({passage for _, passage in split_pairs(PAIRS, 500)[1]}) == 3
    assert split_pairs(PAIRS, 0) == (PAIRS, [])


def test_too_few_pairs_are_refused() -> None:
    with pytest.raises(DataError, match="1 different pairs are too few to train on"):
        split_pairs(PAIRS[:1] * 3, 0)


def test_the_rank_is_among_different_passages_and_ties_count_against_it() -> None:
    pairs = [("a", "one"), ("b", "one"), ("c", "two"), ("d", "three")]
    scores = torch.tensor([[3.0, 2.0, 1.0], [1.0, 2.0, 0.0], [1.0, 1.0, 0.0], [2.0, 2.0, 2.0]])

    def score(queries: list[str], passages: list[str]) -> torch.Tensor:
        assert (queries, passages) == (["a", "b", "c", "d"], ["one", "two", "three"])
        return scores

    assert mean_reciprocal_rank(pairs, score) == pytest.approx((1 + 1 / 2 + 1 / 2 + 1 / 3) / 4)
