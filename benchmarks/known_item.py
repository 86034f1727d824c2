"""Known-item search over parallel text: how high does a sentence rank its own translation among the first N?

    python benchmarks/known_item.py --teacher DIR --student DIR --bitext sw=FILE [--first 1000]

Prints the mean reciprocal rank of the pivot side by MaxSim, queries through the student, translations through the
teacher, with both cut at `--tokens`.
"""

from __future__ import annotations

import argparse
import itertools

import torch

from clir_harness.harness.training import parse_bitext
from clir_harness.systems.distillation.known_item import reciprocal_rank
from clir_harness.systems.late_interaction.encoder import TokenEncoder
from clir_harness.systems.parallel_text.bitext import read_bitext


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--teacher", required=True)
    parser.add_argument("--student", required=True)
    parser.add_argument("--bitext", required=True, metavar="LANG=FILE")
    parser.add_argument("--first", type=int, default=1000)
    parser.add_argument("--tokens", type=int, default=64)
    options = parser.parse_args()
    ((language, files),) = parse_bitext([options.bitext]).items()
    pairs = list(itertools.islice((pair for file in files for pair in read_bitext(file, language)), options.first))
    lengths = {"query_length": options.tokens, "document_length": options.tokens}
    sides = {}
    for name, source in (("student", options.student), ("teacher", options.teacher)):
        encoder = TokenEncoder.load(source).with_settings(**lengths)
        texts = [pair.source if name == "student" else pair.target for pair in pairs]
        sides[name] = [torch.from_numpy(found) for found in encoder.encode(texts, "query")]
    rank = reciprocal_rank(sides["student"], sides["teacher"])
    print(f"{language}: MRR {rank:.3f} over {len(pairs)} pairs")


if __name__ == "__main__":
    main()
