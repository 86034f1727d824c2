"""Meanings before they are words: who did what to whom, where and when. Grammars turn them into sentences."""

from __future__ import annotations

from typing import NamedTuple

from clir_harness.harness.collections.embedded.lexicon import Concept, Verb


class Time(NamedTuple):
    """A month of a year."""

    month: Concept
    year: int


class Event(NamedTuple):
    """What happened: somebody did something to something, somewhere, once.

    Attributes:
        agent: a person, an organisation or a firm.
        verb: a transitive verb that takes the object's kind.
        object: a noun.
        quality: adjective of the object, if any.
        place: a town or country, where it is said.
        time: when, where it is said.
    """

    agent: Concept
    verb: Verb
    object: Concept
    place: Concept
    quality: Concept | None = None
    time: Time | None = None

    @property
    def pair(self) -> tuple[str, str]:
        """Ids of verb and object: what relevance goes by."""
        return self.verb.id, self.object.id


class Person(NamedTuple):
    """A given name (which carries the gender) and a family name."""

    given: Concept
    family: Concept


class Report(NamedTuple):
    """The event happened in its place, at its time."""

    event: Event


class Account(NamedTuple):
    """According to a person, the event happened near a site; its place and time are not said."""

    person: Person
    event: Event
    site: Concept


class Cause(NamedTuple):
    """It happened because of something."""

    noun: Concept


class Cost(NamedTuple):
    """It cost an amount of dollars."""

    dollars: int


class Who(NamedTuple):
    """The question who did it, in the event's place."""

    event: Event


class When(NamedTuple):
    """The question when the agent did it, in the event's place."""

    event: Event


class Phrase(NamedTuple):
    """The event as a phrase without agent, as in a headline: doing it, in its place."""

    event: Event


Sentence = Report | Account | Cause | Cost | Who | When | Phrase
