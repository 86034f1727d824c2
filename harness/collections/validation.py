"""Whether a test collection can be scored: found out before anything runs, in one pass over the documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from harness.collections.base import ORIGINAL, Document, DocumentSet, TestCollection
from harness.collections.document_summary import SAMPLE, DocumentSummary, summarise, writable
from harness.errors import CollectionError

__all__ = ["CollectionReport", "DocumentSummary", "Problem", "Severity", "report", "summarise", "validate"]

FEW = 0.01
"""Share of documents without text below which they are a warning: large real collections have some."""


class Severity(StrEnum):
    """An error keeps a collection from being scored; a warning is shown beside its results."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a collection; the message has counts and a sample of the ids."""

    severity: Severity
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class CollectionReport:
    """What was found out about a collection.

    Attributes:
        collection: its id.
        documents: summary of the documents.
        n_queries: queries of the original variant.
        n_judged_queries: those of them that have judgements: the queries scores are taken over.
        n_qrels: judgements.
        n_relevant: judgements with a grade above 0.
        variants: names of the query variants.
        problems: errors first.
    """

    collection: str
    documents: DocumentSummary
    n_queries: int
    n_judged_queries: int
    n_qrels: int
    n_relevant: int
    variants: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the collection from being scored."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """The problems to show beside results."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.WARNING)

    def raise_for_errors(self) -> None:
        """Do nothing when the collection can be scored.

        Raises:
            CollectionError: naming every error.
        """
        if self.errors:
            lines = "".join(f"\n  - {problem.message}" for problem in self.errors)
            raise CollectionError(
                f"collection {self.collection} cannot be scored:{lines}", hint="mend or leave out the collection"
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CollectionReport:
        """The report that `to_dict` came from."""
        problems = tuple(Problem(Severity(p["severity"]), p["code"], p["message"]) for p in values["problems"])
        documents = DocumentSummary.from_dict(values["documents"])
        rest = {"documents": documents, "problems": problems, "variants": tuple(values["variants"])}
        return cls(**{**values, **rest})


def report(
    collection: TestCollection, summary: DocumentSummary | None = None, *, look_up_judged: bool = True
) -> CollectionReport:
    """Everything that can be known about a collection before a system runs over it.

    Args:
        collection: the collection.
        summary: what `summarise` said of its documents, when that is known already.
        look_up_judged: whether to look for judged documents that the collection does not hold. Together with the
            summary this takes one pass; with a summary at hand, a pass that ends when all of them were seen.
    """
    unseen = {d for judged in collection.qrels.values() for d in judged} if look_up_judged else set()
    n_judged = len(unseen)
    if summary is None:
        watched = replace(collection.documents, stream=lambda: _watched(collection.documents.stream, unseen))
        summary = summarise(watched)
    elif unseen:
        _exhaust(unseen, collection.documents)
    problems = [
        *_language_problems(collection),
        *_document_problems(summary),
        *_query_problems(collection),
        *_qrels_problems(collection),
        *_found(Severity.WARNING, "unknown-documents", f"of {n_judged} judged documents are not there", unseen),
    ]
    queries = collection.queries[ORIGINAL].queries if ORIGINAL in collection.queries else ()
    grades = [grade for judged in collection.qrels.values() for grade in judged.values()]
    return CollectionReport(
        collection=collection.id,
        documents=summary,
        n_queries=len(queries),
        n_judged_queries=sum(bool(collection.qrels.get(query.id)) for query in queries),
        n_qrels=len(grades),
        n_relevant=sum(grade > 0 for grade in grades),
        variants=tuple(collection.queries),
        problems=tuple(sorted(problems, key=lambda problem: problem.severity is Severity.WARNING)),
    )


def validate(collection: TestCollection, summary: DocumentSummary | None = None) -> list[Problem]:
    """The problems of a collection, errors first; see `report`."""
    return list(report(collection, summary).problems)


def _watched(stream: Callable[[], Iterator[Document]], unseen: set[str]) -> Iterator[Document]:
    for document in stream():
        unseen.discard(document.id)
        yield document


def _exhaust(unseen: set[str], documents: DocumentSet) -> None:
    for document in documents.stream():
        unseen.discard(document.id)
        if not unseen:
            return


def _found(severity: Severity, code: str, what: str, ids: Iterable[str], count: int | None = None) -> list[Problem]:
    """A problem when there are such ids: their number, what they are, and a sample."""
    ids = list(ids)
    if not ids:
        return []
    sample = ", ".join(repr(value) for value in sorted(ids)[:SAMPLE])
    return [Problem(severity, code, f"{count or len(ids)} {what}, e.g. {sample}")]


def _language_problems(collection: TestCollection) -> list[Problem]:
    """Document set and original queries must be in the pair's languages."""
    stated = [("documents", collection.documents.language, collection.pair.document)]
    if ORIGINAL in collection.queries:
        stated.append(("original queries", collection.queries[ORIGINAL].language, collection.pair.query))
    return [
        Problem(Severity.ERROR, "language", f"the {what} are in '{found}', but the pair is {collection.pair}")
        for what, found, expected in stated
        if found != expected
    ]


def _document_problems(summary: DocumentSummary) -> list[Problem]:
    if summary.count == 0:
        return [Problem(Severity.ERROR, "no-documents", "there are no documents")]
    severity = Severity.WARNING if summary.empty < FEW * summary.count else Severity.ERROR
    return [
        *_found(
            Severity.ERROR,
            "duplicate-documents",
            "document ids occur more than once",
            summary.duplicate_ids,
            summary.duplicates,
        ),
        *_found(
            Severity.ERROR,
            "document-ids",
            "document ids are empty or hold white space, which a TREC run cannot carry",
            summary.unwritable_ids,
            summary.unwritable,
        ),
        *_found(
            severity,
            "empty-documents",
            f"of {summary.count} documents have neither title nor text",
            summary.empty_ids,
            summary.empty,
        ),
        *_left_out(summary),
    ]


def _left_out(summary: DocumentSummary) -> list[Problem]:
    """Which elements or fields of the documents are not read, with their share of all characters."""
    total = summary.characters + sum(summary.left_out.values())
    if not summary.left_out:
        return []
    shares = ", ".join(f"{name} {count / total:.2%}" for name, count in list(summary.left_out.items())[:8])
    more = f" and {len(summary.left_out) - 8} more" if len(summary.left_out) > 8 else ""
    whole = sum(summary.left_out.values()) / total
    message = f"{whole:.2%} of the documents' characters are not read: {shares}{more}"
    return [Problem(Severity.WARNING, "left-out", message)]


def _query_problems(collection: TestCollection) -> list[Problem]:
    originals = collection.queries[ORIGINAL].queries if ORIGINAL in collection.queries else ()
    if not originals:
        return [Problem(Severity.ERROR, "no-queries", "there are no queries")]
    judged = {query.id for query in originals if collection.qrels.get(query.id)}
    problems = []
    for name, variant in collection.queries.items():
        severity = Severity.ERROR if name == ORIGINAL else Severity.WARNING
        counts = Counter(query.id for query in variant.queries)
        repeated = [query for query, count in counts.items() if count > 1]
        empty = [query.id for query in variant.queries if not query.text.strip()]
        unwritable = [query for query in counts if not writable(query)]
        problems += [
            *_found(Severity.ERROR, "duplicate-queries", f"query ids occur more than once in '{name}'", repeated),
            *_found(severity, "empty-queries", f"queries of '{name}' have no text", empty),
            *_found(
                Severity.ERROR,
                "query-ids",
                f"query ids of '{name}' are empty or hold white space, which a TREC run cannot carry",
                unwritable,
            ),
            *_found(severity, "incomplete-variant", f"judged queries are not in '{name}'", judged - counts.keys()),
        ]
    return problems


def _qrels_problems(collection: TestCollection) -> list[Problem]:
    qrels = {query: judged for query, judged in collection.qrels.items() if judged}
    if not qrels:
        return [Problem(Severity.ERROR, "no-judgements", "there are no judgements (empty qrels)")]
    originals = collection.queries[ORIGINAL].queries if ORIGINAL in collection.queries else ()
    queries = {query.id for query in originals}
    if queries and not queries & qrels.keys():
        return [Problem(Severity.ERROR, "no-judged-queries", f"none of {len(queries)} queries has judgements")]
    fruitless = [query for query, judged in qrels.items() if not any(grade > 0 for grade in judged.values())]
    if len(fruitless) == len(qrels):
        return [Problem(Severity.ERROR, "no-relevant", "no judgement has a grade above 0")]
    return [
        *_found(Severity.ERROR, "unknown-queries", "judged queries are not there", qrels.keys() - queries),
        *_found(Severity.WARNING, "unjudged-queries", "queries have no judgements", queries - qrels.keys()),
        *_found(Severity.WARNING, "no-relevant-queries", "queries have no relevant document", fruitless),
    ]
