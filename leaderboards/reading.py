"""From the results store to a leaderboard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from clir_harness.harness.collections.qrels import read_qrels
from clir_harness.harness.errors import StoreError, UnknownNameError
from clir_harness.harness.evaluation import evaluate, measure_version, parse_measures
from clir_harness.harness.execution.boards import KIND as BOARDS
from clir_harness.harness.languages import LanguagePair, ResourceTier, language_name
from clir_harness.harness.measures import Floats
from clir_harness.harness.runs.run import Run
from clir_harness.harness.store import Store, read_json
from clir_harness.leaderboards.comparability import Record, check_comparable, check_versions
from clir_harness.leaderboards.entries import BoardRow, CellState, Column, Entry, TrackEntry
from clir_harness.leaderboards.leaderboard import Leaderboard

_PLANNED_STATES = {state.value: state for state in (CellState.FAILED, CellState.NOT_APPLICABLE, CellState.MISSING_DATA)}
"""States of a plan that need no record in the store; a cell of any other state without a record was not run."""
MANY = 0.1
"""Share of the queries from which on it is no accident that documents with their ids are found first."""
_UNKNOWN_VERSION = "an unknown version"


def read_leaderboard(store: Store | Path | str, suite: str, measures: Sequence[str] | None = None) -> Leaderboard:
    """Read the board of a suite; see `Leaderboard.from_store`."""
    opened = store if isinstance(store, Store) else Store(store, create=False)
    board = _board(opened, suite)
    names = tuple(map(str, parse_measures(measures or board["suite"]["measures"])))
    cells = {(cell["row"], cell["collection"], ""): cell for cell in board["cells"]}
    cells |= {(cell["row"], cell["collection"], cell["name"]): cell for cell in board.get("tracks", [])}
    records = {
        place: record
        for place, cell in cells.items()
        if cell["key"] is not None and (record := opened.cell(cell["key"])) is not None
    }
    check_comparable(suite, records)

    reader = CellReader(opened, names)
    read = {place: reader.entry(cell, records.get(place)) for place, cell in cells.items()}
    check_versions(suite, {place: entry.versions for place, entry in read.items()})
    labels = [row["label"] for row in board["rows"]]
    columns, absent, entries = [], [], []
    for described in board["collections"]:
        places = [(label, described["id"], "") for label in labels]
        found = [read.get(place, Entry(CellState.NOT_RUN)) for place in places]
        facts: Record = next((records[place]["collection"] for place in places if place in records), {})
        if missing := _why_missing(found):
            absent.append(_column({**facts, **described}, missing))
        else:
            column = _column({**facts, **described})
            columns.append(replace(column, warnings=(*column.warnings, *_own_documents(found))))
            entries.append(found)
    rows = [
        BoardRow(
            row["label"],
            row["system"],
            row["queries"],
            row["settings"],
            tuple(found[i] for found in entries),
            submitted=row.get("submitted", False),
        )
        for i, row in enumerate(board["rows"])
    ]
    shown = {column.id for column in columns}
    head = board["suite"]
    return Leaderboard(
        suite=head["name"],
        title=head["title"],
        description=head["description"],
        depth=head["depth"],
        version=board["version"],
        measures=names,
        columns=tuple(columns),
        absent=tuple(absent),
        rows=tuple(rows),
        tracks=tuple(
            TrackEntry(row, collection, cells[row, collection, name]["track"], entry)
            for (row, collection, name), entry in read.items()
            if name and collection in shown
        ),
    )


def _board(store: Store, suite: str) -> Record:
    suites = store.notes(BOARDS)
    if not suites:
        raise StoreError(
            f"the store {store.root} holds no results",
            hint=f"`clir run --suite SUITE --store {store.root}` makes some",
        )
    if suite not in suites:
        raise UnknownNameError("suite in this store", suite, suites)
    board: Record = store.note(BOARDS, suite)
    return board


def _why_missing(entries: Iterable[Entry]) -> str:
    """Why a collection has no data; empty when a cell of it got beyond that."""
    entries = list(entries)
    if any(entry.state not in (CellState.MISSING_DATA, CellState.NOT_RUN) for entry in entries):
        return ""
    return next((entry.reason for entry in entries if entry.state is CellState.MISSING_DATA), "")


def _own_documents(entries: Iterable[Entry]) -> list[str]:
    """A warning when a row finds the document of a query's own id first, for many queries, and it is not relevant."""
    shares = [(entry.own_first, entry.judged) for entry in entries if entry.own_first and entry.judged]
    count, judged = max(shares, key=lambda share: share[0] / share[1], default=(0, 1))
    if count < MANY * judged:
        return []
    return [
        f"up to {count} of {judged} queries of a row have at the top a document of the query's own id, which is not "
        "relevant; where queries are documents, as in ArguAna, write drop_self: true under the collection in the suite"
    ]


def _column(facts: Record, missing: str = "") -> Column:
    pair = LanguagePair.parse(facts["pair"])
    counts = {name: facts.get(name) for name in ("documents", "queries", "judged_queries", "judgements", "relevant")}
    return Column(
        id=facts["id"],
        pair=pair,
        tier=ResourceTier(facts.get("tier", pair.tier)),
        query_language=facts.get("query_language") or language_name(pair.query),
        document_language=facts.get("document_language") or language_name(pair.document),
        licence=facts.get("licence", "unknown"),
        description=facts.get("description", ""),
        synthetic=facts.get("synthetic", False),
        warnings=tuple(facts.get("warnings", ())),
        missing=missing,
        **counts,
    )


class CellReader:
    """Reads cells; judgements are read at most once, and only when they are needed."""

    def __init__(self, store: Store, measures: tuple[str, ...]) -> None:
        self.store = store
        self.measures = measures
        self._versions = {name: measure_version(name) for name in measures}
        self._qrels: dict[str, dict[str, dict[str, int]]] = {}

    def entry(self, cell: Record, record: Record | None) -> Entry:
        """The cell as planned and, when it was carried out, as recorded."""
        if record is None:
            state = _PLANNED_STATES.get(cell["state"], CellState.NOT_RUN)
            return Entry(state, cell["reason"] if state is not CellState.NOT_RUN else "")
        if record["status"] != "done":
            error = record["error"]
            reason = error["message"] + (f"; {error['hint']}" if error["hint"] else "")
            return Entry(CellState.FAILED, reason, record=record)
        query_ids, scores, versions = self._scores(record)
        return Entry(CellState.DONE, query_ids=query_ids, scores=scores, versions=versions, record=record)

    def _scores(self, record: Record) -> tuple[tuple[str, ...], dict[str, Floats], dict[str, str]]:
        """Kept scores, and computed ones for measures that were not kept, in one order of queries."""
        folder = self.store.cell_folder(record["key"])
        kept = read_json(folder / "scores.json") or {"queries": None, "scores": {}}
        scores = {name: np.array(values, np.float64) for name, values in kept["scores"].items()}
        versions = {name: kept.get("versions", {}).get(name, _UNKNOWN_VERSION) for name in scores}
        wanted = [name for name in self.measures if name not in scores]
        queries = kept["queries"]
        if wanted:
            evaluation = evaluate(
                Run.read(folder / "run.trec.gz"), self._judgements(record), wanted, same_documents=True
            )
            queries = queries or list(evaluation.query_ids)
            place = {query: i for i, query in enumerate(evaluation.query_ids)}
            if place.keys() != set(queries):
                raise StoreError(
                    f"{folder / 'scores.json'} and the judgements do not have the same queries",
                    hint=f"delete {folder} and run the cell again: {record['command']}",
                )
            order = [place[query] for query in queries]
            scores |= {name: evaluation.scores[name][order] for name in wanted}
            versions |= {name: self._versions[name] for name in wanted}
        return (
            tuple(queries),
            {name: scores[name] for name in self.measures},
            {name: versions[name] for name in self.measures},
        )

    def _judgements(self, record: Record) -> dict[str, dict[str, int]]:
        digest = record["collection"]["qrels_digest"]
        if digest not in self._qrels:
            self._qrels[digest] = read_qrels(self.store.root / "qrels" / f"{digest}.trec")
        return self._qrels[digest]
