"""Comparison of two sides: matches, tests and judges cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

from clir_harness.harness.evaluation import is_count
from clir_harness.harness.measures import Floats
from clir_harness.harness.progress import Progress, no_progress
from clir_harness.harness.record import CellState
from clir_harness.leaderboards.comparability import Place
from clir_harness.leaderboards.compare.paired_changes import (
    Block,
    PairedChange,
    PairedChanges,
    RowMeasure,
    paired_changes,
)
from clir_harness.leaderboards.compare.results import (
    COMPARED,
    MACRO,
    BoardComparison,
    CellChange,
    MeasureChange,
    SideFacts,
    Verdict,
)
from clir_harness.leaderboards.compare.rules import Rules
from clir_harness.leaderboards.compare.sides import Side, SideCell
from clir_harness.leaderboards.compare.verdicts import LATENCY, MEMORY, differing_facts, judged_cell, ratio_of

_NO_CELL = SideCell(CellState.NOT_RUN, "not on this board")


def compare_sides(
    base: Side,
    current: Side,
    rules: Rules,
    *,
    tests: bool = True,
    seed: int = 0,
    progress: Progress = no_progress,
) -> BoardComparison:
    """Compare two sides cell by cell; both were read for the same measures.

    Args:
        base: the earlier side.
        current: the side that is judged.
        rules: rules of the verdicts.
        tests: whether to test differences where both sides have per-query scores.
        seed: seed of tests and intervals.
        progress: called after each collection, for the tests and for the intervals.

    Returns:
        The comparison, cells in order of their verdicts, worst first.
    """
    places = list(dict.fromkeys((*base.cells, *current.cells)))
    pairs = {place: (base.cells.get(place, _NO_CELL), current.cells.get(place, _NO_CELL)) for place in places}
    there = {place: both for place, both in pairs.items() if CellState.DONE in (both[0].state, both[1].state)}
    differing = {place: differing_facts(*both, base.measures) for place, both in there.items() if _both_done(both)}
    comparable = {place: there[place] for place, found in differing.items() if not found}
    found = None
    if tests and (differences := _differences(comparable, base.measures)):
        found = paired_changes(differences, seed=seed, progress=progress)
    cells = [
        _compared(place, both, base.measures, rules, found)
        if place in comparable
        else _without_comparison(place, both, base.measures, differing.get(place, ()))
        for place, both in there.items()
    ]
    return BoardComparison(
        base=_facts(base),
        current=_facts(current),
        rules=rules,
        measures=base.measures,
        cells=_ordered(cells),
        averages=_ordered(_averages(cells, base.measures, rules, found)),
        tests=found.tests if found else 0,
        permutations=found.permutations if found else 0,
        notes=tuple(_notes(comparable, rules, places, len(pairs) - len(there), tested=tests)),
    )


def _both_done(both: tuple[SideCell, SideCell]) -> bool:
    return both[0].state is both[1].state is CellState.DONE


def _facts(side: Side) -> SideFacts:
    done = sum(cell.state is CellState.DONE for cell in side.cells.values())
    return SideFacts(side.name, side.kind, side.suite, side.version, done)


def _differences(
    comparable: Mapping[Place, tuple[SideCell, SideCell]], measures: Sequence[str]
) -> dict[Block, dict[RowMeasure, Floats]]:
    """Current minus base by collection and track, row and measure, of the cells that both have the scores of.

    Counts are sums, which tests and intervals of means say nothing about.
    """
    found: dict[Block, dict[RowMeasure, Floats]] = {}
    for (row, collection, track), (base, current) in comparable.items():
        if base.query_ids and current.query_ids:
            block = found.setdefault((collection, track), {})
            for name in (name for name in measures if not is_count(name)):
                block[row, name] = (current.scores[name] - base.scores[name]).round(12)
    return found


def _compared(
    place: Place,
    both: tuple[SideCell, SideCell],
    measures: Sequence[str],
    rules: Rules,
    found: PairedChanges | None,
) -> CellChange:
    row, collection, track = place
    paired: Mapping[RowMeasure, PairedChange] = found.cells.get((collection, track), {}) if found else {}
    changes = [
        MeasureChange(name, both[0].means[name], both[1].means[name], Verdict.UNCHANGED, paired.get((row, name)))
        for name in measures
    ]
    return judged_cell(place, changes, rules, ratio_of(*both, LATENCY), ratio_of(*both, MEMORY))


def _without_comparison(
    place: Place, both: tuple[SideCell, SideCell], measures: Sequence[str], differing: tuple[str, ...]
) -> CellChange:
    base, current = both
    if differing:
        return CellChange(*place, Verdict.NOT_COMPARABLE, differing)
    verdict, absent = (Verdict.NEW, base) if current.state is CellState.DONE else (Verdict.MISSING, current)
    reason = f"{absent.state.value}: {absent.reason}" if absent.reason else absent.state.value
    means = [MeasureChange(name, base.means.get(name), current.means.get(name), verdict) for name in measures]
    return CellChange(*place, verdict, (reason if verdict is Verdict.MISSING else f"base: {reason}",), tuple(means))


def _averages(
    cells: Sequence[CellChange], measures: Sequence[str], rules: Rules, found: PairedChanges | None
) -> list[CellChange]:
    """Macro averages of the rows that were compared on every collection with any comparison, if there are several."""
    compared: dict[str, dict[str, CellChange]] = {}
    for cell in cells:
        if not cell.track and cell.verdict in COMPARED:
            compared.setdefault(cell.row, {})[cell.collection] = cell
    collections = {collection for by_collection in compared.values() for collection in by_collection}
    averages = []
    for row, by_collection in compared.items():
        if len(by_collection) == len(collections) > 1:
            changes = []
            for place, name in enumerate(measures):
                of_cells = [cell.measures[place] for cell in by_collection.values()]
                tested = all(change.paired for change in of_cells)
                changes.append(
                    MeasureChange(
                        name,
                        fmean(change.base for change in of_cells if change.base is not None),
                        fmean(change.current for change in of_cells if change.current is not None),
                        Verdict.UNCHANGED,
                        found.macro.get((row, name)) if found and tested else None,
                    )
                )
            averages.append(judged_cell((row, MACRO, ""), changes, rules))
    return averages


def _ordered(cells: Iterable[CellChange]) -> tuple[CellChange, ...]:
    order = list(Verdict)
    return tuple(sorted(cells, key=lambda cell: (order.index(cell.verdict), -cell.largest)))


def _notes(
    comparable: Mapping[Place, tuple[SideCell, SideCell]],
    rules: Rules,
    places: Sequence[Place],
    without: int,
    *,
    tested: bool,
) -> Iterable[str]:
    """What else to know."""
    both = comparable.values()
    if without:
        yield f"Cells without a result on either side: {without}."
    untested = sum(not (base.query_ids and current.query_ids) for base, current in both)
    if untested and tested:
        yield f"Cells without per-query scores on one side, judged by tolerance and not tested: {untested}."
    if any(base.machine != current.machine for base, current in both if base.machine and current.machine):
        yield "Costs were measured on different machines."
    limits = [rules.limits(row, collection, None) for row, collection, _ in comparable]
    for what, cost, name in (("latency", LATENCY, "latency_ratio"), ("peak memory", MEMORY, "memory_ratio")):
        unknown = sum(
            getattr(limit, name) is not None and ratio_of(*cells, cost) is None
            for limit, cells in zip(limits, both, strict=True)
        )
        if unknown:
            yield f"Cells whose {what} is not known on both sides, so that it was not judged: {unknown}."
    for number, override in enumerate(rules.overrides, start=1):
        known = {(row, collection) for row, collection, _ in places}
        known |= {(row, MACRO) for row, _ in known}
        if not any(override.matches(*where, override.measures) for where in known):
            yield f"Override {number} of the rules ({override.rows} on {override.collections}) matches no cell."
