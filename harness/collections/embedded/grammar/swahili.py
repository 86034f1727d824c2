"""Swahili: subject, verb, object; concord of noun classes on verbs and adjectives."""

from __future__ import annotations

from typing import ClassVar

from clir_harness.harness.collections.embedded.frames import Account, Cause, Cost, Event, Phrase, Report, When, Who
from clir_harness.harness.collections.embedded.grammar.base import Grammar, Word, capitalised
from clir_harness.harness.collections.embedded.lexicon import Concept, Forms

_SUBJECT = {"1": "a", "3": "u", "5": "li", "6": "ya", "7": "ki", "8": "vi", "9": "i", "10": "zi", "11": "u"}
"""Subject prefixes by noun class."""

_ADJECTIVE = {"1": "m", "3": "m", "5": "", "6": "ma", "7": "ki", "8": "vi", "9": "", "10": "", "11": "m"}
"""Adjective prefixes by noun class, before consonants."""

_NASAL = {"dogo": "ndogo", "geni": "ngeni", "kubwa": "kubwa", "pya": "mpya"}
"""The adjectives that agree, in classes 9 and 10; all others are invariable."""

_CONNECTORS = frozenset("wa ya la cha vya za".split())


def _agreeing(stem: str, noun_class: str) -> str:
    if stem not in _NASAL:
        return stem
    if noun_class in ("9", "10"):
        return _NASAL[stem]
    if (stem, noun_class) == ("pya", "5"):
        return "jipya"
    return _ADJECTIVE[noun_class] + stem


class Swahili(Grammar):
    """Grammar of Swahili: past tense in `-li-`, object marker for people."""

    language: ClassVar[str] = "sw"

    def _agent(self, agent: Concept, word: Word) -> Forms:
        return (f"kampuni ya {word(agent)[0]}", "9") if agent.kind == "firm" else word(agent)

    def _object(self, event: Event, word: Word) -> str:
        noun, noun_class = word(event.object)
        if not event.quality:
            return noun
        quality = _agreeing(word(event.quality)[0], noun_class)
        head, _, rest = noun.partition(" ")
        if rest.partition(" ")[0] in _CONNECTORS:  # what belongs to the noun follows the adjective
            return f"{head} {quality} {rest}"
        return f"{noun} {quality}"

    def _stem(self, event: Event, word: Word) -> str:
        """Verb stem with the object marker of people before it."""
        stem = word(event.verb)[0]
        if event.object.kind != "person":
            return stem
        return ("mw" if stem[0] in "aeiou" else "m") + stem

    def _clause(self, event: Event, word: Word) -> str:
        agent, noun_class = self._agent(event.agent, word)
        return f"{agent} {_SUBJECT[noun_class]}li{self._stem(event, word)} {self._object(event, word)}"

    def _report(self, sentence: Report, word: Word) -> str:
        """`Mkulima aliuza mahindi huko Kisumu mnamo Machi 2015.`"""
        event = sentence.event
        when = f" mnamo {word(event.time.month)[0]} {event.time.year}" if event.time else ""
        return f"{capitalised(self._clause(event, word))} huko {word(event.place)[0]}{when}."

    def _account(self, sentence: Account, word: Word) -> str:
        """`Kulingana na Amina Hassan, mkulima aliuza mahindi karibu na soko.`"""
        clause = self._clause(sentence.event, word)
        return f"Kulingana na {self._name(sentence.person, word)}, {clause} karibu na {word(sentence.site)[0]}."

    def _cause(self, sentence: Cause, word: Word) -> str:
        """`Hili lilitokea kwa sababu ya ukame.`"""
        return f"Hili lilitokea kwa sababu ya {word(sentence.noun)[0]}."

    def _cost(self, sentence: Cost) -> str:
        """`Gharama ilikuwa dola 300.`"""
        return f"Gharama ilikuwa dola {sentence.dollars}."

    def _who(self, sentence: Who, word: Word) -> str:
        """`Nani aliuza mahindi huko Kisumu?`"""
        event = sentence.event
        return f"Nani ali{self._stem(event, word)} {self._object(event, word)} huko {word(event.place)[0]}?"

    def _when(self, sentence: When, word: Word) -> str:
        """`Mkulima aliuza mahindi huko Kisumu lini?`"""
        event = sentence.event
        return f"{capitalised(self._clause(event, word))} huko {word(event.place)[0]} lini?"

    def _phrase(self, sentence: Phrase, word: Word) -> str:
        """`Kuuza mahindi huko Kisumu`"""
        event = sentence.event
        return f"Ku{self._stem(event, word)} {self._object(event, word)} huko {word(event.place)[0]}"
