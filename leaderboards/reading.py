"""From the results store to a leaderboard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from clir_harness.harness.errors import StoreError, UnknownNameError
from clir_harness.harness.evaluation import evaluate, measure_version, parse_measures
from clir_harness.harness.languages import LanguagePair, ResourceTier, language_name
from clir_harness.harness.measures import Floats
from clir_harness.harness.record import Board, BoardCell, CellRecord, CellState
from clir_harness.harness.record_identity import CollectionFacts
from clir_harness.harness.store import Store
from clir_harness.leaderboards.comparability import check_comparable, check_versions
from clir_harness.leaderboards.entries import BoardRow, Column, Entry, TrackEntry
from clir_harness.leaderboards.leaderboard import Leaderboard

_WITHOUT_RECORD = (CellState.FAILED, CellState.NOT_APPLICABLE, CellState.MISSING_DATA)
"""States of a plan that need no record in the store; a cell of any other state without a record was not run."""
MANY = 0.1
"""Share of queries that retrieve the document with their own id first, above which it is not a coincidence."""
_UNKNOWN_VERSION = "an unknown version"


def open_store(store: Store | Path | str) -> Store:
    """The results store of a folder, which must be there, or the store itself.

    Raises:
        StoreError: there is no results store in the folder.
    """
    return store if isinstance(store, Store) else Store(store, create=False)


def suites_of(store: Store) -> list[str]:
    """Names of the suites that have a board in a store.

    Raises:
        StoreError: there is none.
    """
    suites = store.boards()
    if not suites:
        raise StoreError(
            f"the store {store.root} holds no results",
            hint=f"`clir run --suite SUITE --store {store.root}` makes some",
        )
    return suites


def read_leaderboard(store: Store | Path | str, suite: str, measures: Sequence[str] | None = None) -> Leaderboard:
    """The leaderboard of a suite; nothing is run, but measures that were not kept are computed from the runs.

    Args:
        store: an opened results store, or its folder.
        suite: name of a suite that was run into it.
        measures: names of measures in ir-measures' language; the suite's own when None or empty.

    Returns:
        Rows in the order of the suite, columns with data, scores of every query.

    Raises:
        UnknownNameError: no such suite in the store, or no such measure.
        UsageError: a measure that is malformed or that nothing installed computes.
        StoreError: the store cannot be read, holds no results, or its cells cannot be on one board because they
            differ in depth, in documents, judgements or queries of the same collection, in what a perturbation does,
            or in the version of a measure.

    >>> board = read_leaderboard("results", "embedded", ["AP", "Bpref"])     # doctest: +SKIP
    """
    opened = open_store(store)
    board = _board(opened, suite)
    names = tuple(map(str, parse_measures(measures or board.suite.measures)))
    cells = {(cell.row, cell.collection, cell.name): cell for cell in (*board.cells, *board.tracks)}
    records = {
        place: record
        for place, cell in cells.items()
        if cell.key is not None and (record := opened.cell(cell.key)) is not None
    }
    check_comparable(suite, records)

    reader = _CellReader(opened, names)
    read = {place: reader.entry(cell, records.get(place)) for place, cell in cells.items()}
    check_versions(suite, {place: entry.versions for place, entry in read.items()})
    columns, absent, entries = [], [], []
    for planned in board.collections:
        places = [(row.label, planned.id, "") for row in board.rows]
        found = [read.get(place, Entry(CellState.NOT_RUN)) for place in places]
        recorded = next((records[place].collection for place in places if place in records), planned)
        facts = planned if planned.documents_digest else recorded
        if missing := _why_missing(found):
            absent.append(_column(facts, missing))
        else:
            column = _column(facts)
            columns.append(replace(column, warnings=(*column.warnings, *_own_documents(found))))
            entries.append(found)
    rows = [
        BoardRow(
            row.label,
            row.system,
            row.queries,
            row.settings,
            tuple(found[i] for found in entries),
            submitted=row.submitted,
        )
        for i, row in enumerate(board.rows)
    ]
    shown = {column.id for column in columns}
    return Leaderboard(
        suite=board.suite.name,
        title=board.suite.title,
        description=board.suite.description,
        depth=board.suite.depth,
        version=board.version,
        measures=names,
        columns=tuple(columns),
        absent=tuple(absent),
        rows=tuple(rows),
        tracks=tuple(
            TrackEntry(cell.row, cell.collection, cell.track, read[place])
            for place, cell in cells.items()
            if cell.track and cell.collection in shown
        ),
    )


def _board(store: Store, suite: str) -> Board:
    suites = suites_of(store)
    board = store.board(suite) if suite in suites else None
    if board is None:
        raise UnknownNameError("suite in this store", suite, suites)
    return board


def _why_missing(entries: Iterable[Entry]) -> str:
    """Why a collection has no data; empty when a cell of it got beyond that."""
    entries = list(entries)
    if any(entry.state not in (CellState.MISSING_DATA, CellState.NOT_RUN) for entry in entries):
        return ""
    return next((entry.reason for entry in entries if entry.state is CellState.MISSING_DATA), "")


def _own_documents(entries: Iterable[Entry]) -> list[str]:
    """A warning when a row finds the document of a query's own id first, for many queries, and it is not relevant."""
    counts = [entry.counts for entry in entries if entry.counts]
    found = [(one.self_first, one.judged_queries) for one in counts if one.self_first and one.judged_queries]
    count, judged = max(found, key=lambda share: share[0] / share[1], default=(0, 1))
    if count < MANY * judged:
        return []
    return [
        f"up to {count} of {judged} queries of a row have at the top a document of the query's own id, which is not "
        "relevant; where queries are documents, as in ArguAna, write drop_self: true under the collection in the suite"
    ]


def _column(facts: CollectionFacts, missing: str = "") -> Column:
    pair = LanguagePair.parse(facts.pair)
    return Column(
        id=facts.id,
        pair=pair,
        tier=ResourceTier(facts.tier or pair.tier),
        query_language=facts.query_language or language_name(pair.query),
        document_language=facts.document_language or language_name(pair.document),
        documents=facts.documents,
        queries=facts.queries,
        judged_queries=facts.judged_queries,
        judgements=facts.judgements,
        relevant=facts.relevant,
        licence=facts.licence,
        description=facts.description,
        synthetic=facts.synthetic,
        warnings=facts.warnings,
        missing=missing,
    )


class _CellReader:
    """Reads cells with their scores."""

    def __init__(self, store: Store, measures: tuple[str, ...]) -> None:
        self.store = store
        self.measures = measures
        self._versions = {name: measure_version(name) for name in measures}

    def entry(self, cell: BoardCell, record: CellRecord | None) -> Entry:
        """The cell as planned and, if it was run, as recorded."""
        if record is None:
            state = cell.state if cell.state in _WITHOUT_RECORD else CellState.NOT_RUN
            return Entry(state, cell.reason if state is not CellState.NOT_RUN else "")
        if record.error:
            return Entry(CellState.FAILED, record.error.reason, record=record)
        query_ids, scores, versions = self._scores(record)
        return Entry(CellState.DONE, query_ids=query_ids, scores=scores, versions=versions, record=record)

    def _scores(self, record: CellRecord) -> tuple[tuple[str, ...], dict[str, Floats], dict[str, str]]:
        """Kept scores, and computed ones for measures that were not kept, in one order of queries."""
        kept = self.store.scores(record.key)
        queries = kept.queries if kept else ()
        scores = {name: np.array(values, np.float64) for name, values in kept.scores.items()} if kept else {}
        versions = {name: kept.versions.get(name, _UNKNOWN_VERSION) for name in scores} if kept else {}
        wanted = [name for name in self.measures if name not in scores]
        if wanted:
            run, qrels = self.store.run(record.key), self.store.qrels(record.collection.qrels_digest)
            evaluation = evaluate(run, qrels, wanted, same_documents=True)
            queries = queries if kept else tuple(evaluation.query_ids)
            place = {query: i for i, query in enumerate(evaluation.query_ids)}
            if place.keys() != set(queries):
                folder = self.store.cell_folder(record.key)
                raise StoreError(
                    f"the scores in {folder} and the judgements do not have the same queries",
                    hint=f"delete {folder} and run the cell again: {record.command}",
                )
            order = [place[query] for query in queries]
            scores |= {name: evaluation.scores[name][order] for name in wanted}
            versions |= {name: self._versions[name] for name in wanted}
        return (
            queries,
            {name: scores[name] for name in self.measures},
            {name: versions[name] for name in self.measures},
        )
