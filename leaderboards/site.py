"""Boards as a static site: an index, and a page and a JSON document for every suite."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from clir_harness.harness.errors import UnknownNameError
from clir_harness.harness.progress import Progress, no_progress
from clir_harness.harness.store import Store
from clir_harness.leaderboards.analysis import analyse
from clir_harness.leaderboards.folders import FolderKind, replace_folder
from clir_harness.leaderboards.json_text import write_lines
from clir_harness.leaderboards.published import figures_for
from clir_harness.leaderboards.query_details import read_details
from clir_harness.leaderboards.reading import open_store, read_leaderboard, suites_of
from clir_harness.leaderboards.render.document import make_document
from clir_harness.leaderboards.render.html_index import render_index
from clir_harness.leaderboards.render.html_page import render_html
from clir_harness.leaderboards.schema import BoardDocument

SCHEMA = "clir-harness/site"
HEAD = "site.json"
"""Says that a folder is such a site, and which files are of it."""
KIND = FolderKind("site", "clir publish", HEAD, SCHEMA)
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_TAKEN = ("index", "site")


def publish_site(
    store: Store | Path | str,
    folder: Path | str,
    suites: Sequence[str] = (),
    *,
    force: bool = False,
    progress: Progress = no_progress,
) -> dict[str, str]:
    """Write the site; the same store gives the same bytes.

    An earlier site is replaced as a whole, by `replace_folder`.

    Args:
        store: an opened store, or its folder.
        folder: a new or empty folder, or a site to replace.
        suites: names; all of the store when empty.
        force: whether to replace a folder although it holds other files, which are lost.
        progress: called while a suite is analysed; the text begins with its name.

    Returns:
        Names of the pages by suite.

    Raises:
        UsageError: the folder holds other files, or is not a folder.
        UnknownNameError: no such suite in the store.
        StoreError: the store holds no results.
    """
    opened = open_store(store)
    known = suites_of(opened)
    chosen = sorted(set(suites)) or known
    for suite in chosen:
        if suite not in known:
            raise UnknownNameError("suite in this store", suite, known)
    return replace_folder(folder, KIND, lambda made: _fill(opened, made, chosen, progress), force=force)


def file_names(suites: Sequence[str]) -> dict[str, str]:
    """Names of files without their ending, by suite: safe on every system, and different also where case is ignored.

    >>> file_names(["afriqa", "Afriqa", "../up"])
    {'afriqa': 'afriqa', 'Afriqa': 'Afriqa-73fe9fb4', '../up': 'up-8c722b8a'}
    """
    names: dict[str, str] = {}
    taken = set(_TAKEN)
    for suite in suites:
        name = suite
        if not _PLAIN_NAME.fullmatch(suite) or suite.endswith(".") or suite.casefold() in taken:
            short = re.sub(r"[^A-Za-z0-9_-]+", "-", suite).strip("-")[:60]
            name = f"{short or 'suite'}-{hashlib.sha256(suite.encode()).hexdigest()[:8]}"
        names[suite] = name
        taken.add(name.casefold())
    return names


def _fill(store: Store, folder: Path, suites: Sequence[str], progress: Progress) -> dict[str, str]:
    names = file_names(suites)
    documents: dict[str, BoardDocument] = {}
    for suite, name in names.items():

        def of_suite(done: int, total: int | None, text: str, suite: str = suite) -> None:
            progress(done, total, f"{suite}: {text}")

        board = read_leaderboard(store, suite)
        analysis, figures = analyse(board, progress=of_suite), figures_for(board)
        whole = make_document(analysis, figures, per_query=True)
        _write(folder / f"{name}.html", render_html(whole, read_details(store, board, whole, of_suite)))
        documents[name] = make_document(analysis, figures)
        _write(folder / f"{name}.json", documents[name].to_json())
    _write(folder / "index.html", render_index(documents))
    _write(folder / HEAD, write_lines(_head(documents), 2))
    return {suite: f"{name}.html" for suite, name in names.items()}


def _head(documents: Mapping[str, BoardDocument]) -> dict[str, object]:
    files = ["index.html", *(f"{name}.{ending}" for name in documents for ending in ("html", "json"))]
    boards = [{"suite": document.suite.name, "page": f"{name}.html"} for name, document in documents.items()]
    return {"schema": SCHEMA, "schema_version": 1, "files": files, "boards": boards}


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
