"""Topics: events of a reserved pool, worded in every language."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

from clir_harness.harness.collections.base import Query, QuerySet
from clir_harness.harness.collections.embedded.draw import Draw
from clir_harness.harness.collections.embedded.frames import Event, Phrase, When, Who
from clir_harness.harness.collections.embedded.grammar import grammar
from clir_harness.harness.collections.embedded.lexicon import Concept
from clir_harness.harness.collections.embedded.world import Pair, Split, World, pool_of, world

_ORDER, _FRAME, _WORDING = 1, 2, 3
FORMS: tuple[Callable[[Event], Who | When | Phrase], ...] = (Who, When, Phrase)
_HOMOGRAPHS = 0.4
"""Share of topics about a thing whose English name is also another thing's, as far as there are enough."""

MAX_TOPICS = 200
"""Topics per split at most; the reserved pools hold more pairs than that."""


@dataclass(frozen=True, slots=True, eq=False)
class Topic:
    """One information need.

    Attributes:
        id: the same in all languages.
        query: the event asked for, in the form of the question.
        rival: a thing that shares an English name with the object and may have the same done to it, if any.
    """

    id: str
    query: Who | When | Phrase
    rival: Concept | None

    @property
    def event(self) -> Event:
        """What the topic is about."""
        return self.query.event


@functools.lru_cache(maxsize=8)
def make_topics(seed: int, split: Split, count: int) -> tuple[Topic, ...]:
    """The first topics of a split, in a fixed order; at most `MAX_TOPICS`.

    Args:
        seed: 0 or more.
        split: the split.
        count: number of topics.

    Returns:
        The topics.

    >>> [topic.id for topic in make_topics(0, "test", 2)]
    ['t001', 't002']
    """
    here = world()
    chosen = _choose_pairs(here, seed, split, count)
    return tuple(_topic(here, seed, split, number, pair) for number, pair in enumerate(chosen, start=1))


def purpose(base: int, split: Split) -> int:
    """The purpose of a draw, different for the two splits.

    Args:
        base: purpose for the test split, 0 to 7.
        split: the split.

    Returns:
        The purpose.
    """
    return base + (8 if split == "train" else 0)


def _rival(here: World, pair: Pair) -> Concept | None:
    """A rival of the object for which the verb makes sense and which no topic is about."""
    verb, noun = pair
    for rival in here.rivals.get(noun.id, ()):
        if rival.kind in verb.objects and pool_of(verb.id, rival.id) == "background":
            return rival
    return None


def _choose_pairs(here: World, seed: int, split: Split, count: int) -> list[Pair]:
    """Pairs in a random order, those with a rival first until their share is reached, then mixed."""
    draw = Draw(seed, purpose(_ORDER, split), 0)
    shuffled = draw.shuffled(here.pairs[split])
    rivalled = [pair for pair in shuffled if _rival(here, pair)][: int(count * _HOMOGRAPHS)]
    taken = {(verb.id, noun.id) for verb, noun in rivalled}
    others = [pair for pair in shuffled if (pair[0].id, pair[1].id) not in taken][: count - len(rivalled)]
    return draw.shuffled(rivalled + others)


def _topic(here: World, seed: int, split: Split, number: int, pair: Pair) -> Topic:
    draw = Draw(seed, purpose(_FRAME, split), number)
    event = here.event(draw, pair)._replace(quality=None, time=None)
    form = draw.pick(FORMS)
    return Topic(f"t{number:03}", form(event), _rival(here, pair))


def word_queries(topics: tuple[Topic, ...], language: str, seed: int, split: Split) -> QuerySet:
    """The topics worded in one language; synonyms are chosen independently of those of the documents.

    Args:
        topics: the topics.
        language: tag of one of the eight languages.
        seed: 0 or more.
        split: the split of the topics.

    Returns:
        The queries, in the order of the topics.
    """
    words = grammar(language)
    queries = []
    for number, topic in enumerate(topics):
        word = Draw(seed, purpose(_WORDING, split), number).words(language)
        queries.append(Query(topic.id, words.render(topic.query, word)))
    return QuerySet(language, tuple(queries))
