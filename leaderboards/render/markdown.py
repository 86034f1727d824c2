"""Leaderboards as GitHub-flavoured Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from clir_harness.harness.evaluation import is_count
from clir_harness.harness.record import CellState
from clir_harness.leaderboards.analysis import Analysis
from clir_harness.leaderboards.entries import BoardRow, Entry
from clir_harness.leaderboards.leaderboard import Leaderboard
from clir_harness.leaderboards.published import PublishedFigure
from clir_harness.leaderboards.render import wording
from clir_harness.leaderboards.render.figures import NOTHING, best, count, score, share
from clir_harness.leaderboards.render.markdown_sections import collections, costs, reported, tests_and_ranks, tracks
from clir_harness.leaderboards.render.markdown_table import table
from clir_harness.leaderboards.render.plain import markdown_name, markdown_text, shortened

LONGEST_REASON = 300
_SHOWN_AS = {
    CellState.FAILED: "failed",
    CellState.NOT_APPLICABLE: "n/a",
    CellState.MISSING_DATA: "no data",
    CellState.NOT_RUN: NOTHING,
}


def render_markdown(analysis: Analysis, figures: Sequence[PublishedFigure] = ()) -> str:
    """The whole board: a table per measure, tests and ranks, tracks, published figures, reasons, collections, costs.

    Args:
        analysis: the board, with or without tests.
        figures: published figures to show.

    Returns:
        Markdown.
    """
    board, ranked = analysis.board, analysis.ranked()
    reasons = _Reasons(board, ranked)
    parts = [f"# {markdown_text(board.title)}", *_introduction(board)]
    for measure in board.measures:
        parts += [f"## {markdown_text(measure)}", score_table(analysis, measure)]
    parts.append(" ".join([*_marks(analysis), wording.averages_explained(board)]))
    parts += [*reasons.notes(), *_absent(board)]
    parts += tests_and_ranks(analysis, ranked)
    parts += tracks(board)
    parts += reported(figures)
    parts += ["## Queries without an answer", *_unanswered(board, ranked)]
    parts += collections(board)
    parts += costs(analysis, ranked)
    return "\n\n".join(parts) + "\n"


def score_table(analysis: Analysis, measure: str) -> str:
    """The table of one measure: systems by collections, then averages.

    The best value of a column is bold, with all that are equal at three decimals. Values of a tested measure that are
    not distinguishable from the best row's are marked.

    Args:
        analysis: the board, with or without tests.
        measure: one of the board's.

    Returns:
        Markdown.
    """
    board, rows = analysis.board, analysis.ranked()
    reasons = _Reasons(board, rows)
    averages = [board.averages(row, measure) for row in rows]
    columns: list[list[str]] = [
        [markdown_name(row.label) + (wording.SUBMITTED if row.submitted else "") for row in rows]
    ]
    for i, column in enumerate(board.columns):
        entries = [row.entries[i] for row in rows]
        marked = [wording.is_marked(analysis, measure, row.label, column.id) for row in rows]
        scores = _scores([entry.means.get(measure) for entry in entries], marked)
        columns.append([text or reasons.shown(entry) for text, entry in zip(scores, entries, strict=True)])
    for name in ("macro", "high", "low", "gap"):
        marked = [name == "macro" and wording.is_marked(analysis, measure, row.label, None) for row in rows]
        scores = _scores([average[name] for average in averages], marked, mark_best=name != "gap")
        columns.append([text or NOTHING for text in scores])
    headers = ["system", *(markdown_name(board.header(column)) for column in board.columns)]
    return table([*headers, "macro", "high", "low", "gap"], zip(*columns, strict=True))


class _Reasons:
    """Numbers the reasons why cells have no result; cells of the same reason share a number."""

    def __init__(self, board: Leaderboard, ranked: Sequence[BoardRow]) -> None:
        self._cells: dict[tuple[CellState, str], list[str]] = {}
        for row in ranked:
            for column, entry in zip(board.columns, row.entries, strict=True):
                if entry.reason:
                    cell = f"{markdown_name(row.label)} on {markdown_name(board.header(column))}"
                    self._cells.setdefault((entry.state, entry.reason), []).append(cell)

    def shown(self, entry: Entry) -> str:
        """Text in the table for a cell without a result."""
        if not entry.reason:
            return _SHOWN_AS[entry.state]
        return f"{_SHOWN_AS[entry.state]} [{list(self._cells).index((entry.state, entry.reason)) + 1}]"

    def notes(self) -> list[str]:
        """The list of reasons, empty or one block."""
        lines = []
        for number, ((state, reason), cells) in enumerate(self._cells.items(), start=1):
            short = markdown_text(shortened(reason, LONGEST_REASON))
            lines.append(f"- [{number}] {state.value}, {'; '.join(cells)}: {short}")
        return ["\n".join(lines)] if lines else []


def _introduction(board: Leaderboard) -> list[str]:
    parts = [markdown_text(board.description)] if board.description else []
    synthetic = [board.header(column) for column in board.columns if column.synthetic]
    if synthetic:
        which = "All collections" if len(synthetic) == len(board.columns) else ", ".join(map(markdown_name, synthetic))
        parts.append(f"**Synthetic data.** {which}: texts were generated, so scores say nothing about real documents.")
    parts.append(
        f"Suite `{board.suite}`, {board.depth} documents a query at most, clir-harness {markdown_text(board.version)}. "
        "Scores are means over all judged queries; a query that a system does not answer counts 0, queries without "
        "judgements are left out." + _counts(board)
    )
    return parts


def _counts(board: Leaderboard) -> str:
    counts = [markdown_text(measure) for measure in board.measures if is_count(measure)]
    return f" {', '.join(counts)}: a count, summed over queries." if counts else ""


def _marks(analysis: Analysis) -> list[str]:
    return [markdown_text(wording.tests_explained(analysis, measure)) for measure in analysis.significance]


def _scores(values: Sequence[float | None], marked: Sequence[bool], *, mark_best: bool = True) -> list[str]:
    """Values with three decimals, empty where there is none; the best bold when there is something to compare."""
    top = best(values) if mark_best else None
    shown = []
    for value, mark in zip(values, marked, strict=True):
        text = score(value)
        bold = f"**{text}**" if text and text == top else text
        shown.append(f"{bold} {wording.SAME}" if mark and text else bold)
    return shown


def _unanswered(board: Leaderboard, rows: Sequence[BoardRow]) -> list[str]:
    unanswered = [[entry.unanswered for entry in row.entries] for row in rows]
    if not any(number for numbers in unanswered for number in numbers):
        return ["Every finished cell has an answer to every judged query."]
    headers = ["system", *(markdown_name(board.header(column)) for column in board.columns), "share"]
    total = ["judged queries", *(count(column.judged_queries) for column in board.columns), ""]
    lines = []
    for row, numbers in zip(rows, unanswered, strict=True):
        judged = sum(entry.judged or 0 for entry in row.entries)
        lines.append([markdown_name(row.label), *map(count, numbers), share(sum(n or 0 for n in numbers), judged)])
    return [table(headers, [*lines, total])]


def _absent(board: Leaderboard) -> list[str]:
    lines = [
        f"- {markdown_text(column.pair.arrow)} ({markdown_name(column.id)}): {markdown_text(column.missing)}"
        for column in board.absent
    ]
    return ["Without data, and so in no table and no average:", "\n".join(lines)] if lines else []
