"""Parallel text as word and term ids."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from clir_harness.systems.ibm1 import NULL, Ints, TermPairs
from clir_harness.systems.parallel_text.bitext import SentencePair
from clir_harness.systems.psq.terms import Stemmer, words


@dataclass(frozen=True, slots=True)
class EncodedBitext:
    """Sentence pairs as ids, with the words and terms that the ids denote.

    Attributes:
        pairs: the pairs as ids.
        words: source words; the first, for NULL, is empty.
        terms: target terms.
        skipped: pairs left out: without a word on one side, or too long.
    """

    pairs: TermPairs
    words: list[str]
    terms: list[str]
    skipped: int


def encode(pairs: Iterable[SentencePair], stemmer: Stemmer, max_words: int, min_count: int) -> EncodedBitext:
    """Encode sentence pairs as ids: words on the source side, terms of the document language on the target side.

    Args:
        pairs: sentences with their translations.
        stemmer: turns the translations' words into terms.
        max_words: pairs with a longer side are skipped: their work grows with the product of the lengths.
        min_count: source words that occur less often are left out, and with them pairs that have no others.

    Returns:
        The ids, and what they denote.
    """
    word_ids: dict[str, int] = {"": NULL}
    target_ids: dict[str, int] = {}
    stems: dict[str, list[int]] = {}
    source, target = array("i"), array("i")
    source_lengths, target_lengths = array("i"), array("i")
    skipped = 0
    for pair in pairs:
        here = words(pair.source)
        there: list[int] = []
        for word in words(pair.target):
            ids = stems.get(word)
            if ids is None:
                ids = stems[word] = [target_ids.setdefault(term, len(target_ids)) for term in stemmer(word)]
            there += ids
        if not (here and there) or max(len(here), len(there)) > max_words:
            skipped += 1
            continue
        source.extend([word_ids.setdefault(word, len(word_ids)) for word in here])
        target.extend(there)
        source_lengths.append(len(here))
        target_lengths.append(len(there))
    kept = TermPairs(_ints(source), _ints(source_lengths), _ints(target), _ints(target_lengths))
    return EncodedBitext(_without_rare(kept, min_count), list(word_ids), list(target_ids), skipped)


def _without_rare(pairs: TermPairs, min_count: int) -> TermPairs:
    if min_count == 1 or not len(pairs.source):
        return pairs
    frequent = (np.bincount(pairs.source) >= min_count)[pairs.source]
    sentences = np.arange(len(pairs.source_lengths))
    lengths = np.bincount(np.repeat(sentences, pairs.source_lengths)[frequent], minlength=len(sentences))
    kept = lengths > 0
    target = pairs.target[np.repeat(kept, pairs.target_lengths)]
    return TermPairs(pairs.source[frequent], lengths[kept], target, pairs.target_lengths[kept])


def _ints(values: array[int]) -> Ints:
    return np.array(values, np.int64)
