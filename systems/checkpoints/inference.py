"""Encoding many texts with a model, in batches of similar length to reduce padding."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Sized

import torch
from torch import nn

from clir_harness.harness.progress import Progress, no_progress


def encode_in_batches(
    model: nn.Module,
    rows: Sequence[Sized],
    batch_size: int,
    encode: Callable[[list[int]], None],
    progress: Progress = no_progress,
) -> None:
    """Compute with a model over texts, the longest first, without gradients and with the model in evaluation mode.

    Args:
        model: its mode is restored afterwards.
        rows: each text, or its tokens; their lengths decide what is batched.
        batch_size: rows encoded at once.
        encode: called with the indices of the rows of each batch; keeps what it computes.
        progress: called after every batch.
    """
    longest_first = sorted(range(len(rows)), key=lambda number: -len(rows[number]))
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            for start in range(0, len(rows), batch_size):
                batch = longest_first[start : start + batch_size]
                encode(batch)
                progress(start + len(batch), len(rows), "texts encoded")
    finally:
        model.train(was_training)
