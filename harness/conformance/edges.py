"""Checks of what real collections occasionally hold: empty and very long texts, a single document, any script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clir_harness.harness.collections.base import Document, Query
from clir_harness.harness.conformance.check import ConformanceError, check
from clir_harness.harness.conformance.collection import (
    EMPTY_TEXTS,
    FOREIGN_TEXTS,
    PROBE_PAIRS,
    documents,
    long_texts,
    queries,
)
from clir_harness.harness.conformance.rankings import require_same, require_well_formed
from clir_harness.harness.conformance.subject import Subject
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.system import Ranking

CLEAR_LEAD = 0.1
"""Lead of the first document over the second, as a share of the range of scores, to count as clearly first."""


@check("answer a query without words with an empty ranking (any documents will do), at its place in the batch")
def queries_without_words_are_answered(subject: Subject) -> None:
    """Empty queries, white space and punctuation do no harm, also not to other queries of the batch."""
    _require_harmless(subject, EMPTY_TEXTS)


@check("cut queries that are too long for the system, and answer what is left")
def endless_queries_are_answered(subject: Subject) -> None:
    """A query of 20,000 words and one of a single endless word do no harm."""
    _require_harmless(subject, long_texts(subject.pair.query))


@check("treat characters that the system does not know as unknown words")
def queries_in_any_script_are_answered(subject: Subject) -> None:
    """Queries in a script that the system may not know do no harm."""
    _require_harmless(subject, FOREIGN_TEXTS)


def _require_harmless(subject: Subject, texts: Sequence[str]) -> None:
    """Ask for odd texts among the kit's queries: all rankings are well-formed, and the others are as ever."""
    odd = [Query(f"odd{number}", text) for number, text in enumerate(texts)]
    asked: list[Query] = []
    for number, query in enumerate(subject.queries):
        asked += [*odd[number : number + 1], query]
    asked += odd[len(subject.queries) :]
    found = subject.answer(subject.index, asked)
    require_well_formed(asked, found, {document.id for document in subject.documents})
    usual = [ranking for query, ranking in zip(asked, found, strict=True) if query not in odd]
    require_same(subject.queries, subject.rankings, usual)


@check("make no assumption on the number of documents: fewer than `depth`, clusters or neighbours is fine")
def one_document_is_a_collection(subject: Subject) -> None:
    """A collection of a single document can be searched."""
    only = subject.documents[3]
    found = subject.answer(subject.build([only]), subject.queries)
    require_well_formed(subject.queries, found, {only.id})


@check("index a document without text as one that matches nothing; keep ids and contents in step")
def documents_without_text_do_no_harm(subject: Subject) -> None:
    """Wherever empty documents are in the stream, the others are found under their own ids."""
    texts = subject.documents[:6]
    empty = [Document("empty", ""), Document("blank", " \n"), Document("title-only", "", title=texts[0].title)]
    first = subject.answer(subject.build([*empty, *texts]), subject.queries)
    last = subject.answer(subject.build([*texts, *empty]), subject.queries)
    require_well_formed(subject.queries, first, {document.id for document in (*texts, *empty)})
    for query, one, other in zip(subject.queries, first, last, strict=True):
        leaders = _leader(one), _leader(other)
        if None not in leaders and leaders[0] != leaders[1]:
            raise ConformanceError(
                f"query '{query.text}': expected the same first document wherever documents without text are in "
                f"the stream, found {leaders[0]} when they come first and {leaders[1]} when they come last"
            )


def _leader(ranking: Ranking) -> str | None:
    """The first document, when it is clearly before the second; indexes may be inexact about the rest."""
    if len(ranking) < 2:
        return ranking[0][0] if ranking else None
    scores = [score for _, score in ranking]
    return ranking[0][0] if scores[0] - scores[1] > CLEAR_LEAD * (scores[0] - scores[-1]) else None


@check("cut documents that are too long for the system, or split them and keep the best part's score")
def endless_documents_are_indexed(subject: Subject) -> None:
    """A document of 20,000 words and one of a single endless word do no harm."""
    words, letters = long_texts(subject.pair.document)
    endless = [Document("words", words), Document("letters", letters)]
    found = subject.answer(subject.build([*subject.documents, *endless]), subject.queries)
    require_well_formed(subject.queries, found, {document.id for document in (*subject.documents, *endless)})


@check("take documents one by one, in one pass, to the end; a second pass over the stream finds nothing")
def documents_are_a_stream(subject: Subject) -> None:
    """A stream that can be passed over once gives the same index as a list."""
    streams: list[_Stream] = []

    def stream(documents: list[Document]) -> _Stream:
        streams.append(_Stream(documents))
        return streams[-1]

    streamed = subject.build(subject.documents, hand_over=stream)
    for taken in (one.taken for one in streams):
        if 0 < taken < len(subject.documents):  # a system with components may need none itself
            raise ConformanceError(f"expected all {len(subject.documents)} documents to be taken, found {taken}")
    listed = subject.build(subject.documents, hand_over=list)
    require_same(subject.queries, subject.answer(listed, subject.queries), subject.answer(streamed, subject.queries))


class _Stream:
    """Documents that can be passed over once; counts those taken."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._waiting = iter(documents)
        self.taken = 0

    def __iter__(self) -> Iterator[Document]:
        return self

    def __next__(self) -> Document:
        document = next(self._waiting)
        self.taken += 1
        return document


@check("let `supports` return None for what the system takes, and a sentence for people otherwise")
def declared_languages_are_honoured(subject: Subject) -> None:
    """Pairs are refused with a reason, always the same one, and those not refused work."""
    indexes = {}
    for pair in [subject.pair, *map(LanguagePair.parse, PROBE_PAIRS)]:
        refusal = subject.fresh().supports(pair)
        if refusal is not None and not (isinstance(refusal, str) and refusal.strip()):
            raise ConformanceError(f"{pair}: expected None or the reason for people, found {refusal!r}")
        if subject.fresh().supports(pair) != refusal:
            raise ConformanceError(f"{pair}: expected the same answer each time, found another one than {refusal!r}")
        if refusal is not None:
            continue
        held = documents(pair.document)[:4]
        if pair.document not in indexes:
            indexes[pair.document] = subject.build(held, language=pair.document)
        asked = queries(pair)[:4]
        try:
            with subject.open(indexes[pair.document], pair=pair) as searcher:
                require_well_formed(asked, subject.ask(searcher, asked), {document.id for document in held})
        except ConformanceError:
            raise
        except Exception as error:
            raise ConformanceError(
                f"{pair}: expected it to work, as `supports` does not refuse it, found {type(error).__name__}: {error}"
            ) from error
