"""Training data: files of parallel text by language, read, filtered, sampled and split."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clir_harness.harness.errors import UsageError
from clir_harness.harness.training import Bitext, sides
from clir_harness.systems.parallel_text.bitext import SentencePair, read_bitext
from clir_harness.systems.parallel_text.filters import (
    FilterReport,
    filter_bitext,
    sample,
    split_held_out,
)
from clir_harness.systems.parallel_text.settings import ParallelTextSettings


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

    pairs: tuple[SentencePair, ...]
    held_out: tuple[SentencePair, ...]
    files: tuple[DataFile, ...]
    reports: Mapping[str, FilterReport]


def load_training_data(files: Bitext, settings: ParallelTextSettings, seed: int = 0) -> TrainingData:
    """Read and select; the same for the same files, in whatever order the languages are given.

    Args:
        files: files of each foreign language; duplicates are found across all files of a language.
        settings: languages, amounts, and how many are held out.
        seed: of the draw where not all pairs are taken.

    Returns:
        Pairs, and where they are from.

    Raises:
        MissingDataError, DataError: as `read_bitext`.
        UsageError: when no pair passes the filters in some language.
    """
    pairs: list[SentencePair] = []
    reports: dict[str, FilterReport] = {}
    for language in sorted(files):
        stream = (pair for path in files[language] for pair in read_bitext(path, language, settings.pivot))
        kept, reports[language] = filter_bitext(stream, language)
        if not kept:
            raise UsageError(f"no sentence pair for '{language}' passes the filters: {reports[language]}")
        pairs += kept if settings.per_language is None else sample(kept, settings.per_language, seed)
    train, evaluation = split_held_out(pairs, settings.held_out, lambda pair: pair.target)
    pivots = list({pair.target: SentencePair(pair.target, pair.target, pair.id) for pair in train}.values())
    train += sample(pivots, round(settings.pivot_share * len(train)), seed)
    return TrainingData(
        tuple(train), tuple(sample(evaluation, settings.held_out, seed)), tuple(describe_files(files)), reports
    )


def describe_files(files: Bitext) -> list[DataFile]:
    """Names, sizes and digests of all files of parallel text."""
    return [_describe(file, language) for language in sorted(files) for path in files[language] for file in sides(path)]


def _describe(path: Path, language: str) -> DataFile:
    with path.open("rb") as handle:
        return DataFile(path.name, language, path.stat().st_size, hashlib.file_digest(handle, "sha256").hexdigest())
