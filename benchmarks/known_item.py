"""Known-item search over parallel text: how high does a sentence rank its own translation among the first N?

    python benchmarks/known_item.py --teacher DIR --student DIR --bitext sw=FILE [--first 1000]

Prints the mean reciprocal rank of the pivot side by MaxSim, queries through the student, translations through the
teacher, with both cut at `--tokens`.
"""

from __future__ import annotations

import argparse
import itertools

from clir_harness.harness.training import parse_bitext
from clir_harness.systems.late_interaction.encoder import TokenEncoder
from clir_harness.systems.late_interaction.maxsim import text_scores
from clir_harness.systems.parallel_text.bitext import read_bitext
from clir_harness.systems.training.pairs import mean_reciprocal_rank


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
    student, teacher = (
        TokenEncoder.load(source).with_settings(**lengths) for source in (options.student, options.teacher)
    )
    rank = mean_reciprocal_rank(
        [(pair.source, pair.target) for pair in pairs],
        lambda queries, texts: text_scores(student.encode(queries, "query"), teacher.encode(texts, "query")),
    )
    print(f"{language}: MRR {rank:.3f} over {len(pairs)} pairs")


if __name__ == "__main__":
    main()
