"""Somali: subject with the focus marker `ayaa`, object, verb; nouns with the definite article."""

from __future__ import annotations

from typing import ClassVar

from clir_harness.harness.collections.embedded.frames import Account, Cause, Cost, Event, Phrase, Report, When, Who
from clir_harness.harness.collections.embedded.grammar.base import Grammar, Word, capitalised
from clir_harness.harness.collections.embedded.lexicon import Concept, Forms


class Somali(Grammar):
    """Grammar of Somali: reduced agreement under subject focus, so that the verb shows gender only."""

    language: ClassVar[str] = "so"

    def _agent(self, agent: Concept, word: Word) -> Forms:
        return (f"shirkadda {word(agent)[0]}", "f") if agent.kind == "firm" else word(agent)

    def _object(self, event: Event, word: Word) -> str:
        noun = word(event.object)[0]
        if not event.quality:
            return noun
        return f"{noun} {'ee ' if ' ' in noun else ''}{word(event.quality)[0]}"

    def _clause(self, event: Event, word: Word) -> str:
        agent, gender = self._agent(event.agent, word)
        verb = word(event.verb)[0 if gender == "m" else 1]
        return f"{agent} ayaa {self._object(event, word)} ku {verb}"

    def _report(self, sentence: Report, word: Word) -> str:
        """`Beeraleyga ayaa galleyda ku iibiyay Kisumu bishii Maarso 2015.`"""
        event = sentence.event
        when = f" bishii {word(event.time.month)[0]} {event.time.year}" if event.time else ""
        return f"{capitalised(self._clause(event, word))} {word(event.place)[0]}{when}."

    def _account(self, sentence: Account, word: Word) -> str:
        """`Sida ay sheegtay Amina Hassan, beeraleyga ayaa galleyda ku iibiyay meel u dhow suuqa.`"""
        said = "ay sheegtay" if sentence.person.given.kind == "given-f" else "uu sheegay"
        clause, site = self._clause(sentence.event, word), word(sentence.site)[0]
        return f"Sida {said} {self._name(sentence.person, word)}, {clause} meel u dhow {site}."

    def _cause(self, sentence: Cause, word: Word) -> str:
        """`Tani waxay u dhacday abaarta awgeed.`"""
        noun, gender = word(sentence.noun)
        return f"Tani waxay u dhacday {noun} {'awgiis' if gender == 'm' else 'awgeed'}."

    def _cost(self, sentence: Cost) -> str:
        """`Kharashku wuxuu ahaa 300 oo doolar.`"""
        return f"Kharashku wuxuu ahaa {sentence.dollars} oo doolar."

    def _who(self, sentence: Who, word: Word) -> str:
        """`Yaa galleyda ku iibiyay Kisumu?`"""
        event = sentence.event
        return f"Yaa {self._object(event, word)} ku {word(event.verb)[0]} {word(event.place)[0]}?"

    def _when(self, sentence: When, word: Word) -> str:
        """`Goorma ayuu beeraleygu galleyda ku iibiyay Kisumu?`"""
        event = sentence.event
        agent, gender = self._agent(event.agent, word)
        if event.agent.kind != "firm" and agent.endswith("a"):  # the article in -a is nominative in -u
            agent = f"{agent[:-1]}u"
        pronoun, verb = ("ayuu", word(event.verb)[0]) if gender == "m" else ("ayay", word(event.verb)[1])
        return f"Goorma {pronoun} {agent} {self._object(event, word)} ku {verb} {word(event.place)[0]}?"

    def _phrase(self, sentence: Phrase, word: Word) -> str:
        """`Iibinta galleyda ee Kisumu`"""
        event = sentence.event
        return capitalised(f"{word(event.verb)[2]} {self._object(event, word)} ee {word(event.place)[0]}")
