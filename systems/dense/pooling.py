"""Token states to one vector, in the ways that sentence-transformers names."""

from __future__ import annotations

import torch
from torch import Tensor


def pool(states: Tensor, attended: Tensor, counted: Tensor, modes: str) -> Tensor:
    """One vector (B, dim times the number of modes) a text.

    Args:
        states: (B, T, dim), float; padding is on the right.
        attended: (B, T), 1 for tokens, 0 for padding.
        counted: (B, T), the same less the tokens of a prompt that is left out of the vector.
        modes: one of `layout.POOLINGS`, or several joined by `+`: their vectors, one after another.

    Returns:
        Vectors (B, hidden times the number of modes).
    """
    return torch.cat([_pool(states, attended, counted, mode) for mode in modes.split("+")], dim=-1)


def _pool(states: Tensor, attended: Tensor, counted: Tensor, mode: str) -> Tensor:
    if mode == "cls":
        return _taken(states, counted.int().argmax(1))
    if mode == "lasttoken":
        return _taken(states, attended.sum(1).clamp_min(1) - 1)
    if mode == "max":
        return states.masked_fill(~counted.bool().unsqueeze(-1), float("-inf")).amax(1)
    weights = counted.unsqueeze(-1).to(states.dtype)
    if mode == "weightedmean":  # later tokens, which have seen more of the text, weigh more
        weights = weights * torch.arange(1, states.shape[1] + 1, device=states.device, dtype=states.dtype)[:, None]
    total = weights.sum(1).clamp_min(1)
    return (states * weights).sum(1) / (total.sqrt() if mode == "mean_sqrt_len_tokens" else total)


def _taken(states: Tensor, places: Tensor) -> Tensor:
    return states[torch.arange(len(states), device=states.device), places]
