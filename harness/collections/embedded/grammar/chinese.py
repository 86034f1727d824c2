"""Chinese: subject, time, `在` and place, verb with `了`, object; no spaces."""

from __future__ import annotations

from typing import ClassVar

from clir_harness.harness.collections.embedded.frames import (
    Account,
    Cause,
    Cost,
    Event,
    Person,
    Phrase,
    Report,
    When,
    Who,
)
from clir_harness.harness.collections.embedded.grammar.base import Grammar, Word
from clir_harness.harness.collections.embedded.lexicon import Concept


class Chinese(Grammar):
    """Grammar of Mandarin Chinese in simplified characters."""

    language: ClassVar[str] = "zh"

    def _name(self, person: Person, word: Word) -> str:
        """`阿米娜·哈桑`"""
        return f"{word(person.given)[0]}·{word(person.family)[0]}"

    def _agent(self, agent: Concept, word: Word) -> str:
        return word(agent)[0] + ("公司" if agent.kind == "firm" else "")

    def _object(self, event: Event, word: Word) -> str:
        return (word(event.quality)[0] if event.quality else "") + word(event.object)[0]

    def _done(self, event: Event, word: Word) -> str:
        return f"{word(event.verb)[0]}了{self._object(event, word)}"

    def _report(self, sentence: Report, word: Word) -> str:
        """`农民2015年3月在基苏木出售了玉米。`"""
        event = sentence.event
        when = f"{event.time.year}年{word(event.time.month)[0]}" if event.time else ""
        return f"{self._agent(event.agent, word)}{when}在{word(event.place)[0]}{self._done(event, word)}。"

    def _account(self, sentence: Account, word: Word) -> str:
        """`据阿米娜·哈桑说，农民在市场附近出售了玉米。`"""
        event, site = sentence.event, word(sentence.site)[0]
        agent = self._agent(event.agent, word)
        return f"据{self._name(sentence.person, word)}说，{agent}在{site}附近{self._done(event, word)}。"

    def _cause(self, sentence: Cause, word: Word) -> str:
        """`这是由干旱造成的。`"""
        return f"这是由{word(sentence.noun)[0]}造成的。"

    def _cost(self, sentence: Cost) -> str:
        """`费用是300美元。`"""
        return f"费用是{sentence.dollars}美元。"

    def _who(self, sentence: Who, word: Word) -> str:
        """`谁在基苏木出售了玉米？`"""
        return f"谁在{word(sentence.event.place)[0]}{self._done(sentence.event, word)}？"

    def _when(self, sentence: When, word: Word) -> str:
        """`农民什么时候在基苏木出售了玉米？`"""
        event = sentence.event
        return f"{self._agent(event.agent, word)}什么时候在{word(event.place)[0]}{self._done(event, word)}？"

    def _phrase(self, sentence: Phrase, word: Word) -> str:
        """`在基苏木出售玉米`"""
        event = sentence.event
        return f"在{word(event.place)[0]}{word(event.verb)[0]}{self._object(event, word)}"
