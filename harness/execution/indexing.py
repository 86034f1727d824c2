"""Indexes of a system and its components: one identity each, shared by all cells that need it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from clir_harness.harness.collections.base import Query
from clir_harness.harness.identity import fingerprint, system_identity
from clir_harness.harness.system import Ranking, RetrievalSystem, SearchContext, Searcher

INDEX_FORMAT = 1
"""Goes up when the harness itself changes how indexes are built or kept; part of every index's identity."""


def index_key(system: RetrievalSystem[Any], documents_digest: str, language: str, seed: int) -> str:
    """Identity of the index of a system, without its components, over some documents.

    Args:
        system: the system.
        documents_digest: digest of the documents.
        language: canonical tag of the document language.
        seed: random seed of the system.

    Returns:
        The key in the store.

    Raises:
        MissingDataError: an input of the system does not exist.
    """
    identity = {
        **system_identity(system).plain(),
        "settings": dict(system.index_settings()),
        "inputs": dict(system.index_inputs(language)),
        "components": [],
        "documents": documents_digest,
        "language": language,
        "seed": seed,
        "format": INDEX_FORMAT,
    }
    return fingerprint(identity)


def with_components(system: RetrievalSystem[Any]) -> Iterator[RetrievalSystem[Any]]:
    """A system's components, theirs included, and the system itself last: all that have an index."""
    for part in system.components():
        yield from with_components(part)
    yield system


def open_searcher(
    system: RetrievalSystem[Any],
    index_of: Callable[[RetrievalSystem[Any]], Path],
    context: SearchContext,
    stack: ExitStack,
    *,
    drop_self: bool = False,
) -> Searcher:
    """Open a system for searching, its components first; the stack closes all of them.

    Args:
        system: the system.
        index_of: returns the folder with the index of the system or one of its components.
        context: languages, seed, threads; `components` is filled in.
        stack: takes over the searchers.
        drop_self: whether no searcher returns the document whose id is the query's; nor does any component, so that it
            takes no place among what is fused or re-ranked.

    Returns:
        The searcher of the system.
    """
    opened = tuple(open_searcher(part, index_of, context, stack, drop_self=drop_self) for part in system.components())
    searcher = stack.enter_context(system.open(index_of(system), replace(context, components=opened)))
    if drop_self and searcher not in opened:
        _leave_out_self(searcher)
    return searcher


def _leave_out_self(searcher: Searcher) -> None:
    """Make a searcher look one document deeper, and leave out the one whose id is the query's.

    The searcher itself is changed, not wrapped: systems know the types of their components.
    """
    search = searcher.search

    def without_self(queries: Sequence[Query], depth: int) -> Sequence[Ranking]:
        found = search(queries, depth + 1)
        if len(found) != len(queries):
            return found
        # A ranking that is too long stays so: whoever asked finds the fault.
        return [
            [hit for hit in ranking if hit[0] != query.id][: max(depth, len(ranking) - 1)]
            for query, ranking in zip(queries, found, strict=True)
        ]

    searcher.search = without_self  # type: ignore[method-assign]
