"""Sections of a Markdown board after its measures: tests, ranks, tracks, published figures, collections, costs."""

from __future__ import annotations

from collections.abc import Sequence

from clir_harness.harness.record import CellState
from clir_harness.leaderboards.analysis import PARETO_COSTS, Analysis
from clir_harness.leaderboards.entries import BoardRow, Drop, Entry, TrackEntry
from clir_harness.leaderboards.leaderboard import Leaderboard
from clir_harness.leaderboards.published import PublishedFigure
from clir_harness.leaderboards.render import figures, wording
from clir_harness.leaderboards.render.figures import NOTHING, count, score
from clir_harness.leaderboards.render.markdown_table import table
from clir_harness.leaderboards.render.plain import markdown_name, markdown_text
from clir_harness.leaderboards.statistics.results import Comparison

_COSTS = (
    ("index s", "index_seconds", 1.0),
    ("index MiB", "index_bytes", 2.0**-20),
    ("index peak MiB", "index_peak_memory_bytes", 2.0**-20),
    ("search peak MiB", "search_peak_memory_bytes", 2.0**-20),
    ("queries/s", "queries_per_second", 1.0),
    ("p50 ms", "latency_p50_ms", 1.0),
    ("p95 ms", "latency_p95_ms", 1.0),
)
_COST_NAMES = {
    "latency_p50_ms": "median latency",
    "search_peak_memory_bytes": "peak memory in search",
    "index_bytes": "index size",
}


def tests_and_ranks(analysis: Analysis, ranked: Sequence[BoardRow]) -> list[str]:
    """Ranks by the first measure with intervals of means, then differences from the best row and the baseline.

    Args:
        analysis: the board with its statistics.
        ranked: its rows, best first.

    Returns:
        Paragraphs of Markdown.
    """
    measure = analysis.board.measures[0]
    parts = [f"## Ranks by {markdown_text(measure)}", _ranks(analysis, ranked, measure), wording.ranks_explained()]
    if analysis.resamples is not None:
        parts += _other_means(analysis, ranked)
        parts[2] += f"Intervals are 95 % bootstrap percentiles, {analysis.resamples:,} resamples of the queries."
    compared = False
    for tested, found in analysis.significance.items():
        for reference, best in ((found.best, True), (found.baseline, False)):
            if reference is not None and found.tests and (best or reference != found.best):
                compared = True
                parts += [
                    f"## {markdown_text(tested)} against {markdown_name(reference)}",
                    _differences(analysis, ranked, tested, best=best),
                ]
    return [*parts, wording.differences_explained()] if compared else parts


def _other_means(analysis: Analysis, ranked: Sequence[BoardRow]) -> list[str]:
    """Means with intervals of the measures that do not rank, empty without any."""
    measures = analysis.board.measures[1:]
    lines = []
    for row in ranked:
        cells = []
        for measure in measures:
            mean = score(analysis.board.macro(row, measure)) or NOTHING
            ends = analysis.average_intervals.get(measure, {}).get(row.label, {}).get("macro")
            cells.append(f"{mean} ({figures.interval(ends)})" if ends else mean)
        lines.append([markdown_name(row.label), *cells])
    return [table(["system", *map(markdown_text, measures)], lines)] if measures else []


def _ranks(analysis: Analysis, ranked: Sequence[BoardRow], measure: str) -> str:
    lines = []
    for row in ranked:
        ranks = analysis.ranks[measure].get(row.label)
        ends = analysis.average_intervals.get(measure, {}).get(row.label, {}).get("macro")
        mean = score(analysis.board.macro(row, measure)) or NOTHING
        places = [NOTHING] * 5
        if ranks:
            places = [*map(str, (ranks.mean, f"{ranks.borda_count:g}", ranks.borda, ranks.win_count, ranks.wins))]
        lines.append([markdown_name(row.label), mean, figures.interval(ends), *places])
    headers = ["system", "mean", "95 % interval", "rank", "Borda count", "rank", "wins", "rank"]
    return table(headers, lines)


def _differences(analysis: Analysis, ranked: Sequence[BoardRow], measure: str, *, best: bool) -> str:
    """Macro-averaged differences; those of the collection itself, with a t-test, on a board of one."""
    board = analysis.board
    single = board.columns[0].id if len(board.columns) == 1 else None
    lines = []
    for row in ranked:
        found = analysis.comparison(measure, row.label, single, best=best)
        if found:
            lines.append([markdown_name(row.label), *_comparison(found, t_test=single is not None)])
    headers = ["system", "difference", "95 % interval", "p", *(["t-test p"] if single else [])]
    return table([*headers, "Holm p", "effect size d", "wins/ties/losses", "queries", "missing"], lines)


def _comparison(found: Comparison, *, t_test: bool) -> list[str]:
    return [
        figures.difference(found.difference),
        figures.interval((found.low, found.high)),
        figures.p_value(found.permutation_p),
        *([figures.p_value(found.t_test_p)] if t_test else []),
        figures.p_value(found.holm_p),
        figures.effect(found.effect_size),
        f"{found.wins}/{found.ties}/{found.losses}",
        count(found.queries),
        count(found.missing),
    ]


def tracks(board: Leaderboard) -> list[str]:
    """What perturbations cost every system, by the first measure; empty without tracks."""
    if not board.tracks:
        return []
    measure = board.measures[0]
    rows = [*dict.fromkeys(entry.row for entry in board.tracks)]
    names = [*dict.fromkeys(entry.label for entry in board.tracks)]
    found = {(entry.row, entry.label, entry.collection): entry for entry in board.tracks}
    lines = []
    for row in rows:
        for name in names:
            cells = [found.get((row, name, column.id)) for column in board.columns]
            shown = [_drop(board, cell, measure) for cell in cells]
            if any(cell and cell.entry.state is not CellState.NOT_APPLICABLE for cell in cells):
                lines.append([markdown_name(row), markdown_name(name), *shown])
    headers = ["system", "track", *(markdown_name(board.header(column)) for column in board.columns)]
    explained = (
        f"{markdown_text(measure)} on perturbed queries, then how much of the mean on the queries as they are is lost. "
        f"n/a: the track does not apply; {NOTHING}: one of the two has no result."
    )
    return ["## Robustness", table(headers, lines, left=2), explained]


def _drop(board: Leaderboard, part: TrackEntry | None, measure: str) -> str:
    if part is not None and part.entry.state is CellState.NOT_APPLICABLE:
        return "n/a"
    drop: Drop | None = None if part is None else board.drop(part, measure)
    if drop is None:
        return NOTHING
    if drop.relative is None:
        return score(drop.perturbed)
    change = -round(100 * drop.relative)
    return f"{score(drop.perturbed)} ({f'{change:+d}' if change else '0'} %)"


def reported(published: Sequence[PublishedFigure]) -> list[str]:
    """Published figures; empty without any."""
    if not published:
        return []
    lines = [
        [
            markdown_name(figure.system),
            markdown_name(figure.collection),
            ", ".join(pair.replace("-", "→") for pair in figure.pairs),
            markdown_text(figure.measure),
            markdown_text(figure.source),
            score(figure.value),
        ]
        for figure in published
    ]
    headers = ["system", "collection", "pairs", "measure", "source", "value"]
    explained = "Measured by others, elsewhere: in no test, rank or average. With several pairs, a mean over them."
    return ["## Reported, not measured here", table(headers, lines, left=5), explained]


def collections(board: Leaderboard) -> list[str]:
    """The collections with their counts, descriptions and warnings."""
    headers = ["collection", "pair", "languages", "tier", "licence"]
    counts = ["documents", "queries", "judged", "judgements"]
    lines = [
        [
            *map(
                markdown_name,
                (
                    f"{column.id} (synthetic)" if column.synthetic else column.id,
                    column.pair.arrow,
                    f"{column.query_language} to {column.document_language}",
                    column.tier.value,
                    column.licence,
                ),
            ),
            *map(count, (column.documents, column.queries, column.judged_queries, column.judgements)),
        ]
        for column in board.columns
    ]
    notes = [
        f"- {markdown_name(column.id)}: {markdown_text(note)}"
        for column in board.columns
        for note in (column.description, *column.warnings)
        if note
    ]
    return ["## Collections", table([*headers, *counts], lines, left=5), *(["\n".join(notes)] if notes else [])]


def costs(analysis: Analysis, rows: Sequence[BoardRow]) -> list[str]:
    """Medians of costs, the machines, and the Pareto fronts.

    Args:
        analysis: the board with its statistics.
        rows: its rows, best first.

    Returns:
        Paragraphs of Markdown.
    """
    lines = []
    for row in rows:
        done = sum(entry.state is CellState.DONE for entry in row.entries)
        medians = [(row.median_cost(name), factor) for _, name, factor in _COSTS]
        amounts = [NOTHING if median is None else figures.amount(median * factor) for median, factor in medians]
        judged = [entry.judged_share for entry in row.entries if entry.judged_share is not None]
        share = figures.percent(sum(judged) / len(judged) if judged else None)
        lines.append([markdown_name(row.label), str(done), *map(markdown_text, amounts), share])
    ours = [row for row in rows if not row.submitted]
    machines = dict.fromkeys(_machine(entry) for row in ours for entry in row.entries if entry.state is CellState.DONE)
    explained = (
        "Medians over a row's finished cells; latency is of one query at a time. "
        "Judged: share of the top ten documents that are judged."
    )
    if machines:
        several = "Cells ran on different machines, so compare with care" if len(machines) > 1 else "All cells ran on"
        explained += f" {several}: {'; '.join(map(markdown_text, machines))}."
    headers = ["system", "cells", *(header for header, _, _ in _COSTS), "judged"]
    return ["## Costs", table(headers, lines), explained, *_fronts(analysis, rows)]


def _fronts(analysis: Analysis, rows: Sequence[BoardRow]) -> list[str]:
    measure = analysis.board.measures[0]
    lines = []
    for cost in PARETO_COSTS:
        front = analysis.front(measure, cost)
        if labels := [markdown_name(row.label) for row in rows if row.label in front]:
            lines.append(f"- {_COST_NAMES[cost]}: {', '.join(labels)}")
    if not lines:
        return []
    return [
        f"No other row is as good in {markdown_text(measure)} (macro) and costs less (Pareto front):",
        "\n".join(lines),
    ]


def _machine(entry: Entry) -> str:
    assert entry.record is not None
    assert entry.record.machine is not None
    machine = entry.record.machine
    memory = machine.memory_bytes / 2**30
    return f"{machine.processor}, {machine.cores} cores, {memory:.0f} GiB, {machine.system}"
