"""From parallel text to a folder of translation tables."""

from __future__ import annotations

import json
import tempfile
from itertools import chain, islice
from pathlib import Path
from typing import Any

from clir_harness.harness.errors import DataError, UsageError
from clir_harness.harness.training import Bitext, TrainingContext, sides
from clir_harness.systems.ibm1 import train
from clir_harness.systems.parallel_text.bitext import read_bitext
from clir_harness.systems.psq.agreement import agreed
from clir_harness.systems.psq.bitext import encode
from clir_harness.systems.psq.settings import PSQTraining
from clir_harness.systems.psq.table import META, Pruning, make_table
from clir_harness.systems.psq.terms import Stemmer


def train_tables(bitext: Bitext, settings: PSQTraining, output: Path, context: TrainingContext) -> None:
    """Learn p(pivot term | word) for each language with IBM model 1, and write the tables into a folder.

    Args:
        bitext: files by language, in the formats of `read_bitext`.
        settings: how.
        output: an existing folder; see `TableFolder`.
        context: scratch space, progress.

    Raises:
        DataError: a file is malformed, or a language has no usable sentence pair; names file and line.
        UsageError: there is no text, or text of the pivot with itself.
    """
    if not bitext or settings.pivot in bitext:
        raise UsageError(
            f"no table of {', '.join(bitext) or 'no language'} into {settings.pivot}",
            hint=f"give parallel text of another language and '{settings.pivot}'",
        )
    stemmer = Stemmer(settings.pivot)
    pruning = Pruning(settings.translations, settings.min_probability, settings.cumulative)
    languages: dict[str, Any] = {}
    for turn, (language, files) in enumerate(sorted(bitext.items())):
        read = chain.from_iterable(read_bitext(file, language, settings.pivot) for file in files)
        encoded = encode(islice(read, settings.max_pairs), stemmer, settings.max_words, settings.min_count)
        pairs = len(encoded.pairs.target_lengths)
        if not pairs:
            names = ", ".join(str(file) for path in files for file in sides(path))
            raise DataError(
                f"no sentence pair is left of {encoded.skipped}",
                path=names,
                hint="both sides need words, at most max_words, one of them at least min_count times in the text",
            )

        def on_iteration(iteration: int, likelihood: float, language: str = language, before: int = turn) -> None:
            done, total = before * settings.iterations + iteration, len(bitext) * settings.iterations
            context.progress(done, total, f"{language}: iteration {iteration}, log-likelihood {likelihood:.0f}")

        with tempfile.TemporaryDirectory(dir=context.scratch) as scratch:
            learned = train(encoded.pairs, settings.iterations, Path(scratch), on_iteration)
            if settings.both_directions:
                learned = agreed(encoded.pairs, learned, settings.iterations, Path(scratch))
        words = encoded.words[1 : len(learned.starts) - 1]
        table = make_table(words, encoded.terms, learned.starts[1:], learned.targets, learned.probabilities, pruning)
        table.save(output, language)
        languages[language] = {
            "pairs": pairs,
            "skipped": encoded.skipped,
            "words": len(table.words),
            "terms": len(table.terms),
            "translations": len(table.targets),
            "log_likelihood": list(learned.log_likelihood),
        }
    meta = {"pivot": settings.pivot, "stemmer": stemmer.name, "languages": languages}
    (output / META).write_text(json.dumps(meta, indent=1), encoding="utf-8")
