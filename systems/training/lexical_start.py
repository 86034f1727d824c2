"""Initialisation of the input embeddings of new languages: from the embeddings of their words' translations.

Tran (2020), "From English to Foreign Languages: Transferring Pre-trained Language Models": the embedding of a foreign
subword is the mean of those of English subwords, weighted by translation probabilities that are learnt from parallel
text. Probabilities are squared here, so that the many unlikely translations of a frequent piece do not blur the likely
ones, and the pieces of both sides are aligned by IBM model 1.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from clir_harness.systems.ibm1 import TermPairs, train

ITERATIONS = 5
MOST_ALIGNED = 500_000_000
"""Pairs of pieces examined in sentence pairs, the shortest sentences first: they are the most informative."""


def translated_embeddings(
    foreign: Sequence[Sequence[int]], pivot: Sequence[Sequence[int]], embeddings: Tensor
) -> tuple[Tensor, Tensor]:
    """Embeddings for the pieces of foreign sentences, from those of the pieces of their translations.

    Args:
        foreign: numbers of the pieces of each sentence, in the vocabulary to make embeddings for.
        pivot: those of its translation, in the vocabulary of the embeddings. A pair with an empty side is left out.
        embeddings: (V, hidden), of the pivot's pieces.

    Returns:
        The numbers (n,) of the foreign pieces that occur, ascending, and their embeddings (n, hidden).
    """
    pairs = [(one, other) for one, other in zip(foreign, pivot, strict=True) if one and other]
    pairs.sort(key=lambda pair: len(pair[0]) * len(pair[1]))
    costs = np.cumsum([len(one) * len(other) for one, other in pairs])
    pairs = pairs[: max(1, int(np.searchsorted(costs, MOST_ALIGNED, side="right")))]
    if not pairs:
        return torch.empty(0, dtype=torch.long), embeddings[:0]
    sources, targets = zip(*pairs, strict=True)
    pieces, numbers = np.unique(_flat(sources), return_inverse=True)
    text = TermPairs(numbers + 1, _lengths(sources), _flat(targets), _lengths(targets))
    with tempfile.TemporaryDirectory() as scratch:
        learned = train(text, ITERATIONS, Path(scratch))
    starts = torch.from_numpy(learned.starts[1:] - learned.starts[1])  # without NULL
    entries = slice(learned.starts[1], None)
    weights = torch.from_numpy(learned.probabilities[entries] ** 2).float()
    sums = torch.nn.functional.embedding_bag(
        torch.from_numpy(learned.targets[entries]).long(),
        embeddings,
        starts[:-1],
        mode="sum",
        per_sample_weights=weights,
    )
    totals = torch.segment_reduce(weights, "sum", offsets=starts)
    return torch.from_numpy(pieces), sums / totals.unsqueeze(1)


def _flat(sentences: Sequence[Sequence[int]]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.fromiter(chain.from_iterable(sentences), np.int64)


def _lengths(sentences: Sequence[Sequence[int]]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.fromiter(map(len, sentences), np.int64)
