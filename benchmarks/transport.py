"""Optimal transport solvers side by side: POT's exact solver in a loop, and what `transport_plan` offers.

Costs are 1 - cosine: `unrelated` tokens (random directions), `aligned` ones (a noisy permutation, as of a trained
student), and `padded` texts (mostly [MASK]). Solvers take turns, so that a busy machine slows all alike; times are
medians. The cost is given as an excess over the exact optimum; the row error is relative to the marginal.

    python benchmarks/transport.py [--problems 256] [--length 32] [--rounds 5]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import ot
import torch
from torch import Tensor
from torch.nn.functional import normalize

from clir_harness.systems.distillation.transport import transport_plan

DIM = 384


def costs(problems: int, length: int) -> dict[str, Tensor]:
    """Kinds of cost, each (problems, length, length)."""
    torch.manual_seed(0)
    unrelated = torch.randn(problems, length, DIM), torch.randn(problems, length, DIM)
    order = torch.stack([torch.randperm(length) for _ in range(problems)])
    base = torch.randn(problems, length, DIM) + 0.5 * torch.randn(problems, 1, DIM)
    moved = torch.gather(base, 1, order[..., None].expand_as(base))
    aligned = moved + torch.randn_like(base), base
    padded = tuple(torch.randn(problems, length, DIM) for _ in range(2))
    for side, real in zip(padded, (length // 4, length // 3), strict=True):
        side[:, real:] = side[:, real : real + 1] + 1e-3 * torch.randn(problems, length - real, DIM)
    kinds = {"unrelated": unrelated, "aligned": aligned, "padded": padded}
    return {
        name: 1 - normalize(left, dim=-1) @ normalize(right, dim=-1).transpose(1, 2)
        for name, (left, right) in kinds.items()
    }


def emd_loop(cost: Tensor) -> Tensor:
    """POT's exact solver, a problem at a time."""
    a, b = (np.full(size, 1 / size) for size in cost.shape[1:])
    return torch.from_numpy(np.stack([ot.emd(a, b, one) for one in cost.double().numpy()])).float()


SOLVERS: dict[str, Callable[[Tensor], Tensor]] = {
    "ot.emd loop": emd_loop,
    "ipot": transport_plan,
    "ipot, 50 iterations": lambda cost: transport_plan(cost, iterations=50),
    "ipot, beta .05 (logarithms)": lambda cost: transport_plan(cost, beta=0.05),
    "sinkhorn, beta .02": lambda cost: transport_plan(cost, solver="sinkhorn", beta=0.02, iterations=100),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=256)
    parser.add_argument("--length", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"{options.problems} problems of {options.length} x {options.length}, {options.threads} threads")
    print(f"{'costs':10} {'solver':28} {'ms':>8} {'throughput':>10} {'excess %':>9} {'row error':>9}")
    for kind, cost in costs(options.problems, options.length).items():
        seconds: dict[str, list[float]] = {name: [] for name in SOLVERS}
        plans: dict[str, Tensor] = {}
        for _ in range(options.rounds):
            for name, solve in SOLVERS.items():
                start = time.perf_counter()
                plans[name] = solve(cost)
                seconds[name].append(time.perf_counter() - start)
        least = (plans["ot.emd loop"].double() * cost).sum()
        reference = statistics.median(seconds["ot.emd loop"])
        for name, plan in plans.items():
            middle = statistics.median(seconds[name])
            excess = 100 * float((plan.double() * cost).sum() / least - 1)
            error = float((plan.sum(2) * options.length - 1).abs().max())
            print(f"{kind:10} {name:28} {1000 * middle:8.1f} {reference / middle:9.1f}x {excess:9.3f} {error:9.1e}")


if __name__ == "__main__":
    main()
