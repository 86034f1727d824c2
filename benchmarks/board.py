"""Time and memory of a board from a store: reading, intervals, tests, and each format.

The store is made first, from seeded scores, through the calls that a run makes: a record and per-query scores for
every cell. Half of a score depends on the query alone; systems differ a little. The board is then read in a process
of its own, as `clir leaderboard` does, so its peak memory is the board's alone.

    python benchmarks/board.py [--systems 20] [--pairs 20] [--queries 1000] [--cores 2] [--store DIR]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from tabulate import tabulate

from clir_harness.harness.evaluation import measure_version
from clir_harness.harness.execution.measurement import machine
from clir_harness.harness.record import Board, CellRecord, KeptScores
from clir_harness.harness.store import CellFiles, Store
from clir_harness.leaderboards.analysis import analyse
from clir_harness.leaderboards.published import figures_for
from clir_harness.leaderboards.query_details import read_details
from clir_harness.leaderboards.reading import read_leaderboard
from clir_harness.leaderboards.render.document import make_document
from clir_harness.leaderboards.render.html_page import render_html

MEASURES = ("AP", "nDCG@20", "RR@10")
LANGUAGES = "sw so tl am ha yo ig zu xh sn rw ln lg om ti fr de es zh mr ru ar fi hi ja ko it pt nl pl".split()


def make_store(folder: Path, systems: int, pairs: int, queries: int) -> None:
    """A store with a suite `made` whose cells are all done."""
    store = Store(folder)
    rng = np.random.default_rng(0)
    hardness = rng.random((pairs, queries))
    rows = [
        {"system": "made", "label": f"system {number:02d}", "queries": "original", "settings": {"number": number}}
        for number in range(systems)
    ]
    collections: list[dict[str, Any]] = [
        {
            "id": f"made/{language}-en",
            "pair": f"{language}-en",
            "documents": 100_000,
            "documents_digest": f"{place:032x}",
            "qrels_digest": f"{place:032x}",
            "queries": queries,
            "judged_queries": queries,
            "judgements": 40 * queries,
            "relevant": 5 * queries,
            "licence": "CC BY-SA 4.0",
            "description": f"Made queries in the language {language} to made documents in English.",
        }
        for place, language in enumerate(LANGUAGES[:pairs])
    ]
    cells = []
    for row in rows:
        for place, collection in enumerate(collections):
            key = f"{row['settings']['number']:016x}{place:016x}"
            quality = rng.beta(2 + row["settings"]["number"] / 20, 2, (len(MEASURES), queries))
            publish(store, key, row, collection, (hardness[place] + quality) / 2)
            cells.append(
                {"row": row["label"], "collection": collection["id"], "pair": collection["pair"]}
                | {"key": key, "state": "done", "reason": ""}
            )
    suite = {"name": "made", "title": "Made", "description": "", "depth": 1000, "measures": list(MEASURES)}
    note = {"suite": suite, "version": "0", "rows": rows, "collections": collections, "cells": cells, "tracks": []}
    store.change_board("made", lambda _: Board.model_validate(note))
    letters = [chr(letter) for letter in range(0x1200, 0x1248)]
    for collection in collections:
        words = {name: "".join(rng.choice(letters, 30)) for name in query_ids(queries)}
        store.keep_query_texts(collection["qrels_digest"], words)


def query_ids(queries: int) -> list[str]:
    """Names of the queries."""
    return [f"query-{number:05d}" for number in range(queries)]


def publish(store: Store, key: str, row: dict[str, Any], collection: dict[str, Any], scores: np.ndarray) -> None:
    """Keep one cell as done."""
    queries = query_ids(scores.shape[1])
    kept = {
        "queries": queries,
        "scores": {name: values.tolist() for name, values in zip(MEASURES, scores, strict=True)},
        "versions": {name: measure_version(name) for name in MEASURES},
    }
    identity = {
        "system": {"name": "made", "settings": row["settings"], "code": "0" * 32, "inputs": {}, "packages": {}}
        | {"components": []},
        "collection": {name: collection[name] for name in ("id", "pair", "documents", "documents_digest")},
        "queries": {"variant": "original", "digest": collection["qrels_digest"]},
        "depth": 1000,
        "seed": 0,
        "format": 1,
    }
    costs = dict.fromkeys(("index_seconds", "index_bytes", "search_seconds", "queries_per_second"), 12.345678901)
    costs |= {
        "index_bytes": 12345,
        "index_peak_memory_bytes": 3 * 10**9,
        "search_peak_memory_bytes": 2 * 10**9,
        "latency_p95_ms": 9.87654321,
    }
    costs["latency_p50_ms"] = 1.0 + row["settings"]["number"]
    record = {
        "key": key,
        "row": row,
        "collection": collection,
        "track": None,
        "depth": 1000,
        "seed": 0,
        "identity": identity,
        "command": f"clir run --suite made --systems '{row['label']}' --pairs {collection['pair']} --data DIR",
        "finished": "2026-01-01T00:00:00+00:00",
        "machine": machine().plain(),
        "version": "0",
        "status": "done",
        "counts": {"judged_queries": len(queries), "unanswered_queries": 0, "unjudged_queries": 0, "retrieved": 10**6},
        "judged_at_10": 0.5,
        "tie_rate": 0.0,
        "index": {"analyser": "english", "documents": collection["documents"], "reused": True},
        "search": {},
        "costs": costs,
        "means": {},
    }

    def fill(files: CellFiles) -> CellRecord:
        files.keep_scores(KeptScores.model_validate(kept))
        return CellRecord.model_validate(record)

    store.publish_cell(key, fill)


def measure(folder: Path, queries: bool) -> None:
    """Print seconds a stage, sizes and peak memory as JSON."""
    seconds: dict[str, float] = {}
    start = time.perf_counter()

    def took(stage: str) -> None:
        nonlocal start
        seconds[stage] = time.perf_counter() - start
        start = time.perf_counter()

    board = read_leaderboard(folder, "made")
    took("read the store")
    analysis = analyse(board, baseline=board.rows[0].label)
    took("intervals and tests")
    document = make_document(analysis, figures_for(board), per_query=queries).to_json()
    took("JSON")
    whole = make_document(analysis, figures_for(board), per_query=True)
    page = render_html(whole, read_details(Store(folder), board, whole))
    took("HTML page")
    tests = analysis.significance[board.measures[0]]
    print(
        json.dumps(
            {
                "seconds": seconds,
                "processor_seconds": time.process_time(),
                "tests": tests.tests,
                "permutations": tests.permutations,
                "document_bytes": len(document.encode()),
                "page_bytes": len(page.encode()),
                "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systems", type=int, default=20)
    parser.add_argument("--pairs", type=int, default=20, help=f"at most {len(LANGUAGES)}")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--per-query", action="store_true", help="with the score of every query in the document")
    parser.add_argument("--store", type=Path, help="use this store, made by an earlier call")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.store, options.per_query)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.store or Path(temporary) / "store"
        if not folder.exists():
            make_store(folder, options.systems, options.pairs, options.queries)
        cores = sorted(os.sched_getaffinity(0))[: options.cores]
        command = [sys.executable, __file__, "--measure", "--store", str(folder)]
        command += ["--per-query"] if options.per_query else []
        found = []
        for _ in range(options.rounds):
            start = time.perf_counter()
            done = subprocess.run(
                command, capture_output=True, check=True, preexec_fn=lambda: os.sched_setaffinity(0, cores)
            )
            found.append({**json.loads(done.stdout), "all": time.perf_counter() - start})
    stages = [*found[0]["seconds"]]
    rows = [[stage, *(one["seconds"][stage] for one in found)] for stage in stages]
    rows.append(["the whole process", *(one["all"] for one in found)])
    rows.append(["its processor time", *(one["processor_seconds"] for one in found)])
    print(
        f"{options.systems} systems x {options.pairs} pairs x {options.queries} queries x {len(MEASURES)} measures, "
        f"{found[0]['tests']} tests of one measure, {found[0]['permutations']} permutations, 10000 resamples, "
        f"{len(cores)} cores"
    )
    print(tabulate(rows, ("seconds", *(f"round {number + 1}" for number in range(len(found)))), floatfmt=".2f"))
    print(f"peak memory {max(one['peak_mib'] for one in found):.0f} MiB")
    print(f"JSON document {found[0]['document_bytes'] / 1e6:.2f} MB, HTML page {found[0]['page_bytes'] / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
