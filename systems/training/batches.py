"""Composition of batches: a pure function of seed and number, so that a resumed training sees the same ones."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

POOL = 50
"""Batches whose pairs are sorted by length together: more pad less, fewer mix better."""


class BatchOrder:
    """Batches of indices, without end; every pass over the data in another random order.

    All batches are full where there are pairs for it: what is left over at the end of a pass is left out of that pass.

    Args:
        count: pairs there are.
        size: pairs in a batch.
        seed: of the order.
        lengths: of each pair; where given, batches are made of pairs of similar length.

    >>> order = BatchOrder(5, 2, seed=0)
    >>> len({i for number in range(order.per_pass) for i in order[number]})
    4
    >>> order[7] == BatchOrder(5, 2, seed=0)[7]
    True
    """

    def __init__(self, count: int, size: int, seed: int, lengths: Sequence[int] | None = None) -> None:
        self._count, self._size, self._seed, self._lengths = count, min(size, count), seed, lengths
        self.per_pass = count // self._size
        self._pass = functools.lru_cache(maxsize=1)(self._batches)

    def __getitem__(self, number: int) -> list[int]:
        """Indices of the batch with a number, from 0."""
        return self._pass(number // self.per_pass)[number % self.per_pass]

    def _batches(self, number: int) -> list[list[int]]:
        draw = np.random.default_rng([self._seed, 1, number])
        order = draw.permutation(self._count)[: self.per_pass * self._size].tolist()
        size, lengths = self._size, self._lengths
        if lengths is None:
            return [order[start : start + size] for start in range(0, len(order), size)]
        batches: list[list[int]] = []
        for start in range(0, len(order), POOL * size):
            pool = sorted(order[start : start + POOL * size], key=lengths.__getitem__)
            batches += [pool[at : at + size] for at in range(0, len(pool), size)]
        return [batches[place] for place in draw.permutation(len(batches))]
