"""Time and peak memory of comparing all systems of a board, beside SciPy's tests of one comparison at a time.

Every system is compared with the baseline and with the best one, in every pair and macro-averaged. SciPy makes a few
of the comparisons in single pairs, by `permutation_test` and `bootstrap` with as many samples; the time it would take
for all of them follows from the median. p-values of the two differ by chance only: the largest difference is shown
in standard errors.

    python benchmarks/significance.py [--systems 20] [--pairs 20] [--queries 1000] [--permutations 10000] [--peers 4]
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time

import numpy as np
from tabulate import tabulate

from clir_harness.leaderboards.statistics.results import Comparison
from clir_harness.leaderboards.statistics.significance import compare_systems

Scores = dict[str, dict[str, dict[str, float]]]
BASELINE = "system 00"


def make_scores(systems: int, pairs: int, queries: int) -> Scores:
    """Scores between 0 and 1, half of which depend on the query alone; systems differ a little."""
    rng = np.random.default_rng(0)
    ids = [f"q{number:05d}" for number in range(queries)]
    hardness = rng.random((pairs, queries))
    return {
        f"system {number:02d}": {
            f"pair {pair:02d}": dict(
                zip(ids, (hardness[pair] + rng.beta(2 + number / 100, 2, queries)) / 2, strict=True)
            )
            for pair in range(pairs)
        }
        for number in range(systems)
    }


def peak_mib() -> float:
    """Largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def distance(differences: np.ndarray, axis: int) -> np.ndarray:
    return np.abs(differences.mean(axis=axis))


def peer_p_value(scores: Scores, system: str, pair: str, permutations: int, resamples: int) -> float:
    """SciPy's interval, which is thrown away, and p-value of a system against the baseline in a pair."""
    from scipy import stats

    sides = [np.array(list(scores[name][pair].values())) for name in (system, BASELINE)]
    data = (sides[0] - sides[1],)
    stats.bootstrap(data, np.mean, n_resamples=resamples, method="percentile", batch=500, rng=0)
    test = stats.permutation_test(
        data,
        distance,
        permutation_type="samples",
        alternative="greater",
        n_resamples=permutations,
        vectorized=True,
        batch=500,
        rng=0,
    )
    return float(test.pvalue)


def standard_errors(comparison: Comparison, peer: float, permutations: int) -> float:
    share = (comparison.permutation_p + peer) / 2
    return float(abs(comparison.permutation_p - peer) / np.sqrt(2 * share * (1 - share) / permutations))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systems", type=int, default=20)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--permutations", type=int, default=10_000)
    parser.add_argument("--resamples", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", type=int, default=4)
    options = parser.parse_args()
    scores = make_scores(options.systems, options.pairs, options.queries)
    before = peak_mib()
    seconds = []
    for _ in range(options.rounds):
        start = time.perf_counter()
        result = compare_systems(scores, BASELINE, permutations=options.permutations, resamples=options.resamples)
        seconds.append(time.perf_counter() - start)
    after = peak_mib()

    peers, errors = [], []
    for number in range(options.peers):
        system, pair = f"system {1 + number % (options.systems - 1):02d}", f"pair {number % options.pairs:02d}"
        start = time.perf_counter()
        p_value = peer_p_value(scores, system, pair, options.permutations, options.resamples)
        peers.append(time.perf_counter() - start)
        against = result.systems[system].against_baseline
        assert against is not None
        errors.append(standard_errors(against.pairs[pair], p_value, options.permutations))
    ours, theirs = statistics.median(seconds), statistics.median(peers)
    rows = [
        ("clir-harness", ours, 1000 * ours / result.tests),
        ("SciPy", theirs * result.tests, 1000 * theirs),
    ]
    print(
        f"{options.systems} systems x {options.pairs} pairs x {options.queries} queries, "
        f"{options.permutations} permutations, {options.resamples} resamples, {result.tests} comparisons"
    )
    print(tabulate(rows, ("", "seconds", "ms a comparison"), floatfmt=".1f"))
    print(f"slowest of {options.rounds}: {max(seconds):.1f} s; peak memory {after:.0f} MiB, {before:.0f} of it before")
    print(f"largest difference of p-values: {max(errors):.1f} standard errors")


if __name__ == "__main__":
    main()
