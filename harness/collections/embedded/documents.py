"""English documents: each a pure function of the parameters and its number, so that any amount streams.

Topics take turns at blocks of documents (fully relevant, partly relevant, misleading); all others are background.
A fixed permutation scatters the blocks over the collection, and its inverse yields the judgements at once.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass

from clir_harness.harness.collections.base import Document
from clir_harness.harness.collections.embedded.draw import Draw
from clir_harness.harness.collections.embedded.frames import Account, Cause, Cost, Event, Phrase, Report, Sentence, When
from clir_harness.harness.collections.embedded.grammar import Word, grammar
from clir_harness.harness.collections.embedded.topics import Topic, make_topics, purpose
from clir_harness.harness.collections.embedded.world import Split, World, world

_BLOCKS, _DOCUMENT = 4, 5
_ENGLISH = grammar("en")
_TOPIC_SHARE = 0.8
_BLOCK_SIZES = (8, 16)
"""Fewest and most documents made for one topic."""

_LAPSE = 0.4
"""How often a document's author says a thing with another word than the one he keeps to."""

_MENTIONS = 0.7
"""Share of documents with a second sentence on what they are about; of those with a cost; of those with a cause."""

_TELLING_TITLES = 0.6
"""Share of titles that say what the document is about; the others are vague."""


def documents_per_topic(size: int, topics: int) -> int:
    """Number of documents per topic; 0 when the collection is too small for the number of topics.

    Args:
        size: number of documents of the collection.
        topics: number of topics.

    Returns:
        The number.

    >>> documents_per_topic(600, 60), documents_per_topic(10**6, 60), documents_per_topic(200, 60)
    (8, 16, 0)
    """
    fewest, most = _BLOCK_SIZES
    room = int(size * _TOPIC_SHARE) // topics
    return 0 if room < fewest else min(room, most)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a document is about, before it is worded.

    Attributes:
        main: the event it is about.
        sentences: all it says, the main event first.
        topic: id of the topic it was made for, if any.
        grade: relevance to that topic: 2 its verb, object and place; 1 its verb and object elsewhere; 0 misleading.
    """

    main: Event
    sentences: tuple[Sentence, ...]
    topic: str | None = None
    grade: int = 0


@dataclass(frozen=True, slots=True)
class Generator:
    """The documents of one collection, and their judgements.

    Attributes:
        size: number of documents.
        seed: from 0.
        split: whose topics the documents are made for.
        topics: number of topics.
    """

    size: int
    seed: int
    split: Split
    topics: int

    def __iter__(self) -> Iterator[Document]:
        return map(self.document, range(self.size))

    def document(self, number: int) -> Document:
        """The document at a position of the stream."""
        draw = Draw(self.seed, purpose(_DOCUMENT, self.split), number)
        plan = self._plan(draw, number)
        word = draw.habitual_words("en", _LAPSE)
        render = _ENGLISH.render
        text = " ".join([render(sentence, word) for sentence in plan.sentences])
        return Document(self.document_id(number), text, _title(draw, plan.main, word))

    def plan(self, number: int) -> Plan:
        """What the document at a position is about."""
        return self._plan(Draw(self.seed, purpose(_DOCUMENT, self.split), number), number)

    def document_id(self, number: int) -> str:
        """Id of the document at a position; tells nothing of its content."""
        return f"d{number:07}"

    def qrels(self) -> dict[str, dict[str, int]]:
        """Judgements of every document that was made for a topic; no other document is relevant to one."""
        layout = _layout(self)
        inverse = pow(layout.factor, -1, self.size)
        qrels: dict[str, dict[str, int]] = {}
        for index, (topic, grades) in enumerate(zip(layout.topics, layout.grades, strict=True)):
            first = index * layout.per_topic - layout.shift
            numbers = [inverse * (first + turn) % self.size for turn in range(layout.per_topic)]
            judged = sorted(zip(numbers, grades, strict=True))
            qrels[topic.id] = {self.document_id(number): grade for number, grade in judged}
        return qrels

    def _plan(self, draw: Draw, number: int) -> Plan:
        here, layout = world(), _layout(self)
        index, turn = divmod((layout.factor * number + layout.shift) % self.size, layout.per_topic)
        if index >= self.topics:
            main = here.background_event(draw)
            return Plan(main, _sentences(draw, here, main))
        topic, grades = layout.topics[index], layout.grades[index]
        if grades[turn]:
            main = _relevant(draw, here, topic, grades[turn])
        else:
            main = _misleading(draw, here, topic, turn - grades.index(0))
        return Plan(main, _sentences(draw, here, main), topic.id, grades[turn])


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """Where the documents of each topic are: `factor * number + shift` (mod size) is a permutation that puts the
    documents of the first topic first, in the order of its grades, then those of the second, the background last.
    """

    topics: tuple[Topic, ...]
    grades: tuple[tuple[int, ...], ...]
    per_topic: int
    factor: int
    shift: int


@functools.lru_cache(maxsize=8)
def _layout(generator: Generator) -> _Layout:
    per_topic = documents_per_topic(generator.size, generator.topics)
    factor = int(generator.size * 0.6180339887) | 1
    while math.gcd(factor, generator.size) != 1:
        factor += 2
    grades = []
    for index in range(generator.topics):
        draw = Draw(generator.seed, purpose(_BLOCKS, generator.split), index)
        full = per_topic // 4 + draw.below(per_topic // 4 + 1)
        part = per_topic // 8 + draw.below(per_topic // 8 + 1)
        grades.append((2,) * full + (1,) * part + (0,) * (per_topic - full - part))
    return _Layout(
        topics=make_topics(generator.seed, generator.split, generator.topics),
        grades=tuple(grades),
        per_topic=per_topic,
        factor=factor,
        shift=generator.seed * 7919 + 13,
    )


def _relevant(draw: Draw, here: World, topic: Topic, grade: int) -> Event:
    """The topic's event by somebody, or by its agent where the topic names him; elsewhere for grade 1."""
    asked = topic.event
    place = asked.place
    if grade == 1:
        place = draw.pick([other for other in here.lexicon.places if other.kind != asked.place.kind])
    agent = asked.agent if isinstance(topic.query, When) and grade == 2 else None
    return here.event(draw, (asked.verb, asked.object), place, agent)


def _misleading(draw: Draw, here: World, topic: Topic, turn: int) -> Event:
    """An event that looks like the topic's and is another: a homograph, another object, or another verb."""
    asked = topic.event
    if turn % 3 == 0 and topic.rival is not None:
        pair = (asked.verb, topic.rival)
    elif turn % 3 < 2:
        pair = draw.pick(here.by_verb[asked.verb.id])
    else:
        pair = draw.pick(here.by_object[asked.object.id])
    return here.event(draw, pair, asked.place, asked.agent if asked.agent in here.agents[pair[0].id] else None)


def _sentences(draw: Draw, here: World, main: Event) -> tuple[Sentence, ...]:
    """From 3 to 7 sentences: the main event, what else there is to say of it, and events beside it."""
    told: list[Sentence] = [Report(main)]
    if draw.chance(_MENTIONS):
        told.append(Account(here.person(draw), main, draw.pick(here.sites)))
    if draw.chance(_MENTIONS):
        told.append(Cost(50 * (1 + draw.below(199))))
    if draw.chance(_MENTIONS):
        told.append(Cause(draw.pick(here.causes)))
    for _ in range(max(3 - len(told), draw.below(4))):
        beside = here.background_event(draw)
        if draw.chance(0.5):
            told.append(Report(beside))
        else:
            told.append(Account(here.person(draw), beside, draw.pick(here.sites)))
    return tuple(told)


def passage(draw: Draw, here: World, main: Event) -> str:
    """The text of a document about an event, in one author's words.

    Args:
        draw: source of random choices.
        here: the world of possible events.
        main: the event.

    Returns:
        English sentences.
    """
    word = draw.habitual_words("en", _LAPSE)
    return " ".join([_ENGLISH.render(sentence, word) for sentence in _sentences(draw, here, main)])


def _title(draw: Draw, main: Event, word: Word) -> str:
    """A headline: what it is about, or where from."""
    if draw.chance(_TELLING_TITLES):
        return _ENGLISH.render(Phrase(main), word)
    return f"News from {word(main.place)[0]}"
