"""Translation tables: the most probable terms of a word, pruned, kept in a folder without pickles."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clir_harness.harness.errors import DataError, MissingDataError
from clir_harness.systems.ibm1 import Floats, Ints

META = "table.json"
_ARRAYS = ("starts", "targets", "probabilities")


@dataclass(frozen=True, slots=True)
class Pruning:
    """Which translations of a word are kept: all must hold. The probabilities kept are made to add up to 1.

    After Darwish and Oard (SIGIR 2003), "Probabilistic structured query methods": translations are taken from the
    most probable on, until together they reach a share of the mass.

    Attributes:
        most: how many at most.
        min_probability: the least probability, before pruning.
        cumulative: no more are taken once these add up to that share.
    """

    most: int
    min_probability: float = 0.0
    cumulative: float = 1.0

    def keep(self, probabilities: Floats, starts: Ints) -> NDArray[np.bool_]:
        """Which entries are kept; the first of a word always is.

        Args:
            probabilities: of the translations of some words, word by word, each in descending order.
            starts: where the entries of each word start, and finally the number of entries.

        Returns:
            Per entry, whether it is kept.

        >>> Pruning(10, 0.05, 0.9).keep(np.array([0.5, 0.3, 0.12, 0.04, 0.04]), np.array([0, 5])).tolist()
        [True, True, True, False, False]
        """
        sizes = np.diff(starts)
        first = np.repeat(starts[:-1], sizes)
        totals = np.concatenate([[0.0], np.cumsum(probabilities)])
        position = np.arange(len(probabilities)) - first
        enough = totals[:-1] - totals[first] >= self.cumulative
        likely = (probabilities >= self.min_probability) & ~enough & (position < self.most)
        kept: NDArray[np.bool_] = likely | (position == 0)
        return kept


@dataclass(frozen=True)
class TranslationTable:
    """p(term | word) for the words of one language.

    Attributes:
        words: the words that have translations.
        terms: the terms of the document language.
        starts: where the translations of each word start; one more than there are words.
        targets: translations as numbers of terms, the most probable of a word first, equal ones by term.
        probabilities: theirs.
    """

    words: Sequence[str]
    terms: Sequence[str]
    starts: Ints
    targets: NDArray[np.int32]
    probabilities: Floats
    _numbers: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_numbers", {word: number for number, word in enumerate(self.words)})

    def translations(self, word: str, pruning: Pruning) -> list[tuple[str, float]] | None:
        """Terms of a word with their probabilities, the most probable first.

        Args:
            word: a word of the source language.
            pruning: which translations are kept.

        Returns:
            Terms with probabilities that add up to 1; None for a word without translations.
        """
        number = self._numbers.get(word)
        if number is None:
            return None
        entries = slice(self.starts[number], self.starts[number + 1])
        probabilities = np.asarray(self.probabilities[entries])
        kept = pruning.keep(probabilities, np.array([0, len(probabilities)]))
        values = probabilities[kept] / probabilities[kept].sum()
        targets = self.targets[entries][kept]
        return [(self.terms[target], value) for target, value in zip(targets.tolist(), values.tolist(), strict=True)]

    def save(self, folder: Path, language: str) -> None:
        """Write the files of the table; their names start with the language.

        Args:
            folder: an existing folder.
            language: tag of the language of the words.
        """
        for name in _ARRAYS:
            np.save(folder / f"{language}.{name}.npy", getattr(self, name), allow_pickle=False)
        for name in ("words", "terms"):
            (folder / f"{language}.{name}.json").write_text(json.dumps(getattr(self, name)), encoding="utf-8")


def make_table(
    words: Sequence[str],
    terms: Sequence[str],
    starts: Ints,
    targets: NDArray[np.int32],
    probabilities: Floats,
    pruning: Pruning,
) -> TranslationTable:
    """A pruned table from the translations of all words; words without any are left out.

    Args:
        words, terms: what the numbers denote.
        starts: where the translations of each word start; one more than there are words.
        targets, probabilities: translations in any order, with their probabilities.
        pruning: which translations are kept.

    Returns:
        The table.
    """
    sizes = np.diff(starts)
    owners = np.repeat(np.arange(len(words)), sizes)
    entries = slice(starts[0], starts[-1])
    targets, probabilities = targets[entries], probabilities[entries]
    best = np.zeros(len(words))
    np.maximum.at(best, owners, probabilities)
    likely = probabilities >= np.minimum(pruning.min_probability, best)[owners]
    owners, targets, probabilities = owners[likely], targets[likely], probabilities[likely]
    alphabetical = np.empty(len(terms), np.int64)
    alphabetical[sorted(range(len(terms)), key=terms.__getitem__)] = np.arange(len(terms))
    order = np.lexsort((alphabetical[targets], -probabilities, owners))
    owners, targets, probabilities = owners[order], targets[order], probabilities[order]
    kept = pruning.keep(probabilities, _starts(owners, len(words)))
    owners, targets, probabilities = owners[kept], targets[kept], probabilities[kept]
    totals = np.bincount(owners, probabilities, len(words))
    starts = _starts(owners, len(words))
    translated = np.flatnonzero(np.diff(starts))
    return TranslationTable(
        [words[number] for number in translated.tolist()],
        terms,
        np.append(starts[translated], len(owners)),
        targets,
        probabilities / totals[owners],
    )


def _starts(owners: Ints, words: int) -> Ints:
    return np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=words))])


@dataclass(frozen=True)
class TableFolder:
    """A folder with the tables of some languages into one.

    Attributes:
        path: the folder.
    """

    path: Path

    @cached_property
    def meta(self) -> Mapping[str, Any]:
        """What `table.json` says: `pivot`, `stemmer`, and for each of the `languages` how it was trained.

        Raises:
            MissingDataError: when there is none.
            DataError: when it is damaged.
        """
        path = self.path / META
        try:
            meta: dict[str, Any] = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise MissingDataError(
                f"{self.path} has no translation tables ({META} is not there)",
                hint="name the folder that training psq made",
            ) from None
        except ValueError as error:
            raise DataError(f"is damaged: {error}", path=path, hint="train the table again") from None
        return meta

    def load(self, language: str) -> TranslationTable:
        """The table of a language, its arrays mapped from disk.

        Raises:
            DataError: when a file is absent or damaged.
        """
        try:
            lists = [
                json.loads((self.path / f"{language}.{name}.json").read_text("utf-8")) for name in ("words", "terms")
            ]
            arrays = [np.load(self.path / f"{language}.{name}.npy", mmap_mode="r") for name in _ARRAYS]
            return TranslationTable(*lists, *arrays)
        except (OSError, ValueError) as error:
            raise DataError(f"is damaged: {error}", path=self.path, hint="train the table again") from None

    @cached_property
    def digest(self) -> str:
        """Digest of all files of the tables.

        Raises:
            MissingDataError: when there are no tables.
        """
        languages = sorted(self.meta["languages"])
        names = [f"{language}.{name}.npy" for language in languages for name in _ARRAYS]
        names += [f"{language}.{name}.json" for language in languages for name in ("words", "terms")]
        digest = hashlib.blake2b(digest_size=16)
        for name in (META, *names):
            try:
                digest.update(name.encode() + b"\0" + (self.path / name).read_bytes() + b"\0")
            except OSError as error:
                raise MissingDataError(f"{self.path / name} cannot be read: {error.strerror}") from None
        return digest.hexdigest()
