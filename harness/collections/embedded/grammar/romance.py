"""French and Spanish: subject, verb, object; articles that agree, contract and elide."""

from __future__ import annotations

from typing import ClassVar

from clir_harness.harness.collections.embedded.frames import Account, Cause, Cost, Event, Phrase, Report, When, Who
from clir_harness.harness.collections.embedded.grammar.base import Grammar, Word, capitalised
from clir_harness.harness.collections.embedded.lexicon import Concept, Forms

_ELIDING = tuple("aeiouhâàéèêëîïôöûùœ")
"""First letters before which French articles elide; the lexicon holds no word with an aspirate h."""


class French(Grammar):
    """Grammar of French: passé composé with `avoir`."""

    language: ClassVar[str] = "fr"

    def _with_article(self, noun: Forms) -> str:
        text, gender = noun
        if text.startswith(_ELIDING):
            return f"l'{text}"
        return f"{'le' if gender == 'm' else 'la'} {text}"

    def _of(self, noun: Forms) -> str:
        definite = self._with_article(noun)
        return f"du {definite[3:]}" if definite.startswith("le ") else f"de {definite}"

    def _agent(self, agent: Concept, word: Word) -> str:
        return f"la société {word(agent)[0]}" if agent.kind == "firm" else self._with_article(word(agent))

    def _object(self, event: Event, word: Word) -> str:
        noun = word(event.object)
        return self._with_article(self._qualified(noun, word(event.quality)) if event.quality else noun)

    def _qualified(self, noun: Forms, quality: Forms) -> Forms:
        text, gender = noun
        masculine, feminine, *before_vowel = quality
        form = feminine if gender == "f" else masculine.lstrip("<")
        if not masculine.startswith("<"):
            return f"{text} {form}", gender
        if before_vowel and gender == "m" and text.startswith(_ELIDING):
            form = before_vowel[0]
        return f"{form} {text}", gender

    def _clause(self, event: Event, word: Word) -> str:
        return f"{self._agent(event.agent, word)} a {word(event.verb)[1]} {self._object(event, word)}"

    def _report(self, sentence: Report, word: Word) -> str:
        """`L'agriculteur a vendu le maïs à Kisumu en mars 2015.`"""
        event = sentence.event
        when = f" en {word(event.time.month)[0]} {event.time.year}" if event.time else ""
        return f"{capitalised(self._clause(event, word))} {word(event.place)[0]}{when}."

    def _account(self, sentence: Account, word: Word) -> str:
        """`Selon Amina Hassan, l'agriculteur a vendu le maïs près du marché.`"""
        clause = self._clause(sentence.event, word)
        return f"Selon {self._name(sentence.person, word)}, {clause} près {self._of(word(sentence.site))}."

    def _cause(self, sentence: Cause, word: Word) -> str:
        """`Cela s'est produit à cause de la sécheresse.`"""
        return f"Cela s'est produit à cause {self._of(word(sentence.noun))}."

    def _cost(self, sentence: Cost) -> str:
        """`Le coût était de 300 dollars.`"""
        return f"Le coût était de {sentence.dollars} dollars."

    def _who(self, sentence: Who, word: Word) -> str:
        """`Qui a vendu le maïs à Kisumu ?`"""
        event = sentence.event
        return f"Qui a {word(event.verb)[1]} {self._object(event, word)} {word(event.place)[0]} ?"

    def _when(self, sentence: When, word: Word) -> str:
        """`Quand est-ce que l'agriculteur a vendu le maïs à Kisumu ?`"""
        return f"Quand est-ce que {self._clause(sentence.event, word)} {word(sentence.event.place)[0]} ?"

    def _phrase(self, sentence: Phrase, word: Word) -> str:
        """`Vendre le maïs à Kisumu`"""
        event = sentence.event
        return capitalised(f"{word(event.verb)[0]} {self._object(event, word)} {word(event.place)[0]}")


class Spanish(Grammar):
    """Grammar of Spanish: preterite; personal `a` before people and organisations."""

    language: ClassVar[str] = "es"

    def _with_article(self, noun: Forms) -> str:
        text, gender = noun
        return f"{'la' if gender == 'f' else 'el'} {text}"

    def _contracted(self, preposition: str, definite: str) -> str:
        """`de el` becomes `del`, `a el` becomes `al`."""
        return f"{preposition}l {definite[3:]}" if definite.startswith("el ") else f"{preposition} {definite}"

    def _agent(self, agent: Concept, word: Word) -> str:
        return f"la empresa {word(agent)[0]}" if agent.kind == "firm" else self._with_article(word(agent))

    def _object(self, event: Event, word: Word) -> str:
        noun = word(event.object)
        text = self._with_article(noun)
        if event.quality:
            text += f" {word(event.quality)[0 if noun[1] == 'm' else 1]}"
        return self._contracted("a", text) if event.object.kind in ("person", "org") else text

    def _report(self, sentence: Report, word: Word) -> str:
        """`El médico trató al paciente en Nairobi en marzo de 2015.`"""
        event = sentence.event
        when = f" en {word(event.time.month)[0]} de {event.time.year}" if event.time else ""
        return f"{capitalised(self._clause(event, word))} en {word(event.place)[0]}{when}."

    def _clause(self, event: Event, word: Word) -> str:
        return f"{self._agent(event.agent, word)} {word(event.verb)[1]} {self._object(event, word)}"

    def _account(self, sentence: Account, word: Word) -> str:
        """`Según Amina Hassan, el médico trató al paciente cerca del mercado.`"""
        near = self._contracted("de", self._with_article(word(sentence.site)))
        return f"Según {self._name(sentence.person, word)}, {self._clause(sentence.event, word)} cerca {near}."

    def _cause(self, sentence: Cause, word: Word) -> str:
        """`Esto ocurrió a causa de la sequía.`"""
        return f"Esto ocurrió a causa {self._contracted('de', self._with_article(word(sentence.noun)))}."

    def _cost(self, sentence: Cost) -> str:
        """`El costo fue de 300 dólares.`"""
        return f"El costo fue de {sentence.dollars} dólares."

    def _who(self, sentence: Who, word: Word) -> str:
        """`¿Quién vendió el maíz en Kisumu?`"""
        event = sentence.event
        return f"¿Quién {word(event.verb)[1]} {self._object(event, word)} en {word(event.place)[0]}?"

    def _when(self, sentence: When, word: Word) -> str:
        """`¿Cuándo vendió el agricultor el maíz en Kisumu?`"""
        event = sentence.event
        agent, done = self._agent(event.agent, word), self._object(event, word)
        return f"¿Cuándo {word(event.verb)[1]} {agent} {done} en {word(event.place)[0]}?"

    def _phrase(self, sentence: Phrase, word: Word) -> str:
        """`Vender el maíz en Kisumu`"""
        event = sentence.event
        return capitalised(f"{word(event.verb)[0]} {self._object(event, word)} en {word(event.place)[0]}")
