"""What the harness costs over bare Pyserini: the same documents indexed and the same queries searched, in one run.

Bare Pyserini is its own classes `LuceneIndexer` and `LuceneSearcher` in a script of a few lines; the harness is
`clir run` with an empty store, validation, evaluation and bookkeeping included. Both are whole processes, in turn.
`total` compares those. The phases are as each side counts them: Java starts inside `index` for clir, and with
Pyserini's imports, before it, for the bare script.

    python benchmarks/overhead.py [--documents 100000] [--repeats 3]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from clir_harness.harness.collections.embedded import EmbeddedSource
from clir_harness.harness.java import anserini_jar, find_java

BARE = """
import json, sys, time
from itertools import islice
from pathlib import Path
import jnius_config
jnius_config.set_classpath(sys.argv[3])
from pyserini.index.lucene import LuceneIndexer
from pyserini.search.lucene import LuceneSearcher

folder, out, threads = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[4])
start = time.perf_counter()
indexer = LuceneIndexer(args=["-index", str(out / "index"), "-language", "en"], threads=threads)
with (folder / "docs.en.jsonl").open() as lines:
    while batch := list(islice(lines, 1000)):
        docs = [json.loads(line) for line in batch]
        indexer.add_batch_raw([json.dumps({"id": d["id"], "contents": d["title"] + "\\n" + d["text"]}) for d in docs])
indexer.close()
indexed = time.perf_counter()
searcher = LuceneSearcher(str(out / "index"))
searcher.set_bm25(0.9, 0.4)
with (out / "run.trec").open("w") as run:
    for line in (folder / "queries.fr.en.tsv").open():
        query, text, _ = line.rstrip("\\n").split("\\t")
        for rank, hit in enumerate(searcher.search(text, k=1000), start=1):
            run.write(f"{query} Q0 {hit.docid} {rank} {hit.score} bare\\n")
print(json.dumps({"index": indexed - start, "search": time.perf_counter() - indexed}))
"""

SUITE = """
name: overhead
title: overhead
measures: [AP, nDCG@10]
depth: 1000
rows: [{system: bm25}]
collections: [{source: jsonl, path: ., pairs: [fr-en]}]
"""


def write_collection(folder: Path, documents: int, queries: int) -> None:
    """The embedded collection as files that both sides read; its queries repeated under new ids up to a number."""
    source = EmbeddedSource(EmbeddedSource.Config.model_validate({"size": documents}))
    collection = source.load(source.entries()[0].id)
    with (folder / "docs.en.jsonl").open("w") as handle:
        for doc in collection.documents.stream():
            handle.write(json.dumps({"id": doc.id, "title": doc.title, "text": doc.text}) + "\n")
    human = collection.query_set("human").queries
    with (folder / "queries.fr.en.tsv").open("w") as asked, (folder / "qrels.fr.en.txt").open("w") as judged:
        for number in range(queries):
            query = human[number % len(human)]
            asked.write(f"{query.id}-{number}\t{query.text}\t{query.text}\n")
            for doc, grade in collection.qrels[query.id].items():
                judged.write(f"{query.id}-{number} 0 {doc} {grade}\n")
    (folder / "suite.yaml").write_text(SUITE)


def bare(folder: Path, threads: int) -> dict[str, float]:
    environment = {**os.environ, "JAVA_HOME": str(find_java().home), "ANSERINI_CLASSPATH": "none"}
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-c", BARE, str(folder), out, str(anserini_jar()), str(threads)]
        start = time.perf_counter()
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        total = time.perf_counter() - start
    return {**json.loads(done.stdout.splitlines()[-1]), "total": total}


def harnessed(folder: Path) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as store:
        command = [sys.executable, "-m", "clir_harness.cli", "run", "--suite", str(folder / "suite.yaml"), "--json"]
        start = time.perf_counter()
        subprocess.run([*command, "--data", str(folder), "--store", store], capture_output=True, check=True)
        total = time.perf_counter() - start
        (record,) = Path(store).glob("cells/*/cell.json")
        costs = json.loads(record.read_text())["costs"]
    return {"index": costs["index_seconds"], "search": costs["search_seconds"], "total": total}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=1_000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    threads = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_collection(folder, options.documents, options.queries)
        rounds = [(bare(folder, threads), harnessed(folder)) for _ in range(options.repeats)]
    print(f"{options.documents} documents, {options.queries} queries, {threads} threads, medians of {options.repeats}")
    print(f"{'seconds':8} {'bare':>8} {'clir':>8} {'ratio':>7}   (ratio: median of the rounds' ratios)")
    for part in ("index", "search", "total"):
        ratio = statistics.median(ours[part] / theirs[part] for theirs, ours in rounds)
        theirs = statistics.median(r[0][part] for r in rounds)
        ours = statistics.median(r[1][part] for r in rounds)
        print(f"{part:8} {theirs:8.2f} {ours:8.2f} {ratio:7.3f}")


if __name__ == "__main__":
    main()
