"""Tagalog: verb first, in patient voice; `ng` marks the agent, `ang` the object, `sa` the place."""

from __future__ import annotations

from typing import ClassVar

from clir_harness.harness.collections.embedded.frames import Account, Cause, Cost, Event, Phrase, Report, When, Who
from clir_harness.harness.collections.embedded.grammar.base import Grammar, Word, capitalised
from clir_harness.harness.collections.embedded.lexicon import Concept


class Tagalog(Grammar):
    """Grammar of Tagalog: completed aspect; actor voice in the question who."""

    language: ClassVar[str] = "tl"

    def _agent(self, agent: Concept, word: Word) -> str:
        return f"kompanyang {word(agent)[0]}" if agent.kind == "firm" else word(agent)[0]

    def _object(self, event: Event, word: Word) -> str:
        noun = word(event.object)[0]
        return f"{word(event.quality)[0]} {noun}" if event.quality else noun

    def _with_marked_object(self, verb: str, event: Event, word: Word) -> str:
        """Actor voice or gerund, whose object takes `ng`; `sa` when it is a person or the verb asks for it."""
        if verb.endswith(" sa"):
            return f"{verb} {self._object(event, word)}"
        return f"{verb} {'sa' if event.object.kind == 'person' else 'ng'} {self._object(event, word)}"

    def _clause(self, event: Event, word: Word) -> str:
        agent = self._agent(event.agent, word)
        return f"{word(event.verb)[0]} ng {agent} ang {self._object(event, word)}"

    def _report(self, sentence: Report, word: Word) -> str:
        """`Ibinenta ng magsasaka ang mais sa Kisumu noong Marso 2015.`"""
        event = sentence.event
        when = f" noong {word(event.time.month)[0]} {event.time.year}" if event.time else ""
        return f"{capitalised(self._clause(event, word))} sa {word(event.place)[0]}{when}."

    def _account(self, sentence: Account, word: Word) -> str:
        """`Ayon kay Amina Hassan, ibinenta ng magsasaka ang mais malapit sa palengke.`"""
        clause = self._clause(sentence.event, word)
        return f"Ayon kay {self._name(sentence.person, word)}, {clause} malapit sa {word(sentence.site)[0]}."

    def _cause(self, sentence: Cause, word: Word) -> str:
        """`Nangyari ito dahil sa tagtuyot.`"""
        return f"Nangyari ito dahil sa {word(sentence.noun)[0]}."

    def _cost(self, sentence: Cost) -> str:
        """`Ang gastos ay 300 dolyar.`"""
        return f"Ang gastos ay {sentence.dollars} dolyar."

    def _who(self, sentence: Who, word: Word) -> str:
        """`Sino ang nagbenta ng mais sa Kisumu?`"""
        event = sentence.event
        done = self._with_marked_object(word(event.verb)[1], event, word)
        return f"Sino ang {done} sa {word(event.place)[0]}?"

    def _when(self, sentence: When, word: Word) -> str:
        """`Kailan ibinenta ng magsasaka ang mais sa Kisumu?`"""
        return f"Kailan {self._clause(sentence.event, word)} sa {word(sentence.event.place)[0]}?"

    def _phrase(self, sentence: Phrase, word: Word) -> str:
        """`Pagbebenta ng mais sa Kisumu`"""
        event = sentence.event
        done = self._with_marked_object(word(event.verb)[2], event, word)
        return f"{capitalised(done)} sa {word(event.place)[0]}"
