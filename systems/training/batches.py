"""Which pairs make up which batch: shuffled by seed, sentences of like length together, a pure function of the step."""

from __future__ import annotations

import functools
import random
from collections.abc import Sequence

POOL = 50
"""Batches whose sentences are sorted by length together: more pad less, fewer mix better."""


class BatchOrder:
    """Batches of indices, without end; every pass over the data in another order.

    >>> order = BatchOrder([5, 1, 9, 2, 7], batch_size=2, seed=0)
    >>> sorted(i for number in range(order.per_pass) for i in order[number])
    [0, 1, 2, 3, 4]
    >>> order[7] == BatchOrder([5, 1, 9, 2, 7], batch_size=2, seed=0)[7]
    True
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int) -> None:
        self._lengths, self._size, self._seed = lengths, batch_size, seed
        self.per_pass = -(-len(lengths) // batch_size)
        self._pass = functools.lru_cache(maxsize=1)(self._batches)

    def __getitem__(self, number: int) -> list[int]:
        """Indices of the batch with a number, from 0."""
        return self._pass(number // self.per_pass)[number % self.per_pass]

    def _batches(self, number: int) -> list[list[int]]:
        draw = random.Random(f"{self._seed}/{number}")
        order = list(range(len(self._lengths)))
        draw.shuffle(order)
        batches = []
        for start in range(0, len(order), POOL * self._size):
            pool = sorted(order[start : start + POOL * self._size], key=lambda i: self._lengths[i])
            batches += [pool[at : at + self._size] for at in range(0, len(pool), self._size)]
        draw.shuffle(batches)
        return batches
