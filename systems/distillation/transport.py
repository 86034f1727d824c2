"""Batched optimal transport between the tokens of two texts, with uniform marginals over the tokens that count.

All solvers work on costs that are shifted and scaled, problem by problem, to the range 0 to 1, so that `beta` means
the same for every problem; shifting and scaling do not change which plan is optimal. What an iterative solver finds
is then rounded to the nearest feasible plan (Altschuler et al. 2017, https://arxiv.org/abs/1705.09634, algorithm 2):
both marginals hold to float32 precision, and its cost is never below the optimum.
"""

from __future__ import annotations

import math
import warnings
from typing import get_args

import numpy as np
import torch
from torch import Tensor

from clir_harness.harness.errors import UnknownNameError, UsageError
from clir_harness.systems.distillation.settings import Solver

SCALING_LIMIT = 1 / 16
"""Smallest `beta` at which IPOT scales matrices in float32; below it works on logarithms.

No number leaves float32's range down to here: a step multiplies an entry by at least exp(-16), a column's mass is
exact after every step, a row's is at least its marginal divided by the number of columns, and the scaling carried
over is kept within exp(-16) to exp(16). Carrying over only speeds convergence, so bounding it costs no correctness.
"""

_FLOOR = 1e-20
"""Least mass of an allowed entry: small against any marginal, and enough for it to come back."""


def transport_plan(
    cost: Tensor,
    row_mask: Tensor | None = None,
    column_mask: Tensor | None = None,
    *,
    solver: Solver = "ipot",
    beta: float = 0.1,
    iterations: int = 30,
    detach: bool = True,
) -> Tensor:
    """Plans that move uniform mass over the rows to uniform mass over the columns at the least cost.

    Computed in float32 and outside autocast, whatever the cost's type; without gradient, unless `detach` is false.

    Args:
        cost: (B, n, m), finite where both masks are true; what it holds elsewhere does not matter.
        row_mask: (B, n), true for rows with mass; all when absent.
        column_mask: (B, m), likewise.
        solver: `ipot`, the proximal point method of Xie et al. (2020, https://arxiv.org/abs/1802.04307) with one
            inner iteration; `sinkhorn`, entropic transport (Cuturi 2013) by POT's batched solver on logarithms;
            `exact`, POT's network simplex, one problem at a time on the CPU.
        beta: as a share of each problem's cost range (largest less smallest), the proximal step of `ipot` or the
            entropic regularisation of `sinkhorn`. Smaller is closer to the optimum and needs more iterations.
        iterations: of `ipot` exactly, of `sinkhorn` at most.
        detach: false for a plan through whose iterations a gradient runs to the cost, with `ipot` only.

    Returns:
        (B, n, m), float32: 1/(rows that count) in every row that counts, 1/(columns that count) in every such column,
        0 elsewhere. All zeros for a problem in which no row or no column counts.

    Raises:
        UnknownNameError: for another solver.
        UsageError: when shapes do not fit, `beta` or `iterations` is not above 0, a gradient is asked of another
            solver than `ipot`, or `exact` meets a cost that is not finite. The other solvers answer NaN to NaN.

    >>> transport_plan(torch.tensor([[[0.0, 1.0], [1.0, 0.0]]])).round(decimals=3).tolist()
    [[[0.5, 0.0], [0.0, 0.5]]]
    """
    if solver not in get_args(Solver):
        raise UnknownNameError("solver", solver, get_args(Solver))
    if not (beta > 0 and iterations > 0):
        raise UsageError(f"beta {beta} with {iterations} iterations", hint="both must be above 0")
    if not (detach or solver == "ipot"):
        raise UsageError(f"no gradient runs through solver '{solver}'", hint="take ipot, or detach the plan")
    rows, columns = _checked_mask(cost, row_mask, 1), _checked_mask(cost, column_mask, 2)
    if 0 in cost.shape:
        return torch.zeros(cost.shape, dtype=torch.float32, device=cost.device)
    with torch.set_grad_enabled(not detach), torch.autocast(cost.device.type, enabled=False):
        allowed = rows & columns
        mu = (rows / rows.sum(1, keepdim=True).clamp_min(1)).float()
        nu = (columns / columns.sum(2, keepdim=True).clamp_min(1)).float()
        if solver == "exact":
            return _exact(cost, allowed, mu, nu)
        scaled = _unit_range(cost.detach().float() if detach else cost.float(), allowed)
        if solver == "sinkhorn":
            plan = _sinkhorn(scaled, allowed, mu, nu, beta, iterations)
        elif beta >= SCALING_LIMIT and detach:
            plan = _ipot_scaling(scaled, allowed, mu, nu, beta, iterations)
        else:
            plan = _ipot_logarithms(scaled, allowed, mu, nu, beta, iterations)
        return _rounded(plan, mu, nu) * allowed


def _checked_mask(cost: Tensor, mask: Tensor | None, side: int) -> Tensor:
    """The mask of a side, ready to broadcast against the cost."""
    if cost.ndim != 3:
        raise UsageError(f"cost of shape {tuple(cost.shape)}", hint="expected (problems, rows, columns)")
    if mask is None:
        mask = torch.ones(cost.shape[0], cost.shape[side], dtype=torch.bool, device=cost.device)
    if tuple(mask.shape) != (cost.shape[0], cost.shape[side]):
        raise UsageError(
            f"mask of shape {tuple(mask.shape)} for a cost of shape {tuple(cost.shape)}",
            hint=f"expected {(cost.shape[0], cost.shape[side])}",
        )
    return mask.bool().unsqueeze(3 - side)


def _unit_range(cost: Tensor, allowed: Tensor) -> Tensor:
    """Costs from 0 to 1 where allowed, 0 elsewhere."""
    least = cost.masked_fill(~allowed, math.inf).amin((1, 2), keepdim=True)
    largest = cost.masked_fill(~allowed, -math.inf).amax((1, 2), keepdim=True)
    span = (largest - least).clamp_min(torch.finfo(torch.float32).tiny)
    return ((cost - least) / span).masked_fill(~allowed, 0.0)


def _ipot_scaling(cost: Tensor, allowed: Tensor, mu: Tensor, nu: Tensor, beta: float, iterations: int) -> Tensor:
    """IPOT by scaling matrices, the plan absorbed at every step; for `beta` of at least `SCALING_LIMIT`.

    Products and sums in place: on a CPU, ten times the speed of batched products with a vector.
    """
    step = torch.exp(cost / -beta).mul_(allowed)
    floor = _FLOOR * allowed
    plan = mu * nu
    scaling = torch.ones_like(nu)
    part = torch.empty_like(plan)
    for _ in range(iterations):
        plan.mul_(step)
        torch.mul(plan, scaling, out=part)
        part.mul_(mu / part.sum(2, keepdim=True).clamp_min_(1e-35))
        correction = nu / part.sum(1, keepdim=True).clamp_min_(1e-35)
        torch.mul(part, correction, out=plan)
        torch.maximum(plan, floor, out=plan)
        scaling.mul_(correction).clamp_(math.exp(-16), math.exp(16))
    return plan


def _ipot_logarithms(cost: Tensor, allowed: Tensor, mu: Tensor, nu: Tensor, beta: float, iterations: int) -> Tensor:
    """IPOT in potentials, for any `beta`: lQ = log P - C/beta, f = log mu - LSE(lQ + g), g = log nu - LSE(lQ + f).

    Nothing is changed in place, so that a gradient can run through. Forbidden entries have log mass `never`, finite so
    that an empty row or column gives no NaN.
    """
    never = -1e30
    step = cost / beta
    log_mu, log_nu = (torch.where(side > 0, side.clamp_min(1e-30).log(), 0.0) for side in (mu, nu))
    log_plan = torch.where(allowed, log_mu + log_nu, never)
    g = torch.zeros_like(nu)
    for _ in range(iterations):
        log_plan = log_plan - step
        f = log_mu - torch.logsumexp(log_plan + g, 2, keepdim=True)
        f = f.masked_fill(mu == 0, 0.0)
        g = log_nu - torch.logsumexp(log_plan + f, 1, keepdim=True)
        g = g.masked_fill(nu == 0, 0.0)
        log_plan = (log_plan + f + g).masked_fill(~allowed, never)
    return log_plan.exp()


def _sinkhorn(cost: Tensor, allowed: Tensor, mu: Tensor, nu: Tensor, beta: float, iterations: int) -> Tensor:
    """POT's batched Sinkhorn on logarithms. It takes marginals of 0 but no problem without mass: those are left out."""
    import ot.batch

    plan = torch.zeros_like(cost)
    if (some := allowed.flatten(1).any(1)).any():
        solved = ot.batch.solve_batch(
            cost[some],
            reg=beta,
            a=mu[some].squeeze(2),
            b=nu[some].squeeze(1),
            max_iter=iterations,
            method="log_sinkhorn",
            grad="detach",
        )
        plan[some] = solved.plan
    return plan


def _exact(cost: Tensor, allowed: Tensor, mu: Tensor, nu: Tensor) -> Tensor:
    """POT's network simplex (Bonneel et al. 2011) on the rows and columns that count, in double precision."""
    import ot

    plan = np.zeros(cost.shape, dtype=np.float32)
    costs = cost.detach().double().cpu().numpy()
    row_masses, column_masses = mu.squeeze(2).cpu().numpy(), nu.squeeze(1).cpu().numpy()
    if not np.isfinite(costs[allowed.cpu().numpy()]).all():
        raise UsageError("a cost is not finite", hint="look for NaN or infinity in the vectors it was computed from")
    for number, problem in enumerate(costs):
        rows, columns = np.flatnonzero(row_masses[number]), np.flatnonzero(column_masses[number])
        if not (rows.size and columns.size):
            continue
        where = np.ix_(rows, columns)
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # POT only warns when it stops short of the optimum
            plan[number][where] = ot.emd(
                np.full(rows.size, 1 / rows.size),
                np.full(columns.size, 1 / columns.size),
                np.ascontiguousarray(problem[where]),
                numItermax=max(100_000, 100 * rows.size * columns.size),
            )
    return torch.from_numpy(plan).to(cost.device)


def _rounded(plan: Tensor, mu: Tensor, nu: Tensor) -> Tensor:
    """The plan scaled down to both marginals, what is then missing added as a product of the two shortfalls."""
    tiny = torch.finfo(torch.float32).tiny
    plan = plan * (mu / plan.sum(2, keepdim=True).clamp_min(tiny)).clamp_max(1.0)
    plan = plan * (nu / plan.sum(1, keepdim=True).clamp_min(tiny)).clamp_max(1.0)
    rows = (mu - plan.sum(2, keepdim=True)).clamp_min(0.0)
    columns = (nu - plan.sum(1, keepdim=True)).clamp_min(0.0)
    return plan + rows * (columns / columns.sum(2, keepdim=True).clamp_min(tiny))
