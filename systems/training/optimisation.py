"""What all trainings here share: AdamW and its groups of parameters, the learning rate's course, how they fail."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

from clir_harness.harness.errors import ClirError


class DivergedError(ClirError):
    """A loss became NaN or infinite."""


def adamw(
    model: nn.Module,
    embeddings: nn.Module,
    *,
    rate: float,
    embedding_rate: float,
    weight_decay: float,
    betas: tuple[float, float] = (0.9, 0.999),
) -> AdamW:
    """AdamW with a rate of its own for embeddings, and no decay for vectors (biases, norms).

    Args:
        model: all of its parameters are trained.
        embeddings: its input embeddings.
        rate: highest learning rate; kept in the group as `highest`.
        embedding_rate: that of the embeddings.
        weight_decay: of matrices.
        betas: decay of the means of gradients and of their squares.
    """
    own = {id(parameter) for parameter in embeddings.parameters()}
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for parameter in model.parameters():
        chosen = embedding_rate if id(parameter) in own else rate
        groups.setdefault((chosen, weight_decay if parameter.ndim > 1 else 0.0), []).append(parameter)
    described = [
        {"params": parameters, "lr": chosen, "highest": chosen, "weight_decay": decay}
        for (chosen, decay), parameters in groups.items()
    ]
    return AdamW(described, betas=betas, fused=True)  # one pass over memory: a tenth of the time of a large vocabulary


def linear_rate(step: int, steps: int, warmup: float) -> float:
    """Share of the highest learning rate at a step, from 0: a rise over the warm-up, then a fall to 0.

    Args:
        step: from 0.
        steps: of the whole training.
        warmup: share of the steps in which the rate rises.

    >>> [round(linear_rate(step, 10, 0.2), 3) for step in (0, 1, 2, 9)]
    [0.5, 1.0, 1.0, 0.125]
    """
    rise = math.ceil(warmup * steps)
    return (step + 1) / rise if step < rise else (steps - step) / max(1, steps - rise)


def set_rates(optimizer: Optimizer, step: int, steps: int, warmup: float) -> None:
    """Give every group of `adamw` its learning rate for a step; arguments as `linear_rate`."""
    for group in optimizer.param_groups:
        group["lr"] = group["highest"] * linear_rate(step, steps, warmup)


def take_step(model: nn.Module, optimizer: Optimizer, loss: Tensor, step: int) -> float:
    """Take an optimiser step down a loss, with gradients of norm 1 at most.

    Args:
        model: whose parameters the optimizer has.
        optimizer: has no gradients left afterwards.
        loss: a scalar.
        step: from 0, for the message.

    Returns:
        The loss.

    Raises:
        DivergedError: loss or gradients are NaN or infinite; nothing was changed.
    """
    optimizer.zero_grad()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    if not (torch.isfinite(loss) and torch.isfinite(norm)):
        raise DivergedError(
            f"the training diverged at step {step + 1}: loss {float(loss.detach())}, gradient norm {float(norm)}",
            hint="lower the learning rates or raise warmup; checkpoints stay",
        )
    optimizer.step()
    optimizer.zero_grad()
    return float(loss.detach())
