"""Leaderboards as CSV (RFC 4180, lines end in LF): one line per row, collection and measure, and per average.

Columns: `scope` is `pair` for a cell, or the average's name: `macro`, `high`, `low`, `gap`; `track` for a cell with
perturbed queries; `reported` for a published figure. `mean` is empty where there is no value, never 0, and `low` and
`high` are the ends of its interval. `best_...` and `baseline_...` compare the row with the best one and the baseline.
`judged`, `unanswered` and `unjudged` count queries. Costs are the cell's, in the units their names say. Collections
without data have lines as well; averages leave them out. `submitted` is `yes` for the run
of another tool.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from math import isfinite

from clir_harness.harness.record import CellState
from clir_harness.leaderboards.analysis import Analysis
from clir_harness.leaderboards.entries import BoardRow, Column, Entry
from clir_harness.leaderboards.leaderboard import Leaderboard
from clir_harness.leaderboards.published import PublishedFigure
from clir_harness.leaderboards.render.plain import spreadsheet_text
from clir_harness.leaderboards.statistics.results import Comparison

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
_COMPARED = (
    *("difference", "low", "high", "permutation_p", "t_test_p", "holm_p", "effect_size"),
    *("wins", "ties", "losses", "missing"),
)
FIELDS = (
    *("suite", "scope", "label", "system", "queries", "collection", "pair", "tier", "measure", "mean", "low", "high"),
    *("rank", "borda_count", "borda_rank", "win_count", "win_rank"),
    *(f"best_{name}" for name in _COMPARED),
    *(f"baseline_{name}" for name in _COMPARED),
    *("track", "drop", "relative_drop"),
    *("judged", "unanswered", "unjudged", "judged_share", "state", "reason", *COSTS, "licence", "synthetic"),
    *("command", "submitted", "source"),
)

Line = dict[str, str | int | float | None]


def render_csv(analysis: Analysis, figures: Sequence[PublishedFigure] = ()) -> str:
    """All cells, averages, tracks and published figures as CSV; rows are ranked as in the other formats.

    Args:
        analysis: the board with its statistics.
        figures: published figures to include.

    Returns:
        The text.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, FIELDS, restval="", lineterminator="\n")
    writer.writeheader()
    for line in _lines(analysis, figures):
        line["suite"] = analysis.board.suite
        writer.writerow(
            {name: spreadsheet_text(value) if isinstance(value, str) else value for name, value in line.items()}
        )
    return out.getvalue()


def _lines(analysis: Analysis, figures: Sequence[PublishedFigure]) -> Iterator[Line]:
    board = analysis.board
    for row in analysis.ranked():
        head: Line = {"label": row.label, "system": row.system, "queries": row.queries}
        head["submitted"] = "yes" if row.submitted else "no"
        for measure in board.measures:
            intervals = analysis.intervals.get(measure, {}).get(row.label, {})
            for column, entry in _cells(board, row):
                line = {**head, "measure": measure, "scope": "pair", **_cell(column, entry, measure)}
                yield line | _ends(intervals.get(column.id)) | _compared(analysis, measure, row.label, column.id)
            averages = analysis.average_intervals.get(measure, {}).get(row.label, {})
            for name, average in board.averages(row, measure).items():
                line = {**head, "measure": measure, "scope": name, "mean": average, **_ends(averages.get(name))}
                yield line | (_macro(analysis, measure, row.label) if name == "macro" else {})
    yield from _tracks(board)
    for figure in figures:
        yield {
            "scope": "reported",
            "label": figure.system,
            "collection": figure.collection,
            "pair": " ".join(figure.pairs),
            "measure": figure.measure,
            "mean": figure.value,
            "source": figure.source,
        }


def _cells(board: Leaderboard, row: BoardRow) -> Iterator[tuple[Column, Entry]]:
    yield from zip(board.columns, row.entries, strict=True)
    for column in board.absent:
        yield column, Entry(CellState.MISSING_DATA, column.missing)


def _cell(column: Column, entry: Entry, measure: str) -> Line:
    return {
        "collection": column.id,
        "pair": str(column.pair),
        "tier": column.tier.value,
        "mean": entry.means.get(measure),
        "judged": entry.judged,
        "unanswered": entry.unanswered,
        "unjudged": entry.unjudged,
        "judged_share": entry.judged_share,
        "state": entry.state.value,
        "reason": entry.reason,
        **{name: entry.costs.get(name) for name in COSTS},
        "licence": column.licence,
        "synthetic": "yes" if column.synthetic else "no",
        "command": entry.command,
    }


def _ends(interval: tuple[float, float] | None) -> Line:
    return {} if interval is None else {"low": interval[0], "high": interval[1]}


def _macro(analysis: Analysis, measure: str, label: str) -> Line:
    """Ranks, and comparisons of macro averages."""
    found = _compared(analysis, measure, label, None)
    if ranks := analysis.ranks[measure].get(label):
        found |= {"rank": ranks.mean, "borda_count": ranks.borda_count, "borda_rank": ranks.borda}
        found |= {"win_count": ranks.win_count, "win_rank": ranks.wins}
    return found


def _compared(analysis: Analysis, measure: str, label: str, collection: str | None) -> Line:
    found: Line = {}
    for reference, best in (("best", True), ("baseline", False)):
        if comparison := analysis.comparison(measure, label, collection, best=best):
            found |= {f"{reference}_{name}": _number(comparison, name) for name in _COMPARED}
    return found


def _number(comparison: Comparison, name: str) -> float | None:
    value: float = getattr(comparison, name)
    return value if isfinite(value) else None


def _tracks(board: Leaderboard) -> Iterator[Line]:
    for part in board.tracks:
        row, column = board.row(part.row), board.column(part.collection)
        for measure in board.measures:
            drop = board.drop(part, measure)
            yield {
                **{"scope": "track", "label": row.label, "system": row.system, "queries": row.queries},
                **{"measure": measure, "track": part.label, **_cell(column, part.entry, measure)},
                "drop": drop.absolute if drop else None,
                "relative_drop": drop.relative if drop else None,
            }
