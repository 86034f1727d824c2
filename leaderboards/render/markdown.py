"""Leaderboards as GitHub-flavoured Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tabulate import tabulate

from harness.languages import ResourceTier
from leaderboards.entries import BoardRow, CellState, Entry
from leaderboards.leaderboard import Leaderboard
from leaderboards.render.plain import markdown_text

NOTHING = "–"
LONGEST_REASON = 300
_SHOWN_AS = {
    CellState.FAILED: "failed",
    CellState.NOT_APPLICABLE: "n/a",
    CellState.MISSING_DATA: "no data",
    CellState.NOT_RUN: NOTHING,
}
_COSTS = (
    ("index s", "index_seconds", 1.0),
    ("index MiB", "index_bytes", 2.0**-20),
    ("index peak MiB", "index_peak_memory_bytes", 2.0**-20),
    ("search peak MiB", "search_peak_memory_bytes", 2.0**-20),
    ("queries/s", "queries_per_second", 1.0),
    ("p50 ms", "latency_p50_ms", 1.0),
    ("p95 ms", "latency_p95_ms", 1.0),
)


def render_markdown(board: Leaderboard) -> str:
    """The whole board: what it is, a table per measure, reasons, unanswered queries, collections, costs.

    Rows are ranked by the macro average of the first measure. The best value of a column is bold, with all that
    look the same at three decimals.
    """
    reasons = _Reasons(board)
    ranked = board.ranked()
    parts = [f"# {markdown_text(board.title)}", *_introduction(board)]
    for measure in board.measures:
        parts += [f"## {markdown_text(measure)}", _measure_table(board, ranked, measure, reasons)]
    parts += [_legend(board), *reasons.notes(), *_absent(board)]
    parts += ["## Queries without an answer", *_unanswered(board, ranked)]
    parts += ["## Collections", _collections_table(board), *_warnings(board)]
    parts += ["## Costs", *_costs(ranked)]
    return "\n\n".join(parts) + "\n"


def _table(headers: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """A table of text that is already escaped; `left` columns are aligned left, the others right."""
    align = ["left" if i < left else "right" for i in range(len(headers))]
    return tabulate(list(rows), headers=headers, tablefmt="github", colalign=align, disable_numparse=True)


class _Reasons:
    """Numbers the reasons why cells have no result; cells of the same reason share a number."""

    def __init__(self, board: Leaderboard) -> None:
        self._cells: dict[tuple[CellState, str], list[str]] = {}
        for row in board.ranked():
            for column, entry in zip(board.columns, row.entries, strict=True):
                if entry.reason:
                    cell = f"{markdown_text(row.label)} on {markdown_text(board.header(column))}"
                    self._cells.setdefault((entry.state, entry.reason), []).append(cell)

    def shown(self, entry: Entry) -> str:
        """What stands in the table for a cell without a result."""
        if not entry.reason:
            return _SHOWN_AS[entry.state]
        return f"{_SHOWN_AS[entry.state]} [{list(self._cells).index((entry.state, entry.reason)) + 1}]"

    def notes(self) -> list[str]:
        """The list of reasons, empty or one block."""
        lines = []
        for number, ((state, reason), cells) in enumerate(self._cells.items(), start=1):
            short = markdown_text(reason if len(reason) <= LONGEST_REASON else reason[: LONGEST_REASON - 1] + "…")
            lines.append(f"- [{number}] {state.value}, {'; '.join(cells)}: {short}")
        return ["\n".join(lines)] if lines else []


def _introduction(board: Leaderboard) -> list[str]:
    parts = [markdown_text(board.description)] if board.description else []
    synthetic = [board.header(column) for column in board.columns if column.synthetic]
    if synthetic:
        which = "All collections" if len(synthetic) == len(board.columns) else ", ".join(map(markdown_text, synthetic))
        parts.append(f"**Synthetic data.** {which}: texts were generated, so scores say nothing about real documents.")
    parts.append(
        f"Suite `{board.suite}`, {board.depth} documents a query at most, clir-harness {markdown_text(board.version)}. "
        "Scores are means over all judged queries; a query that a system does not answer counts 0, queries without "
        "judgements are left out."
    )
    return parts


def _measure_table(board: Leaderboard, rows: Sequence[BoardRow], measure: str, reasons: _Reasons) -> str:
    averages = [board.averages(row, measure) for row in rows]
    columns: list[list[str]] = [[markdown_text(row.label) for row in rows]]
    for i in range(len(board.columns)):
        entries = [row.entries[i] for row in rows]
        scores = _scores([entry.means.get(measure) for entry in entries])
        columns.append([score or reasons.shown(entry) for score, entry in zip(scores, entries, strict=True)])
    for name in ("macro", "high", "low", "gap"):
        scores = _scores([average[name] for average in averages], mark_best=name != "gap")
        columns.append([score or NOTHING for score in scores])
    headers = ["system", *(markdown_text(board.header(column)) for column in board.columns)]
    return _table([*headers, "macro", "high", "low", "gap"], zip(*columns, strict=True))


def _scores(values: Sequence[float | None], *, mark_best: bool = True) -> list[str]:
    """Values with three decimals, empty where there is none; the best bold when there is something to compare."""
    shown = ["" if value is None else f"{round(value, 3) + 0.0:.3f}" for value in values]  # + 0.0: no "-0.000"
    there = [value for value in values if value is not None]
    best = f"{max(there):.3f}" if mark_best and len(there) > 1 else None
    return [f"**{text}**" if text and text == best else text for text in shown]


def _legend(board: Leaderboard) -> str:
    size = {tier: sum(column.tier is tier for column in board.columns) for tier in ResourceTier}
    everything = len(board.columns) + len(board.absent)
    covered = str(len(board.columns)) if not board.absent else f"{len(board.columns)} of {everything}"
    parts = [
        f"macro: mean over {covered} collections; high: over the high-resource ones ({size[ResourceTier.HIGH]}); "
        f"low: over the low-resource ones ({size[ResourceTier.LOW]}); gap: high minus low.",
        f"{NOTHING}: not run, or an average that is missing because a cell is or because there is nothing to average.",
        "A pair has the tier of the poorer of its languages (Joshi et al. 2020).",
    ]
    return " ".join(parts)


def _unanswered(board: Leaderboard, rows: Sequence[BoardRow]) -> list[str]:
    unanswered = [[entry.unanswered for entry in row.entries] for row in rows]
    if not any(count for counts in unanswered for count in counts):
        return ["Every finished cell has an answer to every judged query."]
    headers = ["system", *(markdown_text(board.header(column)) for column in board.columns)]
    total = ["judged queries", *(_count(column.judged_queries) for column in board.columns)]
    lines = [[markdown_text(row.label), *map(_count, counts)] for row, counts in zip(rows, unanswered, strict=True)]
    return [_table(headers, [*lines, total])]


def _collections_table(board: Leaderboard) -> str:
    headers = ["collection", "pair", "languages", "tier", "licence"]
    counts = ["documents", "queries", "judged", "judgements"]
    lines = [
        [
            *map(
                markdown_text,
                (
                    f"{column.id} (synthetic)" if column.synthetic else column.id,
                    column.pair.arrow,
                    f"{column.query_language} to {column.document_language}",
                    column.tier.value,
                    column.licence,
                ),
            ),
            *map(_count, (column.documents, column.queries, column.judged_queries, column.judgements)),
        ]
        for column in board.columns
    ]
    return _table([*headers, *counts], lines, left=len(headers))


def _warnings(board: Leaderboard) -> list[str]:
    lines = [
        f"- {markdown_text(column.id)}: {markdown_text(warning)}"
        for column in board.columns
        for warning in column.warnings
    ]
    return ["\n".join(lines)] if lines else []


def _absent(board: Leaderboard) -> list[str]:
    lines = [
        f"- {markdown_text(column.pair.arrow)} ({markdown_text(column.id)}): {markdown_text(column.missing)}"
        for column in board.absent
    ]
    return ["Without data, and so in no table and no average:", "\n".join(lines)] if lines else []


def _costs(rows: Sequence[BoardRow]) -> list[str]:
    lines = []
    for row in rows:
        done = sum(entry.state is CellState.DONE for entry in row.entries)
        medians = [(row.median_cost(name), factor) for _, name, factor in _COSTS]
        shown = [NOTHING if median is None else _amount(median * factor) for median, factor in medians]
        lines.append([markdown_text(row.label), str(done), *shown])
    machines = dict.fromkeys(_machine(entry) for row in rows for entry in row.entries if entry.state is CellState.DONE)
    explained = "Medians over a row's finished cells; latency is of one query at a time."
    if machines:
        several = "Cells ran on different machines, so compare with care" if len(machines) > 1 else "All cells ran on"
        explained += f" {several}: {'; '.join(map(markdown_text, machines))}."
    return [_table(["system", "cells", *(header for header, _, _ in _COSTS)], lines), explained]


def _machine(entry: Entry) -> str:
    machine = entry.record["machine"]
    memory = machine["memory_bytes"] / 2**30
    return f"{machine['processor']}, {machine['cores']} cores, {memory:.0f} GiB, {machine['system']}"


def _count(value: int | None) -> str:
    return NOTHING if value is None else f"{value:,}"


def _amount(value: float) -> str:
    """Three significant digits, whole numbers from 100 on."""
    if 0 < value < 0.001:
        return "\\<0.001"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
