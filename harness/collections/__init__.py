"""Test collections and the sources they come from."""

from clir_harness.harness.collections.base import (
    HUMAN,
    ORIGINAL,
    CollectionEntry,
    CollectionSource,
    Document,
    DocumentSet,
    Qrels,
    Query,
    QuerySet,
    SourceConfig,
    TestCollection,
    content_digest,
    file_signature,
)

__all__ = [
    "HUMAN",
    "ORIGINAL",
    "CollectionEntry",
    "CollectionSource",
    "Document",
    "DocumentSet",
    "Qrels",
    "Query",
    "QuerySet",
    "SourceConfig",
    "TestCollection",
    "content_digest",
    "file_signature",
]
