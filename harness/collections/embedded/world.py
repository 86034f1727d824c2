"""What can happen: who may do what to what, and which of it is kept for topics.

Relevance goes by the pair of verb and object. Every possible pair belongs to one of three pools, by a hash of its
ids: those for test topics, those for train topics, and the background. Nothing but the documents about a topic
takes a pair from the first two pools, so that judgements are complete by construction, the splits share no topic
whatever their seeds, and bitext that leaves out the test pool leaves out every test topic.
"""

from __future__ import annotations

import functools
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from clir_harness.harness.collections.embedded.draw import Draw
from clir_harness.harness.collections.embedded.frames import Event, Person, Time
from clir_harness.harness.collections.embedded.lexicon import Concept, Lexicon, Verb, lexicon

Split = Literal["train", "test"]
Pool = Literal["train", "test", "background"]
Pair = tuple[Verb, Concept]

_QUALIFIED_KINDS = frozenset({"goods", "vehicle", "structure", "device", "animal", "text", "land", "crop"})
_QUALITY = 0.3
"""Share of objects with an adjective, of those that take one."""

YEARS = range(1985, 2025)
POOLS: tuple[Pool, ...] = ("test",) * 3 + ("train",) * 3 + ("background",) * 14


def pool_of(verb_id: str, object_id: str) -> Pool:
    """The pool that a pair of verb and object belongs to, independent of the seed.

    Args:
        verb_id: id of the verb.
        object_id: id of the object.

    Returns:
        The pool.

    >>> pool_of("sell", "maize")
    'background'
    """
    return POOLS[zlib.crc32(f"{verb_id} {object_id}".encode()) % len(POOLS)]


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """The possible events, derived from the lexicon.

    Attributes:
        pairs: by pool, the possible pairs of verb and object.
        by_verb: background pairs by verb id.
        by_object: background pairs by object id.
        agents: by verb id, who may do it.
        rivals: by noun id, the nouns of another meaning that share an English word with it.
        sites: nouns that things happen near to.
        causes: nouns that make things happen.
    """

    lexicon: Lexicon
    pairs: Mapping[Pool, tuple[Pair, ...]]
    by_verb: Mapping[str, tuple[Pair, ...]]
    by_object: Mapping[str, tuple[Pair, ...]]
    agents: Mapping[str, tuple[Concept, ...]]
    rivals: Mapping[str, tuple[Concept, ...]]
    sites: tuple[Concept, ...]
    causes: tuple[Concept, ...]

    def event(self, draw: Draw, pair: Pair, place: Concept | None = None, agent: Concept | None = None) -> Event:
        """An event with a given verb and object; everything not given is drawn.

        Args:
            draw: source of random choices.
            pair: verb and object.
            place: where it happens.
            agent: who does it.

        Returns:
            The event.
        """
        verb, noun = pair
        if agent is None:
            agent = draw.pick(self.agents[verb.id])
        if agent is noun:  # nobody arrests himself
            others = self.agents[verb.id]
            agent = others[(others.index(agent) + 1) % len(others)]
        qualified = noun.kind in _QUALIFIED_KINDS and draw.chance(_QUALITY)
        return Event(
            agent=agent,
            verb=verb,
            object=noun,
            place=draw.pick(self.lexicon.places) if place is None else place,
            quality=draw.pick(self.lexicon.adjectives) if qualified else None,
            time=Time(draw.pick(self.lexicon.months), draw.pick(YEARS)),
        )

    def background_event(self, draw: Draw, place: Concept | None = None) -> Event:
        """An event that no topic is about.

        Args:
            draw: source of random choices.
            place: where it happens; drawn if not given.

        Returns:
            The event.
        """
        return self.event(draw, draw.pick(self.pairs["background"]), place)

    def person(self, draw: Draw) -> Person:
        """A person's name."""
        return Person(draw.pick(self.lexicon.given), draw.pick(self.lexicon.family))


@functools.cache
def world() -> World:
    """The world of the shipped lexicon."""
    words = lexicon()
    agents = {
        verb.id: tuple(
            noun
            for noun in words.nouns
            if noun.kind in ("person", "org") and noun.domain in (verb.agents or {noun.domain})
        )
        + (words.firms if not verb.agents or verb.agents & {"trade", "technology"} else ())
        for verb in words.verbs
    }
    pairs = [(verb, noun) for verb in words.verbs for noun in words.nouns if noun.kind in verb.objects]
    pools: dict[Pool, tuple[Pair, ...]] = {
        pool: tuple(pair for pair in pairs if pool_of(pair[0].id, pair[1].id) == pool) for pool in set(POOLS)
    }
    background = pools["background"]
    return World(
        lexicon=words,
        pairs=pools,
        by_verb=_grouped((verb.id, (verb, noun)) for verb, noun in background),
        by_object=_grouped((noun.id, (verb, noun)) for verb, noun in background),
        agents=agents,
        rivals=_rivals(words.nouns),
        sites=tuple(noun for noun in words.nouns if noun.kind in ("structure", "land")),
        causes=tuple(noun for noun in words.nouns if noun.kind == "force"),
    )


def _grouped(rows: Iterable[tuple[str, Pair]]) -> dict[str, tuple[Pair, ...]]:
    groups: dict[str, list[Pair]] = defaultdict(list)
    for key, pair in rows:
        groups[key].append(pair)
    return {key: tuple(group) for key, group in groups.items()}


def _rivals(nouns: Iterable[Concept]) -> dict[str, tuple[Concept, ...]]:
    by_word: dict[str, list[Concept]] = defaultdict(list)
    for noun in nouns:
        for (word,) in noun.words["en"]:
            by_word[word].append(noun)
    rivals: dict[str, list[Concept]] = defaultdict(list)
    for group in by_word.values():
        for noun in group:
            rivals[noun.id] += [other for other in group if other is not noun and other not in rivals[noun.id]]
    return {noun: tuple(others) for noun, others in rivals.items() if others}
