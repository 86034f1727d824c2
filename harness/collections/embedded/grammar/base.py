"""What a grammar does: render the sentences of `frames` in one language."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from clir_harness.harness.collections.embedded.frames import (
    Account,
    Cause,
    Cost,
    Person,
    Phrase,
    Report,
    Sentence,
    When,
    Who,
)
from clir_harness.harness.collections.embedded.lexicon import Concept, Forms

Word = Callable[[Concept], Forms]
"""Chooses the synonym of a concept, in the grammar's language."""


def capitalised(text: str) -> str:
    """The text with its first letter in upper case, the rest untouched.

    >>> capitalised("the TV set")
    'The TV set'
    """
    return text[:1].upper() + text[1:]


class Grammar(ABC):
    """Simple declarative sentences and queries of one language, with its word order and agreement."""

    language: ClassVar[str]

    def render(self, sentence: Sentence, word: Word) -> str:
        """Render a sentence: capitalised, with its full stop or question mark; phrases have none.

        Args:
            sentence: what to say.
            word: chooses a word of the grammar's language for each concept.

        Returns:
            The text.
        """
        match sentence:
            case Report():
                return self._report(sentence, word)
            case Account():
                return self._account(sentence, word)
            case Cause():
                return self._cause(sentence, word)
            case Cost():
                return self._cost(sentence)
            case Who():
                return self._who(sentence, word)
            case When():
                return self._when(sentence, word)
            case Phrase():
                return self._phrase(sentence, word)

    def _name(self, person: Person, word: Word) -> str:
        """Given name and family name."""
        return f"{word(person.given)[0]} {word(person.family)[0]}"

    @abstractmethod
    def _report(self, sentence: Report, word: Word) -> str:
        """Agent, action, object, place and, if any, time."""

    @abstractmethod
    def _account(self, sentence: Account, word: Word) -> str:
        """According to a person: agent, action, object, near a site."""

    @abstractmethod
    def _cause(self, sentence: Cause, word: Word) -> str:
        """That it happened because of something."""

    @abstractmethod
    def _cost(self, sentence: Cost) -> str:
        """What it cost."""

    @abstractmethod
    def _who(self, sentence: Who, word: Word) -> str:
        """Who did it?"""

    @abstractmethod
    def _when(self, sentence: When, word: Word) -> str:
        """When did the agent do it?"""

    @abstractmethod
    def _phrase(self, sentence: Phrase, word: Word) -> str:
        """Doing it, in its place."""
