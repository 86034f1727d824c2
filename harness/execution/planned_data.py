"""Whether what a cell reads is what was planned: files may be edited, and generators differ, while a run goes on."""

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


def as_planned(documents: DocumentSet, planned: str, tell: Callable[[int], None]) -> Iterator[Document]:
    """The documents, telling every thousand how many have passed.

    Raises:
        ClirError: at their end, when they are not those whose digest was planned with.
    """
    done, digest = 0, RowDigest()
    for done, document in enumerate(documents.stream(), start=1):
        digest.add((document.id, document.title, document.text))
        yield document
        if done % 1000 == 0:
            tell(done)
    tell(done)
    if digest.hex() != planned:
        raise ClirError(f"the documents of {documents.id} are not what they were for the plan", hint="run again")
