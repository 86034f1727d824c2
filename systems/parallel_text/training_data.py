"""Training data of a distillation: files of parallel text by language, read, filtered, sampled and split."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clir_harness.harness.errors import UsageError
from clir_harness.harness.training import Bitext, sides
from clir_harness.systems.parallel_text.bitext import Pair, read_bitext
from clir_harness.systems.parallel_text.filters import (
    FilterReport,
    FilterSettings,
    filter_bitext,
    sample,
    split_held_out,
)


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file of parallel text that was read: name, language, size in bytes, and digest (SHA-256, hex)."""

    name: str
    language: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Pairs to train on, pairs held out, and where they are from: files, and filter counts by language."""

    pairs: tuple[Pair, ...]
    held_out: tuple[Pair, ...]
    files: tuple[DataFile, ...]
    reports: Mapping[str, FilterReport]


def load_training_data(
    files: Bitext,
    *,
    filters: FilterSettings | None = None,
    held_out: int = 500,
    per_language: int | None = None,
    pivot_share: float = 0.0,
    pivot: str = "en",
    seed: int = 0,
) -> TrainingData:
    """Read and select; the same for the same files, in whatever order the languages are given.

    Args:
        files: files of each foreign language; duplicates are found across all files of a language.
        filters: what is left out.
        held_out: pivot sentences kept for evaluation, over all languages; at most a tenth of them.
        per_language: pairs of a language at most, drawn by the seed; all when None.
        pivot_share: pivot sentences of the pairs to train on that are added with themselves as translation, as a
            share of these pairs.
        pivot: language of the other side.
        seed: of the draw.

    Raises:
        MissingDataError, DataError: as `read_bitext`.
        UsageError: when no pair passes the filters in some language.
    """
    pairs: list[Pair] = []
    reports: dict[str, FilterReport] = {}
    read: list[DataFile] = []
    for language in sorted(files):
        stream = (pair for path in files[language] for pair in read_bitext(path, language, pivot))
        kept, reports[language] = filter_bitext(stream, language, filters)
        if not kept:
            raise UsageError(f"no sentence pair for '{language}' passes the filters: {reports[language]}")
        pairs += kept if per_language is None else sample(kept, per_language, seed)
        read += [_describe(file, language) for path in files[language] for file in sides(path)]
    train, evaluation = split_held_out(pairs, held_out)
    pivots = list({pair.target: Pair(pair.target, pair.target, pair.id) for pair in train}.values())
    train += sample(pivots, round(pivot_share * len(train)), seed)
    return TrainingData(tuple(train), tuple(sample(evaluation, held_out, seed)), tuple(read), reports)


def _describe(path: Path, language: str) -> DataFile:
    with path.open("rb") as handle:
        return DataFile(path.name, language, path.stat().st_size, hashlib.file_digest(handle, "sha256").hexdigest())
