"""Indexes of a system and of the systems it is made of: one identity each, shared by all cells that need it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.identity import fingerprint, system_identity
from harness.system import RetrievalSystem, SearchContext, Searcher

INDEX_FORMAT = 1
"""Goes up when the harness itself changes how indexes are built or kept; part of every index's identity."""


def index_key(system: RetrievalSystem[Any], documents_digest: str, language: str, seed: int) -> str:
    """Identity of the index of a system, without that of its components, over some documents."""
    identity = {
        **system_identity(system),
        "settings": dict(system.index_settings()),
        "inputs": dict(system.index_inputs(language)),
        "components": [],
        "documents": documents_digest,
        "language": language,
        "seed": seed,
        "format": INDEX_FORMAT,
    }
    return fingerprint(identity)


def parts(system: RetrievalSystem[Any]) -> Iterator[RetrievalSystem[Any]]:
    """A system's components, theirs included, and the system itself last: all that have an index."""
    for part in system.components():
        yield from parts(part)
    yield system


def open_searcher(
    system: RetrievalSystem[Any],
    index_of: Callable[[RetrievalSystem[Any]], Path],
    context: SearchContext,
    stack: ExitStack,
) -> Searcher:
    """Open a system for searching, its components first; the stack closes all of them.

    Args:
        system: the system.
        index_of: the folder with the index of one of its `parts`.
        context: languages, seed, threads; `components` is filled in.
        stack: takes over the searchers.
    """
    opened = tuple(open_searcher(part, index_of, context, stack) for part in system.components())
    return stack.enter_context(system.open(index_of(system), replace(context, components=opened)))
