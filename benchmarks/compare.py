"""Time and memory of `clir compare` between two stores.

Both stores are made first, as benchmarks/board.py makes them: seeded scores, kept through the calls that a run makes;
the second one has other scores for every cell, so that every cell is tested. The command is then run as a user runs
it, in a process of its own, with all of its outputs.

    python benchmarks/compare.py [--systems 20] [--pairs 20] [--queries 1000] [--cores 2] [--folder DIR]
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from board import LANGUAGES, MEASURES, make_store
from tabulate import tabulate

from clir_harness.harness.content_store import read_json, write_json


def change_scores(store: Path, share: float) -> None:
    """Move the scores of a share of the queries of every cell by up to .1 either way."""
    rng = np.random.default_rng(1)
    for path in sorted((store / "cells").glob("*/scores.json")):
        kept = read_json(path)
        for name, values in kept["scores"].items():
            moved = rng.uniform(-0.1, 0.1, len(values)) * (rng.random(len(values)) < share)
            kept["scores"][name] = (np.array(values) + moved).clip(0, 1).tolist()
        write_json(path, kept)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systems", type=int, default=20)
    parser.add_argument("--pairs", type=int, default=20, help=f"at most {len(LANGUAGES)}")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--share", type=float, default=0.5, help="of the queries whose scores differ")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measures", default=MEASURES[0], help="comma-separated")
    parser.add_argument("--folder", type=Path, help="keep the stores here, and use those of an earlier call")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        stores = [folder / "base", folder / "current"]
        if not stores[1].exists():
            for store in stores:
                make_store(store, options.systems, options.pairs, options.queries)
            change_scores(stores[1], options.share)
        cores = sorted(os.sched_getaffinity(0))[: options.cores]
        command = [
            sys.executable,
            "-m",
            "clir_harness.cli",
            "compare",
            *map(str, stores),
            "--measure",
            options.measures,
        ]
        command += [
            "--measure",
            options.measures,
            "--markdown",
            str(folder / "summary.md"),
            "--junit",
            str(folder / "junit.xml"),
        ]
        rows = []
        for number in range(options.rounds):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            start = time.perf_counter()
            done = subprocess.run(
                command, capture_output=True, text=True, preexec_fn=lambda: os.sched_setaffinity(0, cores), check=False
            )
            seconds = time.perf_counter() - start
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            if done.returncode not in (0, 1) or "Traceback" in done.stderr:
                sys.exit(done.stderr)
            processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            rows.append((number + 1, seconds, processor, after.ru_maxrss / 1024))
    print(
        f"{options.systems} systems x {options.pairs} pairs x {options.queries} queries, {options.measures}, "
        f"{len(cores)} cores; exit code {done.returncode}"
    )
    print(
        tabulate(rows, ("round", "seconds", "processor seconds", "peak MiB so far"), floatfmt=("", ".2f", ".2f", ".0f"))
    )


if __name__ == "__main__":
    main()
