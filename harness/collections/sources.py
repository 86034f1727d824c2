"""The registry of collection sources, and how one is built from plain settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from clir_harness.harness.collections.base import (
    ORIGINAL,
    CollectionSource,
    Document,
    DocumentSet,
    QuerySet,
    SourceConfig,
    TestCollection,
)
from clir_harness.harness.collections.qrels import check_judgements
from clir_harness.harness.plugins.calls import calling
from clir_harness.harness.plugins.registry import Registry
from clir_harness.harness.settings import validated

SOURCES: Registry[CollectionSource] = Registry(
    "collection source",
    CollectionSource,  # type: ignore[type-abstract]
    "clir_harness.collections",
)


def register_collection(name: str) -> Callable[[type[CollectionSource]], type[CollectionSource]]:
    """Class decorator that registers a collection source under a name."""
    return SOURCES.register(name)


def build_source(name: str, settings: Mapping[str, Any], data: Path | None) -> CollectionSource:
    """Create a collection source from its name and plain settings, as a suite's YAML gives them.

    Args:
        name: registered name of the source.
        settings: value by field of its `Config`.
        data: data folder; None when the user gave none.

    Returns:
        The source.

    Raises:
        UnknownNameError: there is no such source or no such setting.
        UsageError: a setting is invalid; says what was expected.
        PluginError: the source cannot be imported, or raises something else.
    """
    source = SOURCES.get(name)
    with calling(f"collection source '{name}'"):
        return source(validated(f"collection source '{name}'", source.Config, settings), data)


def obtain(source: CollectionSource, entry_id: str) -> TestCollection:
    """Load a collection of a source as it is scored, with the settings that every source has applied.

    Args:
        source: the source.
        entry_id: id of one of its entries.

    Returns:
        The collection.

    Raises:
        MissingDataError: its files do not exist.
        DataError: a file is malformed.
        CollectionError: its judgements are malformed.
        PluginError: the source raises something else.
    """
    with calling(f"collection source '{source.name}'"):
        return settled(source.load(entry_id), source.config)


def settled(collection: TestCollection, config: SourceConfig) -> TestCollection:
    """Apply the settings every source has: what may be present but cannot be scored is left out.

    Args:
        collection: as loaded.
        config: the source's settings.

    Returns:
        The collection to score.

    Raises:
        CollectionError: its judgements are not grades by document by query.
    """
    check_judgements(collection)
    allowed = config.allow.shares
    documents, queries, qrels = collection.documents, collection.queries, collection.qrels
    if "duplicate_documents" in allowed:
        stream = partial(_first_of_each, documents)
        signature = documents.signature and f"{documents.signature}|first of each id"
        documents = replace(documents, stream=stream, signature=signature)
    if "duplicate_queries" in allowed:
        queries = {name: _first_queries(variant) for name, variant in queries.items()}
    if "unknown_queries" in allowed and ORIGINAL in queries:
        known = {query.id for query in queries[ORIGINAL].queries}
        qrels = {query: judged for query, judged in qrels.items() if query in known}
    return replace(collection, documents=documents, queries=queries, qrels=qrels, drop_self=config.drop_self)


def _first_of_each(documents: DocumentSet) -> Iterator[Document]:
    """Documents whose ids have not come before; holds all ids in memory."""
    seen: set[str] = set()
    for document in documents.stream():
        if document.id not in seen:
            seen.add(document.id)
            yield document


def _first_queries(queries: QuerySet) -> QuerySet:
    first = {query.id: query for query in reversed(queries.queries)}
    return replace(queries, queries=tuple(query for query in queries.queries if first[query.id] is query))
