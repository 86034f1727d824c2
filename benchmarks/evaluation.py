"""Time from a run file to per-query scores, beside ir-measures on the same files in the same process.

Usage: python benchmarks/evaluation.py [--queries 1000] [--depth 1000] [--repeats 5] [--seed 13]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import ir_measures
import numpy as np
from tabulate import tabulate

from clir_harness.harness.collections.qrels import read_qrels
from clir_harness.harness.evaluation import Evaluation, evaluate, parse_measures
from clir_harness.harness.runs.run import Run

MEASURES = ("AP", "nDCG@10", "nDCG@20", "RR", "R@100")
TOLERANCE = 1e-9


def make_files(folder: Path, queries: int, depth: int, seed: int) -> tuple[Path, Path]:
    """A run with scores of six decimals, in falling order as systems write them, and graded judgements."""
    rng = np.random.default_rng(seed)
    run_path, qrels_path = folder / "made.run", folder / "made.qrels"
    with run_path.open("w") as run, qrels_path.open("w") as qrels:
        for query in range(queries):
            documents = rng.choice(max(200_000, 2 * depth), size=depth, replace=False)
            scores = -np.sort(-rng.gamma(2.0, 4.0, size=depth))
            run.writelines(
                f"q{query} Q0 doc{document:08d} {rank} {score:.6f} made\n"
                for rank, (document, score) in enumerate(zip(documents, scores, strict=True), start=1)
            )
            judged = rng.choice(documents, size=min(30, depth), replace=False)
            qrels.writelines(f"q{query} 0 doc{document:08d} {rng.integers(0, 4)}\n" for document in judged)
    return run_path, qrels_path


def ours(run: Path, qrels: Path) -> Evaluation:
    return evaluate(Run.read(run), read_qrels(qrels), MEASURES)


def theirs(run: Path, qrels: Path) -> list[ir_measures.Metric]:
    judgements = ir_measures.read_trec_qrels(str(qrels))
    return list(ir_measures.iter_calc(parse_measures(MEASURES), judgements, ir_measures.read_trec_run(str(run))))


def largest_difference(evaluation: Evaluation, metrics: list[ir_measures.Metric]) -> float:
    """Largest absolute difference between the two, infinite when they do not cover the same queries."""
    row = {query: index for index, query in enumerate(evaluation.query_ids)}
    if len(metrics) != len(row) * len(MEASURES):
        return float("inf")
    return max(float(abs(evaluation.scores[str(one.measure)][row[one.query_id]] - one.value)) for one in metrics)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--depth", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=13)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run, qrels = make_files(Path(folder), options.queries, options.depth, options.seed)
        ours(run, qrels)  # once beforehand: the first call imports Arrow
        our_times, their_times = [], []
        for _ in range(options.repeats):
            start = time.perf_counter()
            evaluation = ours(run, qrels)
            between = time.perf_counter()
            metrics = theirs(run, qrels)
            our_times.append(between - start)
            their_times.append(time.perf_counter() - between)
    difference = largest_difference(evaluation, metrics)
    mine, peer = statistics.median(our_times), statistics.median(their_times)
    rows = [
        ("clir-harness", mine, min(our_times), max(our_times), mine / peer),
        (f"ir-measures {ir_measures.__version__}", peer, min(their_times), max(their_times), 1.0),
    ]
    print(
        f"{options.queries} queries x {options.depth} documents, {', '.join(MEASURES)}; seconds, {options.repeats} runs"
    )
    print(tabulate(rows, ("", "median", "fastest", "slowest", "share of peer"), floatfmt=".3f"))
    print(f"largest absolute difference: {difference:.1e}")
    return 0 if difference <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
