"""Combination of both translation directions: translations likely in only one of them are mostly noise.

Wang and Oard (SIGIR 2006), "Combining bidirectional translation and synonymy for cross-language information
retrieval", multiply p(e | f) with p(f | e). A frequent function word is a likely translation of many words, yet each
of these is an unlikely translation of it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from clir_harness.systems.ibm1 import TermPairs, Translations, train


def turned(pairs: TermPairs) -> TermPairs:
    """The sentence pairs with source and target swapped."""
    return TermPairs(pairs.target + 1, pairs.target_lengths, pairs.source - 1, pairs.source_lengths)


def agreed(pairs: TermPairs, forward: Translations, iterations: int, scratch: Path) -> Translations:
    """Train the other direction too, and multiply: p(e | f) times p(f | e), made to add up to 1 for each word.

    Args:
        pairs: the text that `forward` was learned from; every source sentence has a word.
        forward: p(target term | source word).
        iterations, scratch: as of `train`.

    Returns:
        The translations of `forward`, whose NULL has none left, with its log-likelihoods.
    """
    backward = train(turned(pairs), iterations, scratch)
    # Both list the same pairs of words, each direction sorted by its own source; NULL comes first.
    here, there = forward.starts[1], backward.starts[1]
    order = np.argsort(backward.targets[there:], kind="stable")
    products = forward.probabilities[here:] * backward.probabilities[there:][order]
    starts = np.concatenate([[0], forward.starts[1:] - here])
    owners = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    totals = np.bincount(owners, products, len(starts) - 1)
    return replace(forward, starts=starts, targets=forward.targets[here:], probabilities=products / totals[owners])
