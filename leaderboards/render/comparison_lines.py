"""Comparisons as lines of text, the same for a terminal and for Markdown, and the sentences around them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from clir_harness.leaderboards.compare.results import BoardComparison, CellChange, MeasureChange, SideFacts, Verdict
from clir_harness.leaderboards.compare.rules import Limits
from clir_harness.leaderboards.render.figures import NOTHING, difference, interval, p_value, score

HEADERS = (
    *("verdict", "system", "collection", "measure", "base", "current", "difference", "95 % interval", "p"),
    *("wins/ties/losses", "latency", "memory", "why"),
)
LEFT = 4
"""Columns of text before the numbers."""
LONGEST_REASON = 300


def lines(cells: Iterable[CellChange], clean: Callable[[str, int], str], longest: int) -> Iterator[list[str]]:
    """A line for each measure of each cell; for a cell without measures, one line without numbers.

    Args:
        cells: in the order to show.
        clean: escapes untrusted text for the format and cuts it to a number of characters.
        longest: maximum number of characters of names.

    Returns:
        Columns of each line.
    """
    for cell in cells:
        where = [clean(cell.row, longest), clean(" with ".join(filter(None, (cell.collection, cell.track))), longest)]
        why = clean("; ".join(cell.reasons), LONGEST_REASON)
        costs = [_ratio(cell.latency_ratio), _ratio(cell.memory_ratio)]
        for place, change in enumerate(cell.measures or (None,)):
            verdict = cell.verdict if change is None or len(cell.measures) == 1 else change.verdict
            # Costs and reasons concern the cell: they are in its first line.
            tail = [*costs, why] if place == 0 else ["", "", ""]
            yield [verdict.value, *where, *_numbers(change, clean, longest), *tail]


def _numbers(change: MeasureChange | None, clean: Callable[[str, int], str], longest: int) -> list[str]:
    if change is None:
        return [NOTHING] * 7
    paired = change.paired
    return [
        clean(change.measure, longest),
        score(change.base) or NOTHING,
        score(change.current) or NOTHING,
        NOTHING if change.difference is None else difference(change.difference),
        interval((paired.low, paired.high)) if paired else NOTHING,
        p_value(paired.holm_p) if paired else NOTHING,
        f"{paired.wins}/{paired.ties}/{paired.losses}" if paired else NOTHING,
    ]


def _ratio(value: float | None) -> str:
    return NOTHING if value is None else f"×{value:.2f}"


def headline(comparison: BoardComparison) -> str:
    """How many cells have which verdict: `2 regressed, 75 unchanged`."""
    found = [f"{count:,} {verdict.value}" for verdict, count in comparison.counts.items() if count]
    averages = [cell for cell in comparison.averages if cell.verdict is Verdict.REGRESSED]
    if averages:
        found.append(f"{len(averages):,} macro average{'s' if len(averages) > 1 else ''} regressed")
    return ", ".join(found) or "no cells"


def rules_explained(comparison: BoardComparison) -> str:
    """What the verdicts are by."""
    rules = comparison.rules
    said = f"A cell has changed when {_changed(rules)}."
    for what, limit in (("latency", rules.latency_ratio), ("peak memory", rules.memory_ratio)):
        if limit is not None:
            said += f" It has regressed when its {what} is more than {limit:g} times the base's."
    if rules.overrides:
        said += f" Overrides for some cells: {len(rules.overrides)}."
    return said


def _changed(limits: Limits) -> str:
    parts = []
    if limits.absolute is not None:
        parts.append(f"{limits.absolute:g}")
    if limits.relative is not None:
        parts.append(f"{limits.relative:.3g} of the base's mean")
    moved = f"a mean differs by more than {' and by more than '.join(parts) or '0'}"
    return moved + (f" and the corrected p is below {limits.alpha:g}" if limits.alpha is not None else "")


def tests_explained(comparison: BoardComparison) -> str:
    """Which tests were made; empty without any."""
    if not comparison.tests:
        return ""
    return (
        f"p: paired permutation test, two-sided, {comparison.permutations:,} permutations, Holm-corrected for the "
        f"{comparison.tests:,} tests made; intervals are 95 % bootstrap percentiles."
    )


def side_said(side: SideFacts) -> str:
    """What a side is: its name, suite and version."""
    return f"{side.name} (suite {side.suite}, clir-harness {side.version}, {side.cells:,} cells with a result)"
