"""Checks that a cell reads what was planned: files may be edited, and generators differ, during a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from clir_harness.harness.collections.base import Document, DocumentSet, RowDigest, TestCollection
from clir_harness.harness.collections.qrels import qrels_digest
from clir_harness.harness.errors import ClirError


def require_planned(collection: TestCollection, variant: str, queries: str, qrels: str) -> None:
    """Make sure that queries and judgements are those of the plan.

    Args:
        collection: as it was read for the cell.
        variant: which of its queries are asked.
        queries, qrels: digests when the cell was planned.

    Raises:
        ClirError: they are others now.
    """
    if (collection.query_set(variant).digest, qrels_digest(collection.qrels)) != (queries, qrels):
        raise ClirError(f"the queries or judgements of {collection.id} have changed since the plan", hint="run again")


def as_planned(documents: DocumentSet, planned: str, on_count: Callable[[int], None]) -> Iterator[Document]:
    """The documents, checked at their end against the digest they were planned with.

    Args:
        documents: the documents.
        planned: the digest.
        on_count: called with the number of documents so far, every thousand and at the end.

    Returns:
        An iterator over the documents.

    Raises:
        ClirError: the documents have changed since planning.
    """
    done, digest = 0, RowDigest()
    for done, document in enumerate(documents.stream(), start=1):
        digest.add((document.id, document.title, document.text))
        yield document
        if done % 1000 == 0:
            on_count(done)
    on_count(done)
    if digest.hex() != planned:
        raise ClirError(f"the documents of {documents.id} are not what they were for the plan", hint="run again")
