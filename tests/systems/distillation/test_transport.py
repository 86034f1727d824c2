"""Optimal transport against two exact oracles, by objective and marginals: plans need not be unique."""

import numpy as np
import ot
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from clir_harness.harness.errors import UnknownNameError, UsageError
from clir_harness.systems.distillation.transport import SCALING_LIMIT, Solver, transport_plan

SOLVERS: list[tuple[Solver, float, int]] = [
    ("ipot", 0.1, 30),
    ("ipot", 0.03, 100),  # on logarithms
    ("sinkhorn", 0.01, 1000),
    ("exact", 1, 1),
]


def cosine_costs(problems: int, rows: int, columns: int, seed: int = 0, dim: int = 64) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    left, right = (
        torch.nn.functional.normalize(torch.randn(problems, n, dim, generator=draw), dim=-1) for n in (rows, columns)
    )
    return 1 - left @ right.transpose(1, 2)


def masked_like_padding(problems: int, length: int) -> Tensor:
    """Costs of texts padded with [MASK]: after a few real tokens, all rows and all columns are nearly the same."""
    draw = torch.Generator().manual_seed(1)
    sides = []
    for real in (8, 12):
        side = torch.randn(problems, length, 64, generator=draw)
        side[:, real:] = side[:, real : real + 1] + 1e-3 * torch.randn(problems, length - real, 64, generator=draw)
        sides.append(torch.nn.functional.normalize(side, dim=-1))
    return 1 - sides[0] @ sides[1].transpose(1, 2)


def objective(plan: Tensor, cost: Tensor) -> float:
    return float((plan.double() * cost.double()).sum((1, 2)).mean())


def least_cost(cost: Tensor) -> float:
    """Mean optimum by POT's network simplex."""
    n, m = cost.shape[1:]
    a, b = np.full(n, 1 / n), np.full(m, 1 / m)
    return float(np.mean([ot.emd2(a, b, c) for c in cost.double().numpy()]))


@pytest.mark.parametrize(("solver", "beta", "iterations"), SOLVERS)
@pytest.mark.parametrize("shape", [(32, 32), (7, 19), (19, 7), (1, 5), (5, 1)])
def test_cost_is_near_the_least_and_never_below_it(
    solver: Solver, beta: float, iterations: int, shape: tuple[int, int]
) -> None:
    cost = cosine_costs(16, *shape)
    plan = transport_plan(cost, solver=solver, beta=beta, iterations=iterations)
    least = least_cost(cost)
    assert least * (1 - 1e-6) <= objective(plan, cost) <= least * 1.005
    torch.testing.assert_close(plan.sum(2), torch.full(shape[:1], 1 / shape[0]).expand(16, -1), atol=1e-6, rtol=1e-4)
    torch.testing.assert_close(plan.sum(1), torch.full(shape[1:], 1 / shape[1]).expand(16, -1), atol=1e-6, rtol=1e-4)
    assert (plan >= 0).all()


def test_exact_solver_finds_the_cost_of_the_best_assignment() -> None:
    cost = cosine_costs(8, 20, 20)
    best = [float(c[linear_sum_assignment(c)].mean()) for c in cost.double().numpy()]
    found = (transport_plan(cost, solver="exact") * cost).sum((1, 2))
    torch.testing.assert_close(found, torch.tensor(best, dtype=torch.float32), atol=1e-5, rtol=1e-5)


def test_default_solver_is_within_a_fifth_of_a_percent_of_the_best_assignment() -> None:
    cost = cosine_costs(64, 32, 32, dim=384)
    best = np.mean([c[linear_sum_assignment(c)].mean() for c in cost.double().numpy()])
    assert objective(transport_plan(cost), cost) <= 1.002 * best


@pytest.mark.parametrize("beta", [0.01, 0.05, 0.1, 0.5])
def test_near_identical_rows_as_of_mask_padding_give_a_finite_feasible_plan(beta: float) -> None:
    cost = masked_like_padding(16, 32)
    plan = transport_plan(cost, beta=beta, iterations=50)
    assert torch.isfinite(plan).all()
    torch.testing.assert_close(plan.sum(2), torch.full((16, 32), 1 / 32), atol=1e-6, rtol=1e-4)
    assert objective(plan, cost) <= 1.005 * least_cost(cost)


@pytest.mark.parametrize("beta", [SCALING_LIMIT, 0.01, 1e-4])
@pytest.mark.parametrize("iterations", [1, 1000])
def test_extreme_costs_stay_finite(beta: float, iterations: int) -> None:
    cost = torch.randint(0, 2, (8, 64, 48), generator=torch.Generator().manual_seed(0)).float()
    cost[0, 0] = 1e6
    cost[1, :, 0] = -1e6
    cost[2] = 3.0
    plan = transport_plan(cost, beta=beta, iterations=iterations)
    assert torch.isfinite(plan).all()
    torch.testing.assert_close(plan.sum(2), torch.full((8, 64), 1 / 64), atol=1e-6, rtol=1e-4)


def test_scaling_and_logarithms_follow_the_same_recursion() -> None:
    cost = cosine_costs(4, 9, 12)
    above = transport_plan(cost, beta=SCALING_LIMIT, iterations=20)
    below = transport_plan(cost, beta=SCALING_LIMIT * (1 - 1e-6), iterations=20)
    torch.testing.assert_close(above, below, atol=1e-4, rtol=0)


@pytest.mark.parametrize(("solver", "beta", "iterations"), SOLVERS)
def test_a_masked_problem_is_the_smaller_problem(solver: Solver, beta: float, iterations: int) -> None:
    cost = cosine_costs(3, 9, 11)
    rows, columns = torch.ones(3, 9, dtype=torch.bool), torch.ones(3, 11, dtype=torch.bool)
    rows[1, 6:] = False
    columns[1, [0, 4]] = False
    rows[2] = False
    full = torch.where(rows[:, :, None] & columns[:, None], cost, torch.nan)
    plan = transport_plan(full, rows, columns, solver=solver, beta=beta, iterations=iterations)
    small = transport_plan(cost[1:2, :6][:, :, columns[1]], solver=solver, beta=beta, iterations=iterations)
    torch.testing.assert_close(plan[1, :6][:, columns[1]], small[0], atol=1e-5, rtol=1e-3)
    assert plan[1, 6:].count_nonzero() == 0
    assert plan[1, :, [0, 4]].count_nonzero() == 0
    assert plan[2].count_nonzero() == 0


@pytest.mark.parametrize("solver", ["ipot", "sinkhorn", "exact"])
def test_no_problems_and_only_empty_problems_give_zeros(solver: Solver) -> None:
    assert transport_plan(torch.zeros(0, 3, 4), solver=solver).shape == (0, 3, 4)
    assert transport_plan(torch.zeros(2, 0, 4), solver=solver).shape == (2, 0, 4)
    nothing = torch.zeros(2, 4, dtype=torch.bool)
    assert transport_plan(torch.ones(2, 3, 4), None, nothing, solver=solver).count_nonzero() == 0


def test_half_precision_costs_under_autocast_are_solved_in_single_precision() -> None:
    cost = cosine_costs(4, 16, 16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        plan = transport_plan(cost.half())
    assert plan.dtype == torch.float32
    assert objective(plan, cost) <= 1.003 * least_cost(cost)


def test_beta_is_relative_to_the_range_of_costs() -> None:
    cost = cosine_costs(4, 8, 8)
    torch.testing.assert_close(transport_plan(cost), transport_plan(100 * cost + 7), atol=1e-4, rtol=1e-2)


def test_the_plan_is_a_constant_to_the_gradient() -> None:
    cost = cosine_costs(2, 5, 6).requires_grad_()
    plan = transport_plan(cost)
    assert not plan.requires_grad
    (plan * cost).sum().backward()
    torch.testing.assert_close(cost.grad, plan)


def test_equal_calls_give_equal_bits_and_leave_the_cost_alone() -> None:
    cost = cosine_costs(8, 16, 16)
    before = cost.clone()
    assert torch.equal(transport_plan(cost), transport_plan(cost))
    assert torch.equal(cost, before)


def test_bad_requests_say_what_was_expected() -> None:
    cost = cosine_costs(2, 3, 4)
    with pytest.raises(UnknownNameError, match="unknown solver 'sinkhorm'"):
        transport_plan(cost, solver="sinkhorm")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="expected \\(2, 3\\)"):
        transport_plan(cost, torch.ones(2, 4, dtype=torch.bool))
    with pytest.raises(UsageError, match="expected \\(problems, rows, columns\\)"):
        transport_plan(cost[0])
    with pytest.raises(UsageError, match="above 0"):
        transport_plan(cost, beta=0)
    with pytest.raises(UsageError, match="not finite"):
        transport_plan(cost * torch.nan, solver="exact")
