"""MaxSim beside the plain matrix product of the same shapes, in one run: how much of the machine's rate is used.

Both are counted as 2 x query tokens x document tokens x dimensions operations in float32. Documents are kept in float16
and of many lengths, as in an index; the plain product gets them in float32 and in one piece, and takes no maximum.
The two take turns, so that whatever else the machine does bears on both.

Usage: python benchmarks/maxsim.py [--queries 64] [--documents 20000] [--dims 128,384] [--repeats 5] [--device cpu]
           [--threads 2]
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from tabulate import tabulate

from clir_harness.systems.late_interaction.maxsim import ArrangedTokens, arranged_scores

QUERY_TOKENS = 32
SLICE = 20_000
"""Document tokens of the plain product at once: its result would not fit into memory as a whole."""


def made_tokens(count: int, dim: int, generator: torch.Generator) -> torch.Tensor:
    return torch.nn.functional.normalize(torch.randn(count, dim, generator=generator), dim=1)


def seconds(work: Callable[[], object], device: torch.device) -> float:
    start = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


def measure(queries: int, documents: int, dim: int, repeats: int, device: torch.device) -> list[object]:
    rng, generator = np.random.default_rng(13), torch.Generator().manual_seed(13)
    offsets = np.concatenate([[0], np.cumsum(np.clip(rng.normal(100, 30, size=documents), 8, 180).astype(np.int64))])
    total = int(offsets[-1])
    vectors = torch.empty(total, dim, dtype=torch.float16)
    for start in range(0, total, SLICE):
        vectors[start : start + SLICE] = made_tokens(min(SLICE, total - start), dim, generator)
    arranged = ArrangedTokens.of(vectors, offsets, device)
    asked = [made_tokens(QUERY_TOKENS, dim, generator).to(device) for _ in range(queries)]
    stacked = torch.cat(asked).T.contiguous()
    single = made_tokens(SLICE, dim, generator).to(device)
    product = torch.empty(SLICE, stacked.shape[1], device=device)
    slices = max(1, total // SLICE)

    def plain() -> None:
        for _ in range(slices):
            torch.mm(single, stacked, out=product)

    def ours() -> None:
        arranged_scores(asked, arranged)

    plain()
    ours()
    rates = []
    for _ in range(repeats):
        plain_rate = 2e-9 * stacked.shape[1] * slices * SLICE * dim / seconds(plain, device)
        our_rate = 2e-9 * stacked.shape[1] * total * dim / seconds(ours, device)
        rates.append((plain_rate, our_rate, our_rate / plain_rate))
    plain_rate, our_rate, ratio = (statistics.median(column) for column in zip(*rates, strict=True))
    lowest = min(row[2] for row in rates)
    return [queries, dim, f"{total:,}", f"{plain_rate:.1f}", f"{our_rate:.1f}", f"{ratio:.2f}", f"{lowest:.2f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--queries", default="64", help="queries at once; several with commas")
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--dims", default="128,384")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="1 on a machine that is busy")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    torch.set_num_threads(arguments.threads)
    rows = [
        measure(int(queries), arguments.documents, int(dim), arguments.repeats, device)
        for queries in arguments.queries.split(",")
        for dim in arguments.dims.split(",")
    ]
    headers = ["queries", "dim", "document tokens", "matmul GFLOP/s", "MaxSim GFLOP/s", "ratio (median)", "lowest"]
    print(tabulate(rows, headers, disable_numparse=True))
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{platform.machine()} processor"
    print(f"\n{name}, {torch.get_num_threads()} threads, PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
