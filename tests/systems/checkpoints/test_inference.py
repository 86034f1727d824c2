"""Computing with a model in batches of similar length."""

import pytest
import torch
from torch import nn

from clir_harness.systems.checkpoints.inference import encode_in_batches


@pytest.mark.parametrize("training", [True, False])
def test_the_longest_rows_come_first_and_the_mode_is_restored(training: bool) -> None:
    model = nn.Linear(1, 1).train(training)
    batches: list[list[int]] = []
    reports: list[tuple[int, int | None, str]] = []

    def encode(batch: list[int]) -> None:
        assert not model.training
        assert not torch.is_grad_enabled()
        batches.append(batch)

    rows = ["a", "four", "of", "three", "of"]
    encode_in_batches(model, rows, 2, encode, lambda *report: reports.append(report))
    assert batches == [[3, 1], [2, 4], [0]]
    assert [(done, total) for done, total, _ in reports] == [(2, 5), (4, 5), (5, 5)]
    assert model.training == training


def test_the_mode_is_restored_when_encoding_fails() -> None:
    model = nn.Linear(1, 1).train()

    def fail(_batch: list[int]) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        encode_in_batches(model, ["a"], 1, fail)
    assert model.training
