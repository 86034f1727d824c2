"""English: subject, verb, object; past tense; `did` in questions."""

from __future__ import annotations

from typing import ClassVar

from clir_harness.harness.collections.embedded.frames import Account, Cause, Cost, Event, Phrase, Report, When, Who
from clir_harness.harness.collections.embedded.grammar.base import Grammar, Word, capitalised
from clir_harness.harness.collections.embedded.lexicon import Concept


class English(Grammar):
    """Grammar of English."""

    language: ClassVar[str] = "en"

    def _agent(self, agent: Concept, word: Word) -> str:
        return f"the company {word(agent)[0]}" if agent.kind == "firm" else f"the {word(agent)[0]}"

    def _object(self, event: Event, word: Word) -> str:
        noun = word(event.object)[0]
        return f"the {word(event.quality)[0]} {noun}" if event.quality else f"the {noun}"

    def _clause(self, event: Event, word: Word) -> str:
        return f"{self._agent(event.agent, word)} {word(event.verb)[1]} {self._object(event, word)}"

    def _report(self, sentence: Report, word: Word) -> str:
        """`The farmer sold the maize in Kisumu in March 2015.`"""
        event = sentence.event
        when = f" in {word(event.time.month)[0]} {event.time.year}" if event.time else ""
        return f"{capitalised(self._clause(event, word))} in {word(event.place)[0]}{when}."

    def _account(self, sentence: Account, word: Word) -> str:
        """`According to Amina Hassan, the farmer sold the maize near the market.`"""
        clause = self._clause(sentence.event, word)
        return f"According to {self._name(sentence.person, word)}, {clause} near the {word(sentence.site)[0]}."

    def _cause(self, sentence: Cause, word: Word) -> str:
        """`This happened because of the drought.`"""
        return f"This happened because of the {word(sentence.noun)[0]}."

    def _cost(self, sentence: Cost) -> str:
        """`The cost was 300 dollars.`"""
        return f"The cost was {sentence.dollars} dollars."

    def _who(self, sentence: Who, word: Word) -> str:
        """`Who sold the maize in Kisumu?`"""
        event = sentence.event
        return f"Who {word(event.verb)[1]} {self._object(event, word)} in {word(event.place)[0]}?"

    def _when(self, sentence: When, word: Word) -> str:
        """`When did the farmer sell the maize in Kisumu?`"""
        event = sentence.event
        done = f"{word(event.verb)[0]} {self._object(event, word)} in {word(event.place)[0]}"
        return f"When did {self._agent(event.agent, word)} {done}?"

    def _phrase(self, sentence: Phrase, word: Word) -> str:
        """`Selling the maize in Kisumu`"""
        event = sentence.event
        return capitalised(f"{word(event.verb)[2]} {self._object(event, word)} in {word(event.place)[0]}")
