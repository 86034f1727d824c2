"""Comparisons as Markdown that fits a pull request: changes in a table, unchanged cells collapsed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clir_harness.leaderboards.compare.results import BoardComparison, CellChange, Verdict
from clir_harness.leaderboards.render.comparison_lines import (
    HEADERS,
    LEFT,
    headline,
    lines,
    rules_explained,
    side_said,
    tests_explained,
)
from clir_harness.leaderboards.render.markdown_table import table
from clir_harness.leaderboards.render.plain import markdown_text, shortened

MOST_LINES = 100
"""Cells that a table shows; GitHub cuts comments off at 65,536 characters."""
_MENTION = re.compile(r"(?<!\w)@(?=\w)")
"""Calls somebody in a comment, unless a word joiner follows the sign."""
_LONGEST_NAME = 60
_LONGEST_SIDE = 300


def comparison_markdown(comparison: BoardComparison) -> str:
    """The verdict, a table of the cells and averages that are not unchanged, and a folded one of the others."""
    every = (*comparison.cells, *comparison.averages)
    changed = [cell for cell in every if cell.verdict is not Verdict.UNCHANGED]
    unchanged = [cell for cell in every if cell.verdict is Verdict.UNCHANGED]
    measures = ", ".join(map(markdown_text, comparison.measures))
    parts = [
        f"## {'❌ Failed' if comparison.failed else '✅ Passed'}: {headline(comparison)}",
        f"{measures}: {_clean(side_said(comparison.current), _LONGEST_SIDE)} against "
        f"{_clean(side_said(comparison.base), _LONGEST_SIDE)}.",
    ]
    if changed:
        parts.append(_table(changed))
    if unchanged:
        parts += [f"<details><summary>{len(unchanged):,} unchanged</summary>", _table(unchanged), "</details>"]
    parts.append(" ".join(filter(None, (rules_explained(comparison), tests_explained(comparison)))))
    parts += [_clean(note, _LONGEST_SIDE) for note in comparison.notes]
    return "\n\n".join(parts) + "\n"


def _clean(text: str, longest: int) -> str:
    return _MENTION.sub("@\u2060", markdown_text(shortened(text, longest)))


def _table(cells: Sequence[CellChange]) -> str:
    shown = table(HEADERS, lines(cells[:MOST_LINES], _clean, _LONGEST_NAME), left=LEFT)
    more = len(cells) - MOST_LINES
    return shown + (f"\n\n{more:,} more are not shown; `--json` has all." if more > 0 else "")
