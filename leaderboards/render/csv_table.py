"""Leaderboards as CSV (RFC 4180, lines end in LF): one line per row, collection and measure, and per average.

Columns: `scope` is `pair` for a cell, or the average's name: `macro`, `high`, `low`, `gap`. `mean` is empty where
there is no value, never 0. `judged`, `unanswered` and `unjudged` count queries. Costs are the cell's, in the units
their names say. Collections without data have lines as well; averages leave them out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from leaderboards.entries import BoardRow, CellState, Column, Entry
from leaderboards.leaderboard import Leaderboard
from leaderboards.render.plain import spreadsheet_text

COSTS = (
    "index_seconds",
    "index_bytes",
    "index_peak_memory_bytes",
    "search_seconds",
    "search_peak_memory_bytes",
    "queries_per_second",
    "latency_p50_ms",
    "latency_p95_ms",
)
FIELDS = (
    *("suite", "scope", "label", "system", "queries", "collection", "pair", "tier", "measure", "mean"),
    *("judged", "unanswered", "unjudged", "state", "reason", *COSTS, "licence", "synthetic", "command"),
)

Line = dict[str, str | int | float | None]


def render_csv(board: Leaderboard) -> str:
    """All cells and averages of the board, rows ranked as in the other renderings."""
    out = io.StringIO()
    writer = csv.DictWriter(out, FIELDS, restval="", lineterminator="\n")
    writer.writeheader()
    for line in _lines(board):
        writer.writerow(
            {name: spreadsheet_text(value) if isinstance(value, str) else value for name, value in line.items()}
        )
    return out.getvalue()


def _lines(board: Leaderboard) -> Iterator[Line]:
    for row in board.ranked():
        head: Line = {"suite": board.suite, "label": row.label, "system": row.system, "queries": row.queries}
        for measure in board.measures:
            for column, entry in _cells(board, row):
                yield {**head, "measure": measure, **_cell(column, entry, measure)}
            for name, average in board.averages(row, measure).items():
                yield {**head, "measure": measure, "scope": name, "mean": average}


def _cells(board: Leaderboard, row: BoardRow) -> Iterator[tuple[Column, Entry]]:
    yield from zip(board.columns, row.entries, strict=True)
    for column in board.absent:
        yield column, Entry(CellState.MISSING_DATA, column.missing)


def _cell(column: Column, entry: Entry, measure: str) -> Line:
    return {
        "scope": "pair",
        "collection": column.id,
        "pair": str(column.pair),
        "tier": column.tier.value,
        "mean": entry.means.get(measure),
        "judged": entry.judged,
        "unanswered": entry.unanswered,
        "unjudged": entry.unjudged,
        "state": entry.state.value,
        "reason": entry.reason,
        **{name: entry.costs.get(name) for name in COSTS},
        "licence": column.licence,
        "synthetic": "yes" if column.synthetic else "no",
        "command": entry.command,
    }
