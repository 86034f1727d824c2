"""Distances of a student's token vectors from the teacher's, with four ways to align their tokens.

`transport` is the loss of OPTICAL (Huang, Yu & Allan, WSDM 2023, https://arxiv.org/abs/2301.12566). `nearest`,
called CAL on the leaderboards, is the same without the coupling constraint: each token is aligned with its nearest
one, so that what OPTICAL gains over CAL is the contribution of optimal transport. `mean` is sentence-level
distillation (Reimers & Gurevych 2020, https://arxiv.org/abs/2004.09813), `position` aligns token i to token i.
"""

from __future__ import annotations

from typing import get_args

import torch
from torch import Tensor

from clir_harness.harness.errors import UnknownNameError, UsageError
from clir_harness.systems.distillation.settings import Loss, Solver
from clir_harness.systems.distillation.transport import transport_plan


def alignment_loss(
    student: Tensor,
    teacher: Tensor,
    student_mask: Tensor,
    teacher_mask: Tensor,
    *,
    loss: Loss = "transport",
    solver: Solver = "ipot",
    beta: float = 0.1,
    iterations: int = 30,
    detach: bool = True,
) -> Tensor:
    """Mean loss of a batch of sentence pairs, in float32; pairs without a token on either side count as 0.

    With C[i, j] = 1 - student_i . teacher_j over the tokens that count, a pair's loss is

    - `transport`: sum of P[i, j] C[i, j], where P is the cheapest plan between uniform masses. P is a constant to
      the gradient, which at the optimum makes the gradient exact (envelope theorem), unless `detach` is false;
    - `nearest`: 1/2 (mean over i of min over j of C + mean over j of min over i of C);
    - `mean`: mean squared difference, over dimensions, of the two mean vectors;
    - `position`: mean of C[i, i] up to the length of the shorter side, tokens that count being numbered in order.

    Args:
        student: (B, n, d), rows of unit norm where the mask is true.
        teacher: (B, m, d), likewise.
        student_mask: (B, n), true for tokens that count.
        teacher_mask: (B, m).
        loss: which of the four.
        solver: of `transport`, as `transport_plan`; so are `beta` and `iterations`.
        beta: step or regularisation of the solver.
        iterations: of the solver.
        detach: take the plan as constant; else the gradient runs through the iterations of `ipot`.

    Returns:
        A scalar.

    Raises:
        UnknownNameError: for another loss or solver.
        UsageError: when the two sides differ in dimensions.
    """
    if loss not in get_args(Loss):
        raise UnknownNameError("loss", loss, get_args(Loss))
    if student.shape[-1] != teacher.shape[-1]:
        raise UsageError(
            f"the student's vectors have {student.shape[-1]} dimensions, the teacher's {teacher.shape[-1]}",
            hint="give both the same size of projection",
        )
    with torch.autocast(student.device.type, enabled=False):
        left = student.float() * student_mask.unsqueeze(2)
        right = teacher.float() * teacher_mask.unsqueeze(2)
        rows, columns = student_mask.bool(), teacher_mask.bool()
        if loss == "mean":
            per_pair = _mean(left, right, rows, columns)
        elif loss == "position":
            per_pair = _position(left, right, rows, columns)
        else:
            cost = 1 - left @ right.transpose(1, 2)
            if loss == "nearest":
                per_pair = _nearest(cost, rows, columns)
            else:
                plan = transport_plan(
                    cost, rows, columns, solver=solver, beta=beta, iterations=iterations, detach=detach
                )
                per_pair = (plan * cost).sum((1, 2))
        paired = rows.any(1) & columns.any(1)
        return torch.where(paired, per_pair, 0.0).mean()


def _nearest(cost: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    never = 1e4  # above any cost of unit vectors, and finite: 0 times it is 0
    by_row = cost.masked_fill(~columns.unsqueeze(1), never).amin(2)
    by_column = cost.masked_fill(~rows.unsqueeze(2), never).amin(1)
    return 0.5 * (_masked_mean(by_row, rows) + _masked_mean(by_column, columns))


def _mean(left: Tensor, right: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    pooled = [side.sum(1) / mask.sum(1, keepdim=True).clamp_min(1) for side, mask in ((left, rows), (right, columns))]
    return (pooled[0] - pooled[1]).square().mean(1)


def _position(left: Tensor, right: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    left, right = _tokens_first(left, rows), _tokens_first(right, columns)
    length = min(left.shape[1], right.shape[1])
    shorter = torch.minimum(rows.sum(1), columns.sum(1))
    both = torch.arange(length, device=left.device) < shorter.unsqueeze(1)
    return _masked_mean(1 - (left[:, :length] * right[:, :length]).sum(2), both)


def _tokens_first(vectors: Tensor, mask: Tensor) -> Tensor:
    """The vectors that count moved to the front, in order."""
    order = torch.argsort(mask.logical_not().byte(), dim=1, stable=True)
    return torch.gather(vectors, 1, order.unsqueeze(2).expand_as(vectors))


def _masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    return (values * mask).sum(1) / mask.sum(1).clamp_min(1)
