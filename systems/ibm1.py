"""IBM model 1, trained by expectation maximisation.

Brown, Della Pietra, Della Pietra and Mercer (1993), "The Mathematics of Statistical Machine Translation": a target
sentence f of a source sentence e of l words has probability

    p(f | e) = epsilon * product over the words of f of (sum over the words of e and NULL of t(f | e)) / (l + 1)

Its logarithm is concave in t, so training from uniform t finds the global maximum. Every distinct target
word of a sentence pair is a group, whose count is shared out among the source words of its pair. Co-occurrences are
kept sorted by source word, then by group, so that a pass over them is a gather and a segmented sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

NULL = 0
"""The id of the NULL source word."""

BLOCK = 4_000_000
"""Co-occurrences processed at once; a source word with more makes a block of its own."""


@dataclass(frozen=True, slots=True)
class TermPairs:
    """Sentence pairs as term ids, one after the other.

    Attributes:
        source: ids of the source words, from 1 (0 is NULL and occurs in no sentence).
        source_lengths: words in each source sentence.
        target: ids of the target terms, from 0.
        target_lengths: terms in each target sentence.
    """

    source: Ints
    source_lengths: Ints
    target: Ints
    target_lengths: Ints


@dataclass(frozen=True, slots=True)
class Translations:
    """p(target term | source word), of all pairs of words that occur together.

    Attributes:
        starts: where the entries of each source word start, NULL first; one more than there are source words.
        targets: target term of each entry, ascending within a source word.
        probabilities: of each entry; those of a source word add up to 1.
        log_likelihood: of the text, without log(epsilon), before each iteration and after the last.
    """

    starts: Ints
    targets: NDArray[np.int32]
    probabilities: Floats
    log_likelihood: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Groups:
    """Distinct target terms of sentence pairs, numbered by term, then by sentence."""

    target: Ints
    counts: Floats
    source_words: Floats
    by_sentence: Ints
    sentence_starts: Ints


@dataclass(frozen=True, slots=True)
class _Block:
    """All co-occurrences of some source words; `groups` lies on disk."""

    entries: slice
    lengths: Ints
    groups: NDArray[np.int32]


def train(
    pairs: TermPairs,
    iterations: int,
    scratch: Path,
    on_iteration: Callable[[int, float], None] = lambda *_: None,
    block: int = BLOCK,
) -> Translations:
    """Train IBM model 1 from uniform probabilities.

    Args:
        pairs: the text; every sentence has at least one term.
        iterations: number of iterations of expectation maximisation.
        scratch: folder for the co-occurrences, 4 bytes each; its files are not deleted.
        on_iteration: called after each iteration, with its number and the log-likelihood before it.
        block: number of co-occurrences processed at once.

    Returns:
        The translation probabilities.
    """
    groups = _make_groups(pairs)
    blocks, starts, targets = _make_blocks(pairs, groups, scratch, block)
    sizes = np.diff(starts)
    probabilities = np.full(len(targets), 1.0 / (pairs.target.max() + 1))
    likelihoods = []
    for iteration in range(iterations + 1):
        denominators = np.zeros(len(groups.counts))
        for part in blocks:
            weights = np.repeat(probabilities[part.entries], part.lengths)
            denominators += np.bincount(part.groups, weights, len(denominators))
        likelihoods.append(float(groups.counts @ np.log(denominators / (groups.source_words + 1))))
        if iteration == iterations:
            break
        ratios = groups.counts / denominators
        for part in blocks:
            first = np.cumsum(part.lengths) - part.lengths
            probabilities[part.entries] *= np.add.reduceat(ratios[part.groups], first)
        totals = np.add.reduceat(probabilities, starts[:-1][sizes > 0])
        probabilities /= np.repeat(totals, sizes[sizes > 0])
        on_iteration(iteration + 1, likelihoods[-1])
    return Translations(starts, targets, probabilities, tuple(likelihoods))


def _make_groups(pairs: TermPairs) -> _Groups:
    sentences = len(pairs.target_lengths)
    keys = pairs.target * sentences + np.repeat(np.arange(sentences), pairs.target_lengths)
    keys, counts = np.unique(keys, return_counts=True)
    target, sentence = np.divmod(keys, sentences)
    return _Groups(
        target,
        counts.astype(np.float64),
        pairs.source_lengths[sentence].astype(np.float64),
        np.argsort(sentence, kind="stable"),
        _offsets(np.bincount(sentence, minlength=sentences)),
    )


def _make_blocks(
    pairs: TermPairs, groups: _Groups, scratch: Path, size: int
) -> tuple[list[_Block], Ints, NDArray[np.int32]]:
    """The co-occurrences by blocks of source words; where each source word's entries start; the entries' targets."""
    sentences = np.arange(len(pairs.source_lengths))
    source = np.concatenate([np.full(len(sentences), NULL), pairs.source])
    sentence = np.concatenate([sentences, np.repeat(sentences, pairs.source_lengths)])
    order = np.argsort(source, kind="stable")
    source, sentence = source[order], sentence[order]
    expansions = np.diff(groups.sentence_starts)[sentence]
    words = int(source[-1]) + 1
    found, entry_counts, targets = [], np.zeros(words, np.int64), []
    filled = 0
    for number, (low, high) in enumerate(_cuts(source, expansions, size)):
        repeats = expansions[low:high]
        steps = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        group = groups.by_sentence[np.repeat(groups.sentence_starts[sentence[low:high]], repeats) + steps]
        # A group's number grows with its target term, so sorting the packed pair sorts by source, target, sentence.
        packed = np.repeat(source[low:high] << 32, repeats) | group
        packed.sort()
        group = packed & 0xFFFFFFFF
        word, target = packed >> 32, groups.target[group]
        same = (word[1:] == word[:-1]) & (target[1:] == target[:-1])
        new = np.flatnonzero(np.concatenate([[True], ~same]))
        entry_counts += np.bincount(word[new], minlength=words)
        targets.append(target[new].astype(np.int32))
        path = scratch / f"groups-{number}.npy"
        np.save(path, group.astype(np.int32))
        entries = slice(filled, filled := filled + len(new))
        found.append(_Block(entries, np.diff(new, append=len(group)), np.load(path, mmap_mode="r")))
    return found, _offsets(entry_counts), np.concatenate(targets)


def _cuts(source: Ints, expansions: Ints, size: int) -> Iterator[tuple[int, int]]:
    """Cut occurrences sorted by source word into runs of whole words with at most `size` expansions, if possible."""
    word_ends = np.append(np.flatnonzero(np.diff(source)) + 1, len(source))
    totals = np.cumsum(expansions)[word_ends - 1]
    low = done = at = 0
    while at < len(word_ends):
        at = max(at + 1, int(np.searchsorted(totals, done + size, side="right")))
        yield low, int(word_ends[at - 1])
        low, done = int(word_ends[at - 1]), int(totals[at - 1])


def _offsets(counts: Ints) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)])
