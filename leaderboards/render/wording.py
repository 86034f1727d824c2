"""Explanations of tests, ranks and averages, shared by all formats."""

from __future__ import annotations

from clir_harness.harness.languages import ResourceTier
from clir_harness.leaderboards.analysis import Analysis
from clir_harness.leaderboards.leaderboard import Leaderboard
from clir_harness.leaderboards.render.figures import NOTHING
from clir_harness.leaderboards.render.plain import LONGEST_NAME, shortened
from clir_harness.leaderboards.statistics.significance import SIGNIFICANT

SAME = "≈"
"""Marks values that are not distinguishable from the best row's."""
SUBMITTED = " †"
"""Follows the labels of rows whose runs another tool made."""


def is_marked(analysis: Analysis, measure: str, label: str, collection: str | None) -> bool:
    """Whether a value is not distinguishable from the best row's.

    Args:
        analysis: the board with its statistics.
        measure: one of the board's.
        label: label of the row.
        collection: id of the collection; None for the macro average.

    Returns:
        True if the two were tested and do not differ significantly.
    """
    found = analysis.comparison(measure, label, collection, best=True)
    return found is not None and not found.holm_p < SIGNIFICANT


def averages_explained(board: Leaderboard) -> str:
    """What macro, high, low and gap are over."""
    size = {tier: sum(column.tier is tier for column in board.columns) for tier in ResourceTier}
    everything = len(board.columns) + len(board.absent)
    covered = str(len(board.columns)) if not board.absent else f"{len(board.columns)} of {everything}"
    explained = (
        f"macro: mean over {covered} collections; high: over the high-resource ones ({size[ResourceTier.HIGH]}); "
        f"low: over the low-resource ones ({size[ResourceTier.LOW]}); gap: high minus low. "
        f"{NOTHING}: not run, or an average that is missing because a cell is or because there is nothing to average. "
        "A pair has the tier of the poorer of its languages (Joshi et al. 2020)."
    )
    return explained + (" †: submitted, the run of another tool." if any(row.submitted for row in board.rows) else "")


def tests_explained(analysis: Analysis, measure: str) -> str:
    """Explanation of the tests of a measure and their correction; labels in it are not escaped.

    Args:
        analysis: the board with its statistics.
        measure: a tested measure.

    Returns:
        Sentences.
    """
    found = analysis.significance[measure]
    if found.best is None:
        return f"No row has a result in every collection, so none is the best in {measure} and none is marked."
    if not found.tests:
        return f"There is nothing to compare in {measure}."
    against = f"the best row by macro average, {shortened(found.best, LONGEST_NAME)}"
    if found.baseline is not None and found.baseline != found.best:
        against += f", and the baseline, {shortened(found.baseline, LONGEST_NAME)}"
    more = " (as many as the number of tests needs)" if found.permutations > 10_000 else ""
    return (
        f"{SAME}: not distinguishable from the best row in {measure}. Every row is compared with {against}: "
        f"paired permutation test, two-sided, {found.permutations:,} permutations{more}, Holm-corrected for the "
        f"{found.tests:,} comparisons made, significant below {SIGNIFICANT}. In the macro average, signs are drawn "
        "within each collection."
    )


def differences_explained() -> str:
    """What the columns of comparisons are."""
    return (
        "Differences are of macro averages unless the board is of one collection. Effect size d: mean difference over "
        "the standard deviation of the differences (Cohen's d of paired samples). Missing: queries that only one of "
        "the two systems has."
    )


def ranks_explained() -> str:
    """What the three ways of ranking are."""
    return (
        "Ranks are among the rows with a result in every collection. Borda count: in every collection a row gets 1 for "
        "each row below it and 1/2 for each equal one. Wins: collections in which no row is better. "
    )
