"""A leaderboard as text: Markdown, CSV, LaTeX, JSON."""

from __future__ import annotations

from collections.abc import Sequence

from clir_harness.harness.errors import UnknownNameError
from clir_harness.leaderboards.analysis import Analysis, analyse
from clir_harness.leaderboards.leaderboard import Leaderboard
from clir_harness.leaderboards.published import PublishedFigure, figures_for
from clir_harness.leaderboards.render.csv_table import render_csv
from clir_harness.leaderboards.render.document import make_document
from clir_harness.leaderboards.render.latex import render_latex
from clir_harness.leaderboards.render.markdown import render_markdown

FORMATS = ("markdown", "csv", "latex", "json")


def render(
    board: Leaderboard | Analysis,
    form: str = "markdown",
    figures: Sequence[PublishedFigure] | None = None,
    *,
    per_query: bool = False,
) -> str:
    """A leaderboard as text; the same board gives the same text.

    Args:
        board: as read from the store, or analysed; the first measure is tested against the best row otherwise.
        form: `markdown` (a table per measure, then tests, reasons, collections and costs), `csv` (a line per row,
            collection and measure, and per average, track and published figure), `latex` (a booktabs table per
            measure), or `json` (see docs/leaderboards.md).
        figures: published figures to show beside it, not in LaTeX; those that ship when None.
        per_query: whether JSON has the score of every query.

    Returns:
        The text.

    Raises:
        UnknownNameError: no such format.
    """
    if form not in FORMATS:
        raise UnknownNameError("format", form, FORMATS)
    analysis = board if isinstance(board, Analysis) else analyse(board)
    if form == "latex":
        return render_latex(analysis)
    known = figures_for(analysis.board) if figures is None else figures
    if form == "csv":
        return render_csv(analysis, known)
    if form == "json":
        return make_document(analysis, known, per_query=per_query).to_json()
    return render_markdown(analysis, known)
