"""AdamW with its parameter groups, and the learning-rate schedule."""

from __future__ import annotations

import math

from torch import nn
from torch.optim import AdamW

from clir_harness.systems.training.settings import FitSettings


def adamw(model: nn.Module, embeddings: nn.Module, settings: FitSettings, betas: tuple[float, float]) -> AdamW:
    """AdamW with a learning rate of its own for embeddings, and no decay for vectors (biases, norms).

    Args:
        model: all of its parameters are trained.
        embeddings: its input embeddings.
        settings: learning rates, each kept in its group as `highest`, and weight decay.
        betas: decay of the means of gradients and of their squares.

    Returns:
        The optimiser.
    """
    rate = settings.learning_rate
    own = {id(parameter) for parameter in embeddings.parameters()}
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for parameter in model.parameters():
        chosen = settings.embedding_learning_rate or rate if id(parameter) in own else rate
        groups.setdefault((chosen, settings.weight_decay if parameter.ndim > 1 else 0.0), []).append(parameter)
    described = [
        {"params": parameters, "lr": chosen, "highest": chosen, "weight_decay": decay}
        for (chosen, decay), parameters in groups.items()
    ]
    return AdamW(described, betas=betas, fused=True)  # one pass over memory: a tenth of the time of a large vocabulary


def linear_rate(step: int, steps: int, warmup: float) -> float:
    """Share of the highest learning rate at a step: a rise over the warm-up, then a fall to 0.

    Args:
        step: from 0.
        steps: of the whole training.
        warmup: share of the steps in which the rate rises.

    Returns:
        0 to 1.

    >>> [round(linear_rate(step, 10, 0.2), 3) for step in (0, 1, 2, 9)]
    [0.5, 1.0, 1.0, 0.125]
    """
    rise = math.ceil(warmup * steps)
    return (step + 1) / rise if step < rise else (steps - step) / max(1, steps - rise)
