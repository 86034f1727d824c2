"""Marathi: subject, object, verb; postpositions on oblique stems; the past agrees with the object."""

from __future__ import annotations

from typing import ClassVar

from clir_harness.harness.collections.embedded.frames import Account, Cause, Cost, Event, Phrase, Report, When, Who
from clir_harness.harness.collections.embedded.grammar.base import Grammar, Word
from clir_harness.harness.collections.embedded.lexicon import Concept

_GENDERS = "mfn"
_OBLIQUE = 3


class Marathi(Grammar):
    """Grammar of Marathi: ergative past, so that the agent takes `ने` and the verb agrees with a bare object."""

    language: ClassVar[str] = "mr"

    def _agent(self, agent: Concept, word: Word) -> str:
        return f"{word(agent)[0]} कंपनीने" if agent.kind == "firm" else f"{word(agent)[1]}ने"

    def _object_and_verb(self, event: Event, word: Word) -> tuple[str, str, str]:
        """The object as the verb takes it, the past tense that goes with it, and the infinitive."""
        direct, oblique, gender = word(event.object)
        verb = word(event.verb)
        quality = word(event.quality) if event.quality else None
        if len(verb) == 3:
            postposition, past, infinitive = verb
        elif event.object.kind in ("person", "org"):
            postposition, past, infinitive = "ला", verb[2], verb[3]
        else:
            number = _GENDERS.index(gender)
            return (f"{quality[number]} {direct}" if quality else direct), verb[number], verb[3]
        marked = f"{oblique}{postposition}"
        return (f"{quality[_OBLIQUE]} {marked}" if quality else marked), past, infinitive

    def _report(self, sentence: Report, word: Word) -> str:
        """`मार्च 2015 मध्ये शेतकऱ्याने किसुमूमध्ये मका विकला.`"""
        event = sentence.event
        when = f"{word(event.time.month)[0]} {event.time.year} मध्ये " if event.time else ""
        done, past, _ = self._object_and_verb(event, word)
        return f"{when}{self._agent(event.agent, word)} {word(event.place)[0]}मध्ये {done} {past}."

    def _account(self, sentence: Account, word: Word) -> str:
        """`अमीना हसन यांच्या मते, शेतकऱ्याने बाजाराजवळ मका विकला.`"""
        done, past, _ = self._object_and_verb(sentence.event, word)
        agent, near = self._agent(sentence.event.agent, word), f"{word(sentence.site)[1]}जवळ"
        return f"{self._name(sentence.person, word)} यांच्या मते, {agent} {near} {done} {past}."

    def _cause(self, sentence: Cause, word: Word) -> str:
        """`हे दुष्काळामुळे घडले.`"""
        return f"हे {word(sentence.noun)[1]}मुळे घडले."

    def _cost(self, sentence: Cost) -> str:
        """`खर्च 300 डॉलर होता.`"""
        return f"खर्च {sentence.dollars} डॉलर होता."

    def _who(self, sentence: Who, word: Word) -> str:
        """`किसुमूमध्ये मका कोणी विकला?`"""
        done, past, _ = self._object_and_verb(sentence.event, word)
        return f"{word(sentence.event.place)[0]}मध्ये {done} कोणी {past}?"

    def _when(self, sentence: When, word: Word) -> str:
        """`शेतकऱ्याने किसुमूमध्ये मका केव्हा विकला?`"""
        event = sentence.event
        done, past, _ = self._object_and_verb(event, word)
        return f"{self._agent(event.agent, word)} {word(event.place)[0]}मध्ये {done} केव्हा {past}?"

    def _phrase(self, sentence: Phrase, word: Word) -> str:
        """`किसुमूमध्ये मका विकणे`"""
        done, _, infinitive = self._object_and_verb(sentence.event, word)
        return f"{word(sentence.event.place)[0]}मध्ये {done} {infinitive}"
