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
        """The sentence in words, capitalised and with its full stop or question mark; phrases have none."""
        match sentence:
            case Report():
                return self.report(sentence, word)
            case Account():
                return self.account(sentence, word)
            case Cause():
                return self.cause(sentence, word)
            case Cost():
                return self.cost(sentence)
            case Who():
                return self.who(sentence, word)
            case When():
                return self.when(sentence, word)
            case Phrase():
                return self.phrase(sentence, word)

    def name(self, person: Person, word: Word) -> str:
        """Given name and family name."""
        return f"{word(person.given)[0]} {word(person.family)[0]}"

    @abstractmethod
    def report(self, sentence: Report, word: Word) -> str:
        """Agent, action, object, place and, if any, time."""

    @abstractmethod
    def account(self, sentence: Account, word: Word) -> str:
        """According to a person: agent, action, object, near a site."""

    @abstractmethod
    def cause(self, sentence: Cause, word: Word) -> str:
        """That it happened because of something."""

    @abstractmethod
    def cost(self, sentence: Cost) -> str:
        """What it cost."""

    @abstractmethod
    def who(self, sentence: Who, word: Word) -> str:
        """Who did it?"""

    @abstractmethod
    def when(self, sentence: When, word: Word) -> str:
        """When did the agent do it?"""

    @abstractmethod
    def phrase(self, sentence: Phrase, word: Word) -> str:
        """Doing it, in its place."""
