"""Export of a suite's runs, judgements and topics as plain TREC files, under readable names."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from clir_harness.harness.atomic_files import atomic_file
from clir_harness.harness.collections.base import ORIGINAL
from clir_harness.harness.collections.qrels import format_qrels
from clir_harness.harness.content_store import write_json
from clir_harness.harness.errors import StoreError, UnknownNameError, UsageError
from clir_harness.harness.identity import package_version
from clir_harness.harness.progress import Progress, no_progress
from clir_harness.harness.record import CellState
from clir_harness.harness.record_identity import QueriesIdentity
from clir_harness.harness.store import Store
from clir_harness.leaderboards.entries import BoardRow, Column, Entry
from clir_harness.leaderboards.folders import FolderKind, replace_folder
from clir_harness.leaderboards.leaderboard import Leaderboard
from clir_harness.leaderboards.reading import open_store, read_leaderboard

K = TypeVar("K", bound=Hashable)
KIND = FolderKind("export", "clir export", "export.json", "clir-harness/export")
LONGEST = 80
"""UTF-8 bytes that a part of a file's name has at most; a name has three parts, and file systems take 255."""
_BREAKS = re.compile(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")


@dataclass
class Exported:
    """What an export holds; every value is plain data, as in its `export.json`.

    Attributes:
        runs: file, row, collection, provenance and means of every run.
        collections: judgements and topics of every collection, with counts and digests.
        not_exported: cells without a run: row, collection, track, state, reason.
        notes: for people: what was changed or is missing.
    """

    runs: list[dict[str, Any]] = field(default_factory=list)
    collections: list[dict[str, Any]] = field(default_factory=list)
    not_exported: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def export_suite(
    store: Store | Path | str,
    suite: str,
    folder: Path | str,
    *,
    systems: Sequence[str] = (),
    pairs: Sequence[str] = (),
    force: bool = False,
    progress: Progress = no_progress,
) -> Exported:
    """Write the runs of a suite's board, with their judgements and topics; nothing is run.

    Files: `runs/SYSTEM.PAIR.run` (`SYSTEM.PAIR.TRACK.run`) without a header, with the record of the cell as JSON beside
    it; `qrels/PAIR.qrels`; `topics/PAIR.tsv` (`topics/PAIR.WORDING.tsv`); `export.json`, which describes the files.
    Names do not depend on the selection.

    Args:
        store: an opened store, or its folder.
        suite: name of a suite with results in the store.
        folder: a new or empty folder, or an export to replace.
        systems: labels of rows, or systems; all when empty.
        pairs: language pairs, or ids of collections; all when empty.
        force: whether to replace a folder although it holds other files, which are lost.
        progress: called before each cell.

    Returns:
        What was written, and what was not.

    Raises:
        UnknownNameError: no such suite, row or language pair.
        UsageError: the folder cannot be used, or no selected cell has a run.
        StoreError: the store is damaged, or its cells cannot be on one board.
    """
    opened = open_store(store)
    board = read_leaderboard(opened, suite)
    exporter = _Exporter(opened, board, _rows(board, systems), _columns(board, pairs), progress)
    return replace_folder(folder, KIND, exporter.fill, force=force)


def _rows(board: Leaderboard, names: Sequence[str]) -> set[str]:
    chosen = set()
    for name in names:
        of_system = [row.label for row in board.rows if row.system == name]
        found = of_system or [row.label for row in board.rows if row.label.casefold() == name.casefold()]
        if not found:
            raise UnknownNameError("row of this board", name, (row.label for row in board.rows))
        chosen.update(found)
    return chosen or {row.label for row in board.rows}


def _columns(board: Leaderboard, names: Sequence[str]) -> set[str]:
    columns = (*board.columns, *board.absent)
    chosen = set()
    for name in names:
        found = [column.id for column in columns if name in (column.id, str(column.pair), column.pair.arrow)]
        if not found:
            known = (known for column in columns for known in (str(column.pair), column.id))
            raise UnknownNameError("language pair of this board", name, known)
        chosen.update(found)
    return chosen or {column.id for column in columns}


class _Exporter:
    """Writes what was chosen of a board into a folder."""

    def __init__(self, store: Store, board: Leaderboard, rows: set[str], columns: set[str], progress: Progress) -> None:
        self.store, self.board, self.rows, self.columns, self.progress = store, board, rows, columns, progress
        every = (*board.columns, *board.absent)
        pairs = Counter(column.pair for column in every)
        self.systems = file_names({row.label: row.label for row in board.rows})
        # A name ends in a collection, or in a track or wording: as no two of these are the same, no two names are.
        self.endings = file_names(
            {("collection", one.id): one.id if pairs[one.pair] > 1 else str(one.pair) for one in every}
            | {("track", entry.label): entry.label for entry in board.tracks}
            | {("queries", row.queries): row.queries for row in board.rows},
            dots=False,
        )
        self.found = Exported()
        self.files: list[str] = []

    def fill(self, folder: Path) -> Exported:
        for name in ("runs", "qrels", "topics"):
            (folder / name).mkdir()
        topics: dict[str, dict[str, str]] = {}
        cells = list(self._cells())
        for done, (row, column, track, entry) in enumerate(cells, start=1):
            self.progress(done, len(cells), f"{row.label} × {column.id}")
            if entry.state is not CellState.DONE:
                self.found.not_exported.append(
                    {
                        "row": row.label,
                        "collection": column.id,
                        "track": track or None,
                        "state": entry.state.value,
                        "reason": entry.reason,
                    }
                )
                continue
            files = topics.setdefault(column.id, {})
            self._write_run(folder, row, column, track, entry, files)
            if not any(one["id"] == column.id for one in self.found.collections):
                self._write_qrels(folder, column, entry, files)
        if not self.found.runs:
            states = ", ".join(sorted({cell["state"] for cell in self.found.not_exported}))
            raise UsageError(
                f"nothing to export: no cell has a run ({states})", hint="choose others, or run them first"
            )
        head = {
            "schema": KIND.schema,
            "schema_version": 1,
            "suite": self.board.suite,
            "title": self.board.title,
            "depth": self.board.depth,
            "version": package_version("clir-harness"),
            "measures": list(self.board.measures),
            "files": sorted(self.files),
            "runs": self.found.runs,
            "collections": self.found.collections,
            "not_exported": self.found.not_exported,
            "notes": self.found.notes,
        }
        write_json(folder / KIND.head, head)
        return self.found

    def _cells(self) -> Iterator[tuple[BoardRow, Column, str, Entry]]:
        """What was chosen, rows first, then collections, the queries as they are before those of tracks."""
        for row in self.board.rows:
            if row.label not in self.rows:
                continue
            for column, entry in zip(self.board.columns, row.entries, strict=True):
                if column.id in self.columns:
                    yield row, column, "", entry
                    for track in self.board.tracks:
                        if (track.row, track.collection) == (row.label, column.id):
                            yield row, column, track.label, track.entry
            for column in self.board.absent:
                if column.id in self.columns:
                    yield row, column, "", Entry(CellState.MISSING_DATA, column.missing)

    def _write_run(
        self, folder: Path, row: BoardRow, column: Column, track: str, entry: Entry, topics: dict[str, str]
    ) -> None:
        record = entry.record
        assert record is not None
        parts = [self.systems[row.label], self.endings["collection", column.id]]
        name = ".".join([*parts, self.endings["track", track]] if track else parts)
        run = self.store.run(record.key)
        with atomic_file(folder / "runs" / f"{name}.run") as file:
            for text in run.lines(run.tag):
                file.write(text.encode())
        write_json(folder / "runs" / f"{name}.json", record.plain())
        queries = record.identity.queries
        if queries.digest not in topics:
            topics[queries.digest] = self._write_topics(folder, column, queries)
        self.files += [f"runs/{name}.run", f"runs/{name}.json"]
        self.found.runs.append(
            {
                "file": f"runs/{name}.run",
                "provenance": f"runs/{name}.json",
                "row": row.label,
                "system": row.system,
                "submitted": row.submitted,
                "collection": column.id,
                "pair": str(column.pair),
                "qrels": f"qrels/{self.endings['collection', column.id]}.qrels",
                "topics": None if track else topics[queries.digest],
                "track": record.track.plain() if record.track else None,
                "tag": run.tag,
                "queries": len(run),
                "lines": run.retrieved,
                "judged_queries": entry.judged,
                "unanswered_queries": entry.unanswered,
                "means": dict(entry.means),
            }
        )
        if not run.retrieved:
            self.found.notes.append(f"runs/{name}.run is empty: the system retrieved nothing")

    def _write_topics(self, folder: Path, column: Column, queries: QueriesIdentity) -> str:
        texts = self.store.query_texts(queries.digest)
        if texts is None:
            raise StoreError(
                f"the store has no queries {queries.digest} of {column.id}",
                hint=f"`clir run --suite {self.board.suite}` keeps them",
            )
        name = self.endings["collection", column.id]
        if queries.variant != ORIGINAL:
            name += f".{self.endings['queries', queries.variant]}"
        broken = sum(_BREAKS.search(text) is not None for text in texts.values())
        if broken:
            self.found.notes.append(f"topics/{name}.tsv: line ends and tabs in {broken} queries are written as spaces")
        lines = (f"{query}\t{_BREAKS.sub(' ', text)}\n" for query, text in texts.items())
        with atomic_file(folder / "topics" / f"{name}.tsv") as file:
            file.write("".join(lines).encode())
        self.files.append(f"topics/{name}.tsv")
        return f"topics/{name}.tsv"

    def _write_qrels(self, folder: Path, column: Column, entry: Entry, topics: Mapping[str, str]) -> None:
        assert entry.record is not None
        facts = entry.record.collection
        text = format_qrels(self.store.qrels(facts.qrels_digest))
        name = f"qrels/{self.endings['collection', column.id]}.qrels"
        with atomic_file(folder / name) as file:
            file.write(text.encode())
        self.files.append(name)
        self.found.collections.append({**facts.model_dump(), "qrels_file": name, "topics_files": topics})


def file_names(texts: Mapping[K, str], *, dots: bool = True) -> dict[K, str]:
    """Parts of file names by key: letters, marks and digits of any script, `-`, `+`, and `.` if wanted; else `_`.

    All are different, also if case or composition of characters is ignored.

    Args:
        texts: text by key.
        dots: whether names may contain dots.

    Returns:
        Name by key.

    >>> file_names({1: "BM25 (k1 = 1.2)", 2: "bm25 k1 1.2", 3: "../x", 4: "日本 語", 5: "?"})
    {1: 'BM25_k1_1.2', 2: 'bm25_k1_1.2-2', 3: 'x', 4: '日本_語', 5: 'other'}
    """
    names: dict[K, str] = {}
    taken: set[str] = set()
    for key, text in texts.items():
        kept = (
            char if unicodedata.category(char)[0] in "LMN" or char in "-+" or (dots and char == ".") else " "
            for char in unicodedata.normalize("NFC", text)
        )
        stem = re.sub(r"[ _]+", "_", "".join(kept)).encode()[:LONGEST].decode(errors="ignore").strip("_.-") or "other"
        name, number = stem, 1
        while _folded(name) in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(_folded(name))
        names[key] = name
    return names


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKD", name.casefold())
