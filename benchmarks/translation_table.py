"""How many sentence pairs a second translation tables are trained from, everything from file to folder included.

The text is that of the embedded collection, or a file of your own. `one direction` is IBM model 1 alone; `both`, the
default of `psq`, trains the other direction too. `seconds` are wall-clock, `processor` is this process's time, Java
included; both count all five iterations, reading, stemming and writing. Java is started before.

    python benchmarks/translation_table.py [--pairs 100000] [--bitext FILE --language TAG]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

from clir_harness.harness.collections.embedded import write_bitext
from clir_harness.harness.execution.measurement import PeakMemory
from clir_harness.harness.training import TrainingContext
from clir_harness.systems.parallel_text.bitext import read_bitext
from clir_harness.systems.psq.system import PSQ
from clir_harness.systems.psq.table import META
from clir_harness.systems.psq.terms import Stemmer, words


def measure(bitext: Path, language: str, both: bool) -> tuple[int, float, float, int]:
    """Pairs trained on, seconds, seconds of processor time, and peak bytes of memory."""
    with tempfile.TemporaryDirectory() as output, tempfile.TemporaryDirectory() as scratch, PeakMemory() as memory:
        start, processor = time.perf_counter(), time.process_time()
        settings = PSQ.Training.model_validate({"both_directions": both})
        PSQ.train({language: (bitext,)}, settings, Path(output), TrainingContext(Path(scratch)))
        taken = time.perf_counter() - start, time.process_time() - processor
        pairs = json.loads((Path(output) / META).read_text())["languages"][language]["pairs"]
    return pairs, *taken, memory.bytes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--bitext", type=Path)
    parser.add_argument("--language", default="sw")
    options = parser.parse_args()
    Stemmer("en")("warm")
    with tempfile.TemporaryDirectory() as folder:
        bitext = options.bitext or Path(folder) / "embedded.tsv.gz"
        if not options.bitext:
            write_bitext(bitext, options.language, options.pairs)
        lengths = [(len(words(p.source)), len(words(p.target))) for p in read_bitext(bitext, options.language)]
        means = [sum(side) / len(lengths) for side in zip(*lengths, strict=True)]
        print(f"{len(lengths)} pairs, mean words {means[0]:.1f} and {means[1]:.1f}")
        print(f"{'':14} {'pairs':>8} {'seconds':>8} {'pairs/s':>8} {'processor':>10} {'pairs/s':>8} {'peak MiB':>9}")
        for name, both in (("one direction", False), ("both", True)):
            pairs, seconds, processor, peak = measure(bitext, options.language, both)
            rates = f"{seconds:8.1f} {pairs / seconds:8.0f} {processor:10.1f} {pairs / processor:8.0f}"
            print(f"{name:14} {pairs:8} {rates} {peak / 2**20:9.0f}")


if __name__ == "__main__":
    main()
