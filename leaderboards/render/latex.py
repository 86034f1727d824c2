"""Leaderboards as LaTeX tables for the package booktabs, one per measure."""

from __future__ import annotations

from collections.abc import Sequence

from clir_harness.leaderboards.analysis import Analysis
from clir_harness.leaderboards.entries import BoardRow
from clir_harness.leaderboards.render import wording
from clir_harness.leaderboards.render.figures import best, score
from clir_harness.leaderboards.render.plain import latex_name, latex_text

_MARK = r"\rlap{$^{\approx}$}"
"""Takes no room, so that numbers stay aligned."""
_NOTHING = "{--}"
_SUBMITTED = r" $\dagger$"
_AVERAGES = ("macro", "high", "low", "gap")


def render_latex(analysis: Analysis) -> str:
    """A `table` per measure; the best value of a column is bold, those not distinguishable from the best row marked.

    Texts are escaped. Letters outside Latin script need a font that has them (XeLaTeX or LuaLaTeX).
    """
    ranked = analysis.ranked()
    head = r"% \usepackage{booktabs} goes into the preamble."
    return "\n\n".join([head, *(_table(analysis, ranked, measure) for measure in analysis.board.measures)]) + "\n"


def _table(analysis: Analysis, rows: Sequence[BoardRow], measure: str) -> str:
    board = analysis.board
    columns = [_cells(analysis, rows, measure, place) for place in range(len(board.columns))]
    for name in _AVERAGES:
        values = [board.averages(row, measure)[name] for row in rows]
        marked = [name == "macro" and wording.is_marked(analysis, measure, row.label, None) for row in rows]
        columns.append(_column(values, marked, mark_best=name != "gap"))
    headers = [*(latex_name(board.header(column)) for column in board.columns), *_AVERAGES]
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{_caption(analysis, measure)}}}",
        rf"\begin{{tabular}}{{l{'r' * len(board.columns)}{'r' * len(_AVERAGES)}}}",
        r"\toprule",
        " & ".join(["system", *headers]) + r" \\",
        r"\midrule",
        *(
            " & ".join([latex_name(row.label) + (_SUBMITTED if row.submitted else ""), *cells]) + r" \\"
            for row, cells in zip(rows, zip(*columns, strict=True), strict=True)
        ),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines)


def _cells(analysis: Analysis, rows: Sequence[BoardRow], measure: str, place: int) -> list[str]:
    collection = analysis.board.columns[place].id
    values = [row.entries[place].means.get(measure) for row in rows]
    return _column(values, [wording.is_marked(analysis, measure, row.label, collection) for row in rows])


def _column(values: Sequence[float | None], marked: Sequence[bool], *, mark_best: bool = True) -> list[str]:
    top = best(values) if mark_best else None
    shown = []
    for value, mark in zip(values, marked, strict=True):
        text = score(value)
        cell = rf"\textbf{{{text}}}" if text and text == top else text.replace("-", "$-$") or _NOTHING
        shown.append(cell + _MARK if mark and text else cell)
    return shown


def _caption(analysis: Analysis, measure: str) -> str:
    board = analysis.board
    averages = latex_text(wording.averages_explained(board)).replace(wording.SUBMITTED, _SUBMITTED)
    parts = [f"{latex_name(board.title)}: {latex_text(measure)}. {averages}"]
    if measure in analysis.significance:
        parts.append(latex_text(wording.tests_explained(analysis, measure)).replace(wording.SAME, r"$\approx$"))
    return " ".join(parts)
