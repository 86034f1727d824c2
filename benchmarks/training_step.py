"""What the transport plan adds to a step of distillation.

Real steps of a student in the shape of MiniLM (6 layers, 384 dimensions), random weights, on sentence pairs of the
embedded collection. Losses take turns, so that a busy machine slows all alike; times are medians over steps. `nearest`
computes the same costs as `transport` and no plan.

    python benchmarks/training_step.py [--batch 64] [--steps 4] [--rounds 3] [--threads 2]
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import tempfile
import time
from pathlib import Path

import torch

from clir_harness.harness.collections.embedded import write_bitext
from clir_harness.harness.training import TrainingContext
from clir_harness.systems.distillation.settings import Optimisation
from clir_harness.systems.distillation.student import student_from_teacher
from clir_harness.systems.distillation.trainer import train
from clir_harness.systems.distillation.transport import transport_plan
from clir_harness.systems.late_interaction.encoder import EncoderSettings, TokenEncoder
from clir_harness.systems.parallel_text.bitext import read_bitext
from clir_harness.systems.training.vocabulary import new_body, train_tokenizer

LOSSES = ("nearest", "transport")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_bitext(folder / "sw-en.tsv.gz", "sw", 3000)
        pairs = list(read_bitext(folder / "sw-en.tsv.gz", "sw"))
        tokenizer = train_tokenizer((pair.target for pair in pairs), 4000, max_length=64)
        body = new_body(tokenizer, layers=6, width=384, seed=0)
        teacher = TokenEncoder(body, None, tokenizer, EncoderSettings(query_length=64, document_length=64)).eval()
        seconds: dict[str, list[float]] = {loss: [] for loss in LOSSES}
        for turn in range(options.rounds):
            for loss in LOSSES:
                settings = Optimisation(loss=loss, steps=options.steps + 1, batch_size=options.batch, max_tokens=64)
                student = student_from_teacher(teacher, pairs, vocabulary_size=4000, seed=0)
                ends: list[float] = []

                def mark(step: int, _steps: int | None, _text: str, ends: list[float] = ends) -> None:
                    if step:
                        ends.append(time.perf_counter())

                train(student, teacher, pairs, [], settings, TrainingContext(folder / f"{loss}{turn}", progress=mark))
                seconds[loss] += [after - before for before, after in itertools.pairwise(ends)]
        texts = [pair.target for pair in pairs[: options.batch]]
        length = max(len(ids) for ids in tokenizer(texts)["input_ids"])
    medians = {loss: statistics.median(times) for loss, times in seconds.items()}
    cost = torch.rand(options.batch, length, length)
    times = []
    for _ in range(20):
        start = time.perf_counter()
        transport_plan(cost)
        times.append(time.perf_counter() - start)
    plan = statistics.median(times)
    print(f"batch {options.batch}, {length} tokens at most, {options.threads} threads")
    for loss, median in medians.items():
        print(f"{loss:10} {1000 * median:8.1f} ms a step")
    print(f"plans alone {1000 * plan:7.1f} ms, {100 * plan / medians['nearest']:.1f} % of a step without them")
    print(f"transport / nearest {medians['transport'] / medians['nearest']:.3f}")


if __name__ == "__main__":
    main()
