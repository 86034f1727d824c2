"""Validation of test collections before anything runs, in one pass over the documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from clir_harness.harness.characters import ID_RULE, TEXT_RULE, is_id, is_text
from clir_harness.harness.collections.allowances import Allowances
from clir_harness.harness.collections.base import ORIGINAL, TestCollection
from clir_harness.harness.collections.document_summary import DocumentSummary, summarise
from clir_harness.harness.collections.judged_documents import OTHER_FORM, JudgedDocuments, other_normalisation
from clir_harness.harness.collections.problems import Problem, Severity, allowable, found, name_problems
from clir_harness.harness.errors import CollectionError

__all__ = ["CollectionReport", "DocumentSummary", "Problem", "Severity", "report", "summarise", "validate"]

NOTHING = Allowances()

FEW = 0.01
"""Share of documents without text below which they are only a warning: large real collections have some."""


@dataclass(frozen=True, slots=True)
class CollectionReport:
    """Counts and problems of a collection.

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
        """The problems that prevent the collection from being scored."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """The problems to show beside results."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.WARNING)

    def raise_for_errors(self) -> None:
        """Raise an error unless the collection can be scored.

        Raises:
            CollectionError: names every error.
        """
        if self.errors:
            lines = "".join(f"\n  - {problem.message}" for problem in self.errors)
            allowances = ", ".join(problem.allowance for problem in self.errors if problem.allowance)
            allow = f"; or write in the suite, under the collection, allow: {{{allowances}}}" if allowances else ""
            raise CollectionError(
                f"collection {self.collection} cannot be scored:{lines}",
                hint=f"fix or leave out the collection{allow}",
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CollectionReport:
        """The report that `to_dict` came from."""
        problems = tuple(Problem(**{**p, "severity": Severity(p["severity"])}) for p in values["problems"])
        documents = DocumentSummary.from_dict(values["documents"])
        rest = {"documents": documents, "problems": problems, "variants": tuple(values["variants"])}
        return cls(**{**values, **rest})


def report(
    collection: TestCollection,
    summary: DocumentSummary | None = None,
    *,
    allow: Allowances = NOTHING,
    look_up_judged: bool = True,
) -> CollectionReport:
    """Examine a collection before a system runs over it.

    Args:
        collection: the collection.
        summary: result of `summarise` for its documents, if known already.
        allow: faults that are warnings up to a share.
        look_up_judged: whether to look for judged documents that the collection does not hold. Together with the
            summary this takes one pass; with a known summary, a pass that ends when all of them were seen.

    Returns:
        Counts and problems, errors first.

    Raises:
        DataError: a document cannot be read; names file and line.
    """
    wanted = JudgedDocuments(collection.qrels if look_up_judged else {})
    if summary is None:
        watched = replace(collection.documents, stream=lambda: wanted.watch(collection.documents.stream()))
        summary = summarise(watched)
    elif wanted.unseen:
        wanted.exhaust(collection.documents.stream())
    problems = [
        *name_problems(collection),
        *_language_problems(collection),
        *_document_problems(summary, allow),
        *_query_problems(collection, allow),
        *_qrels_problems(collection, allow),
        *wanted.problems(),
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
    """The problems of a collection, errors first; see `report`.

    Args:
        collection: the collection.
        summary: result of `summarise` for its documents, if known already.

    Returns:
        The problems.

    Raises:
        DataError: a document cannot be read; names file and line.
    """
    return list(report(collection, summary).problems)


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


def _document_problems(summary: DocumentSummary, allow: Allowances) -> list[Problem]:
    if summary.count == 0:
        return [Problem(Severity.ERROR, "no-documents", "there are no documents")]
    repeated = "document ids occur more than once"
    empty = f"of {summary.count} documents have neither title nor text"
    return [
        *allowable(allow, "duplicate_documents", repeated, summary.duplicate_ids, summary.duplicates, summary.count),
        *found(
            Severity.ERROR,
            "document-ids",
            f"document ids cannot be written into a TREC run ({ID_RULE})",
            summary.unwritable_ids,
            summary.unwritable,
        ),
        *found(
            Severity.ERROR,
            "broken-documents",
            f"documents hold a lone surrogate ({TEXT_RULE})",
            summary.broken_ids,
            summary.broken,
        ),
        *allowable(allow, "empty_documents", empty, summary.empty_ids, summary.empty, summary.count, bearable=FEW),
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


def _query_problems(collection: TestCollection, allow: Allowances) -> list[Problem]:
    originals = collection.queries[ORIGINAL].queries if ORIGINAL in collection.queries else ()
    if not originals:
        return [Problem(Severity.ERROR, "no-queries", "there are no queries")]
    judged = {query.id for query in originals if collection.qrels.get(query.id)}
    ids = {name: Counter(query.id for query in variant.queries) for name, variant in collection.queries.items()}
    repeated = {name: {query for query, count in counts.items() if count > 1} for name, counts in ids.items()}
    twice = set().union(*repeated.values())
    where = " and ".join(f"'{name}'" for name, queries in repeated.items() if queries)
    occur = f"query ids occur more than once in {where}"
    problems = allowable(allow, "duplicate_queries", occur, twice, len(twice), len(originals))
    for name, variant in collection.queries.items():
        severity = Severity.ERROR if name == ORIGINAL else Severity.WARNING
        empty = [query.id for query in variant.queries if not query.text.strip()]
        unwritable = [query for query in ids[name] if not is_id(query)]
        broken = [query.id for query in variant.queries if not is_text(query.text)]
        without = f"queries of '{name}' have no text"
        surrogate = f"queries of '{name}' hold a lone surrogate ({TEXT_RULE})"
        problems += [
            *(
                allowable(allow, "empty_queries", without, empty, len(empty), len(originals))
                if name == ORIGINAL
                else found(severity, "empty-queries", without, empty)
            ),
            *found(
                Severity.ERROR,
                "query-ids",
                f"query ids of '{name}' cannot be written into a TREC run ({ID_RULE})",
                unwritable,
            ),
            *found(Severity.ERROR, "broken-queries", surrogate, broken),
            *found(severity, "incomplete-variant", f"judged queries are not in '{name}'", judged - ids[name].keys()),
        ]
    return problems


def _qrels_problems(collection: TestCollection, allow: Allowances) -> list[Problem]:
    qrels = {query: judged for query, judged in collection.qrels.items() if judged}
    if not qrels:
        return [Problem(Severity.ERROR, "no-judgements", "there are no judgements (empty qrels)")]
    originals = collection.queries[ORIGINAL].queries if ORIGINAL in collection.queries else ()
    queries = {query.id for query in originals}
    unknown = qrels.keys() - queries
    alike = other_normalisation(unknown, queries)
    if queries and not queries & qrels.keys():
        hint = f" ({len(alike)} have, in another Unicode normalisation of their ids)" if alike else ""
        return [Problem(Severity.ERROR, "no-judged-queries", f"none of {len(queries)} queries has judgements{hint}")]
    fruitless = [query for query, judged in qrels.items() if not any(grade > 0 for grade in judged.values())]
    if len(fruitless) == len(qrels):
        return [Problem(Severity.ERROR, "no-relevant", "no judgement has a grade above 0")]
    ids = unknown | {document for judged in qrels.values() for document in judged}
    unwritable = [one for one in ids if not is_id(one)]
    itself = [query for query, judged in qrels.items() if judged.get(query, 0) > 0] if collection.drop_self else []
    return [
        *found(Severity.ERROR, "judgement-ids", f"ids cannot be written into TREC judgements ({ID_RULE})", unwritable),
        *allowable(
            allow, "unknown_queries", "judged queries are not in the collection", unknown, len(unknown), len(qrels)
        ),
        *found(Severity.WARNING, "normalised-queries", f"of them are, but {OTHER_FORM}", alike),
        *found(Severity.WARNING, "unjudged-queries", "queries have no judgements", queries - qrels.keys()),
        *found(Severity.WARNING, "no-relevant-queries", "queries have no relevant document", fruitless),
        *found(
            Severity.WARNING,
            "relevant-self",
            "queries have as relevant the document that drop_self leaves out",
            itself,
        ),
    ]
