"""Python's own memory while embedded documents stream through validation and Lucene indexing.

Java's heap is not Python's; `tracemalloc` counts what Python allocates. Flat means: ten times the documents, the
same peak (plus 8 bytes a document for finding ids that occur twice).

    python benchmarks/streaming.py [--sizes 100000 1000000]
"""

from __future__ import annotations

import argparse
import tempfile
import time
import tracemalloc
from pathlib import Path

from clir_harness.harness.collections.document_summary import summarise
from clir_harness.harness.collections.embedded import EmbeddedSource
from clir_harness.harness.system import IndexContext
from clir_harness.systems.bm25 import BM25


def measure(size: int) -> tuple[float, float, float]:
    """Peak MiB of validation, peak MiB of indexing, seconds of both, for a collection of a size."""
    source = EmbeddedSource(EmbeddedSource.Config.model_validate({"size": size}))
    documents = source.load(source.entries()[0].id).documents
    system = BM25.configure({})
    start = time.perf_counter()
    peaks = []
    with tempfile.TemporaryDirectory() as folder:
        for work in (
            lambda: summarise(documents),
            lambda: system.index(documents.stream(), Path(folder), IndexContext("en", threads=2)),
        ):
            tracemalloc.start()
            work()
            peaks.append(tracemalloc.get_traced_memory()[1] / 2**20)
            tracemalloc.stop()
    return peaks[0], peaks[1], time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000])
    options = parser.parse_args()
    print(f"{'documents':>10} {'validation MiB':>15} {'indexing MiB':>13} {'seconds':>8}")
    for size in options.sizes:
        validation, indexing, seconds = measure(size)
        print(f"{size:10} {validation:15.1f} {indexing:13.1f} {seconds:8.0f}")


if __name__ == "__main__":
    main()
