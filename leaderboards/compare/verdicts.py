"""Verdicts on single cells, by the rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clir_harness.leaderboards.compare.results import CellChange, MeasureChange, Verdict
from clir_harness.leaderboards.compare.rules import Limits, Rules
from clir_harness.leaderboards.compare.sides import SideCell

LATENCY = "latency_p50_ms"
MEMORY = "search_peak_memory_bytes"
_SLACK = 1e-9
"""What rounding may add to a difference that is exactly the tolerance."""


def measure_verdict(change: MeasureChange, limits: Limits) -> tuple[Verdict, str]:
    """The verdict on one measure; see docs/compare.md.

    Args:
        change: the measure on both sides.
        limits: what is tolerated.

    Returns:
        The verdict and its reason; the reason is empty for `unchanged`.
    """
    difference = change.difference
    assert difference is not None
    assert change.base is not None
    tolerated = limits.tolerated(change.base)
    if abs(difference) <= tolerated + _SLACK:
        return Verdict.UNCHANGED, ""
    tested = ""
    if limits.alpha is not None:
        if change.paired is None:
            tested = ", not tested without per-query scores"
        elif not change.paired.holm_p < limits.alpha:
            return Verdict.UNCHANGED, ""
        else:
            tested = f", corrected p below {limits.alpha:g}"
    verdict, moved = (Verdict.REGRESSED, "lost") if difference < 0 else (Verdict.IMPROVED, "gained")
    more = f", more than {tolerated:.4g}" if tolerated else ""
    return verdict, f"{change.measure} {moved} {abs(difference):.4g}{more}{tested}"


def cost_verdict(what: str, ratio: float | None, limit: float | None) -> tuple[Verdict, str]:
    """The verdict on a cost: improved when the ratio is below 1 / `limit`.

    Args:
        what: name of the cost, for the reason.
        ratio: current over base; None if unknown.
        limit: tolerated ratio; None if it is not judged.

    Returns:
        The verdict and its reason; the reason is empty for `unchanged`.
    """
    if ratio is None or limit is None or 1 / limit - _SLACK <= ratio <= limit + _SLACK:
        return Verdict.UNCHANGED, ""
    if ratio > limit:
        return Verdict.REGRESSED, f"{what} is {ratio:.3g} times the base's, more than {limit:g}"
    return Verdict.IMPROVED, f"{what} is {ratio:.3g} times the base's"


def overall(verdicts: Iterable[Verdict]) -> Verdict:
    """Regressed when one is, else improved when one is, else unchanged."""
    found = set(verdicts)
    return next((one for one in (Verdict.REGRESSED, Verdict.IMPROVED) if one in found), Verdict.UNCHANGED)


def judged_cell(
    place: tuple[str, str, str],
    measures: Sequence[MeasureChange],
    rules: Rules,
    latency_ratio: float | None = None,
    memory_ratio: float | None = None,
) -> CellChange:
    """A cell with its verdict.

    Args:
        place: row, collection and track.
        measures: the measures on both sides; their verdicts are replaced.
        rules: rules of the verdicts.
        latency_ratio: median latency, current over base; None if unknown.
        memory_ratio: peak memory in search, current over base; None if unknown.

    Returns:
        The cell with the worst verdict of its measures and costs.
    """
    row, collection, track = place
    found = [measure_verdict(change, rules.limits(row, collection, change.measure)) for change in measures]
    limits = rules.limits(row, collection, None)
    costs = [
        cost_verdict("median latency", latency_ratio, limits.latency_ratio),
        cost_verdict("peak memory in search", memory_ratio, limits.memory_ratio),
    ]
    judged = [
        MeasureChange(change.measure, change.base, change.current, verdict, change.paired)
        for change, (verdict, _) in zip(measures, found, strict=True)
    ]
    return CellChange(
        row,
        collection,
        track,
        overall(verdict for verdict, _ in (*found, *costs)),
        tuple(reason for _, reason in (*found, *costs) if reason),
        tuple(judged),
        latency_ratio,
        memory_ratio,
    )


def ratio_of(base: SideCell, current: SideCell, cost: str) -> float | None:
    """Ratio of a cost, current over base.

    Args:
        base: cell of the base.
        current: cell of the current side.
        cost: name of the cost.

    Returns:
        The ratio; None when one of the two is unknown or the base's is 0.
    """
    before, after = base.costs.get(cost), current.costs.get(cost)
    return after / before if before and after is not None else None


def differing_facts(base: SideCell, current: SideCell, measures: Sequence[str]) -> tuple[str, ...]:
    """Facts that make two results incomparable.

    Args:
        base: cell of the base.
        current: cell of the current side.
        measures: names of the measures to compare.

    Returns:
        Every fact that differs, with both values; empty when the results are comparable.
    """
    found = []
    for name in dict.fromkeys((*base.facts, *current.facts)):
        before, after = base.facts.get(name), current.facts.get(name)
        if before is not None and after is not None and before != after:
            found.append(f"other {name}: {before} and {after}")
    for name in measures:
        before, after = base.versions.get(name), current.versions.get(name)
        if before != after:
            found.append(f"other versions of {name}: {before} and {after}")
    if not found and base.query_ids and current.query_ids and base.query_ids != current.query_ids:
        found.append(f"other judged queries: {len(base.query_ids)} and {len(current.query_ids)}")
    return tuple(found)
