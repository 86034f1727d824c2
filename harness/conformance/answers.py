"""Checks of rankings over the kit's plain documents and queries."""

from __future__ import annotations

from dataclasses import replace

from clir_harness.harness.collections.base import Query
from clir_harness.harness.conformance.check import ConformanceError, check
from clir_harness.harness.conformance.collection import HARD_IDS
from clir_harness.harness.conformance.rankings import (
    require_depth,
    require_finite_sorted_scores,
    require_identical,
    require_known_ids,
    require_no_duplicates,
    require_same,
)
from clir_harness.harness.conformance.subject import Subject

DEPTHS = (1, 3, 10)
"""Shallow depths that rankings are asked for."""


@check("let `search` return the documents it finds; name a pair whose words the system knows")
def retrieves_something(subject: Subject) -> None:
    """At least one of the queries, which include the texts of documents, retrieves something."""
    if not any(subject.rankings):
        raise ConformanceError(
            f"expected documents for some of {len(subject.queries)} queries, three of which are the text of a "
            f"document, found none over {subject.pair.arrow}"
        )


@check("keep ids as the strings they are: no numbers, no lower case, no Unicode normalisation, no file names of them")
def ids_come_back_byte_for_byte(subject: Subject) -> None:
    """Documents are found under their own ids, of whatever form."""
    hard = dict(zip([document.id for document in subject.documents], HARD_IDS, strict=True))
    folder = subject.build(replace(document, id=hard[document.id]) for document in subject.documents)
    found = subject.answer(folder, subject.queries)
    require_known_ids(subject.queries, found, HARD_IDS)
    expected = [[(hard[document], score) for document, score in ranking] for ranking in subject.rankings]
    require_same(subject.queries, expected, found)


@check("cut every ranking at `depth`")
def depth_is_respected(subject: Subject) -> None:
    """No ranking is longer than asked for."""
    for depth in DEPTHS:
        require_depth(subject.queries, subject.answer(subject.index, subject.queries, depth), depth)


@check("rank the same way at every depth, and cut at the end")
def a_shallow_ranking_begins_the_deep_one(subject: Subject) -> None:
    """The best documents are the same however many are asked for."""
    for depth in DEPTHS:
        expected = [ranking[:depth] for ranking in subject.rankings]
        require_same(subject.queries, expected, subject.answer(subject.index, subject.queries, depth), depth)


@check("return each document once, with its best score")
def no_document_is_ranked_twice(subject: Subject) -> None:
    """No ranking holds a document twice."""
    require_no_duplicates(subject.queries, subject.rankings)


@check("sort by score, the highest first, and leave out documents whose score is not a finite number")
def scores_are_finite_and_sorted(subject: Subject) -> None:
    """Scores are finite numbers, best first."""
    require_finite_sorted_scores(subject.queries, subject.rankings)


@check("draw at random from the context's `seed` only, and break ties by something fixed, such as the id")
def deterministic_under_a_seed(subject: Subject) -> None:
    """Indexing and searching again with the same seed gives the same rankings."""
    system = subject.fresh()
    again = subject.answer(subject.build(subject.documents, system), subject.queries, system=system)
    require_identical(subject.queries, subject.rankings, again)


@check("let no query of a batch affect another: mask padding, normalise per query")
def batch_size_does_not_matter(subject: Subject) -> None:
    """Queries asked one at a time get the same answers as in a batch."""
    with subject.open(subject.index) as searcher:
        require_same(subject.queries, subject.rankings, subject.ask(searcher, subject.queries, batch=1))


@check("answer each query on its own, in the order of the batch")
def query_order_does_not_matter(subject: Subject) -> None:
    """Queries asked in reverse get the same rankings."""
    backwards = subject.queries[::-1]
    require_same(backwards, subject.rankings[::-1], subject.answer(subject.index, backwards))


@check("keep nothing of earlier queries, and key what you remember by the query's text, not by its id")
def earlier_queries_do_not_matter(subject: Subject) -> None:
    """A searcher gives the same answer to a query each time, also after other texts under the same ids."""
    renamed = [Query(subject.queries[-1 - i].id, query.text) for i, query in enumerate(subject.queries)]
    with subject.open(subject.index) as searcher:
        subject.ask(searcher, renamed)
        for _ in range(2):
            require_same(subject.queries, subject.rankings, subject.ask(searcher, subject.queries))
