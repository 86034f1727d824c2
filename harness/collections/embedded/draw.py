"""Random choices that are a pure function of integers, the same on every machine and Python version."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

from clir_harness.harness.collections.embedded.grammar import Word
from clir_harness.harness.collections.embedded.lexicon import Concept, Forms

T = TypeVar("T")

_INDEX_BITS = 48


class Draw:
    """A sequence of choices fixed by a seed, a purpose and an index.

    Only `random.Random.random` is used: Python promises its sequence for an integer seed, and no other's.

    Args:
        seed: the user's seed, from 0.
        purpose: what the choices are for, from 0 to 15, so that different uses of one seed do not run alike.
        index: number of the document, topic or sentence, below 2 ** 48.

    >>> Draw(0, 1, 7).pick("abcdef") == Draw(0, 1, 7).pick("abcdef")
    True
    """

    __slots__ = ("_random",)

    def __init__(self, seed: int, purpose: int, index: int) -> None:
        self._random = random.Random(((seed << 4 | purpose) << _INDEX_BITS) | index).random

    def below(self, n: int) -> int:
        """An integer from 0 to n - 1."""
        return int(self._random() * n)

    def chance(self, probability: float) -> bool:
        """True with the probability."""
        return self._random() < probability

    def pick(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[int(self._random() * len(options))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in a random order."""
        keys = [self._random() for _ in items]
        return [items[place] for place in sorted(range(len(items)), key=keys.__getitem__)]

    def favouring_first(self, options: Sequence[T]) -> T:
        """One of the options, the first the likeliest: 71 % of two, 58 % of three."""
        share = self._random()
        return options[int(share * share * len(options))]

    def words(self, language: str) -> Word:
        """A chooser of synonyms that decides anew at every mention."""

        def word(concept: Concept) -> Forms:
            return self.favouring_first(concept.words[language])

        return word

    def habitual_words(self, language: str, lapse: float) -> Word:
        """A chooser of synonyms that keeps to its first choice, except for lapses of the given probability.

        Args:
            language: language of the words.
            lapse: probability of a lapse at each mention.

        Returns:
            A function from a concept to the forms of one of its words.
        """
        habits: dict[str, Forms] = {}
        below_one = self._random

        def word(concept: Concept) -> Forms:
            options = concept.words[language]
            if len(options) == 1:
                return options[0]
            if concept.id in habits and below_one() >= lapse:
                return habits[concept.id]
            chosen = self.favouring_first(options)
            habits.setdefault(concept.id, chosen)
            return chosen

        return word
