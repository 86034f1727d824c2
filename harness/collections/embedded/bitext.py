"""Synthetic pairs from the same lexicon and grammars, for systems that train. No test topic is in them.

Sentence pairs teach translation. English queries, each with a passage that answers it, teach relevance.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

from clir_harness.harness.collections.embedded.documents import passage
from clir_harness.harness.collections.embedded.draw import Draw
from clir_harness.harness.collections.embedded.frames import (
    Account,
    Cause,
    Cost,
    Event,
    Phrase,
    Report,
    Sentence,
    When,
    Who,
)
from clir_harness.harness.collections.embedded.grammar import grammar
from clir_harness.harness.collections.embedded.topics import FORMS
from clir_harness.harness.collections.embedded.world import Pair as EventPair
from clir_harness.harness.collections.embedded.world import World, world
from clir_harness.harness.errors import UsageError

_ORDER, _SENTENCE, _PASSAGE = 6, 7, 16


def bitext(language: str, pairs: int, seed: int = 0) -> Iterator[tuple[str, str]]:
    """Synthetic sentences in a language, each with its English translation.

    All pairs of verb and object outside the test pool take turns, so that a few thousand pairs cover every word.

    Args:
        language: tag of one of the seven languages.
        pairs: number of pairs to generate.
        seed: 0 or more.

    Returns:
        An iterator over (sentence, English translation).

    Raises:
        UnknownNameError: the collection does not have the language.
        UsageError: the language is English, which is the other side, or a number is negative.

    >>> sentence, english = next(bitext("sw", 1))
    """
    grammar(language)
    if language == "en" or pairs < 0 or seed < 0:
        raise UsageError(
            f"no bitext of {pairs} pairs of '{language}' and English with seed {seed}",
            hint="name one of the other seven languages, and numbers from 0",
        )
    return _bitext(language, pairs, seed)


def _bitext(language: str, pairs: int, seed: int) -> Iterator[tuple[str, str]]:
    for sentence, draw in _sentences(pairs, seed):
        yield (
            grammar(language).render(sentence, draw.words(language)),
            grammar("en").render(sentence, draw.words("en")),
        )


def query_passages(pairs: int, seed: int = 0) -> Iterator[tuple[str, str]]:
    """Synthetic English queries, each with a passage about the event it asks for and about other events.

    Args:
        pairs: number of pairs to generate.
        seed: 0 or more.

    Yields:
        (query, passage).

    >>> query, passage = next(query_passages(1))
    """
    here, render = world(), grammar("en").render
    allowed = _allowed(here, seed)
    for number in range(pairs):
        draw = Draw(seed, _PASSAGE, number)
        event = here.event(draw, allowed[number % len(allowed)])
        asked = draw.pick(FORMS)(event._replace(quality=None, time=None))
        yield render(asked, draw.words("en")), passage(draw, here, event)


def bitext_frames(pairs: int, seed: int = 0) -> Iterator[Sentence]:
    """What the sentence pairs say, the same in all languages.

    Args:
        pairs: number of pairs to generate.
        seed: 0 or more.

    Returns:
        An iterator over sentence frames.
    """
    return (sentence for sentence, _ in _sentences(pairs, seed))


def write_bitext(path: Path, language: str, pairs: int, seed: int = 0) -> None:
    """Write gzipped UTF-8 lines `sentence TAB English TAB id`, or, for English, `query TAB passage TAB id`.

    The same input gives the same bytes.

    Args:
        path: the file to write.
        language: tag of one of the seven languages, or `en`.
        pairs: number of pairs to generate.
        seed: 0 or more.

    Raises:
        UnknownNameError, UsageError: as for `bitext`.
    """
    rows = query_passages(pairs, seed) if language == "en" else bitext(language, pairs, seed)
    with path.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as file:
        for number, (sentence, english) in enumerate(rows):
            file.write(f"{sentence}\t{english}\tsynthetic-{language}-{seed}-{number:08}\n".encode())


def _sentences(pairs: int, seed: int) -> Iterator[tuple[Sentence, Draw]]:
    here = world()
    allowed = _allowed(here, seed)
    for number in range(pairs):
        draw = Draw(seed, _SENTENCE, number)
        event = here.event(draw, allowed[number % len(allowed)])
        yield _sentence(draw, here, event), draw


def _allowed(here: World, seed: int) -> list[EventPair]:
    """Pairs of verb and object outside the test pool, in a random order."""
    return Draw(seed, _ORDER, 0).shuffled(here.pairs["background"] + here.pairs["train"])


def _sentence(draw: Draw, here: World, event: Event) -> Sentence:
    """One sentence about the event in three of four cases a statement, else a query; now and then a side remark."""
    kind = draw.below(20)
    if kind < 9:
        return Report(event)
    if kind < 13:
        return Account(here.person(draw), event, draw.pick(here.sites))
    if kind < 15:
        return Phrase(event)
    if kind < 17:
        return Who(event)
    if kind < 18:
        return When(event)
    return Cause(draw.pick(here.causes)) if kind < 19 else Cost(50 * (1 + draw.below(199)))
