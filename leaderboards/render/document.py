"""Leaderboards as JSON documents. Nothing depends on when or where: the same store gives the same text."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from clir_harness.harness.identity import fingerprint
from clir_harness.harness.record import CellState, Machine
from clir_harness.harness.record_identity import Record, SystemIdentity
from clir_harness.leaderboards.analysis import PARETO_COSTS, Analysis
from clir_harness.leaderboards.entries import BoardRow, Column, Entry, TrackEntry
from clir_harness.leaderboards.json_text import rounded
from clir_harness.leaderboards.leaderboard import Leaderboard
from clir_harness.leaderboards.published import PublishedFigure
from clir_harness.leaderboards.schema import (
    SCHEMA,
    SCHEMA_VERSION,
    BoardDocument,
    BootstrapPart,
    CellPart,
    CollectionPart,
    ComparisonPart,
    ComparisonsPart,
    Interval,
    Provenance,
    ReportedPart,
    RowPart,
    RowTestsPart,
    SuitePart,
    TestsPart,
    TrackPart,
)
from clir_harness.leaderboards.statistics.resampling import CONFIDENCE
from clir_harness.leaderboards.statistics.results import Comparison, Comparisons, Significance
from clir_harness.leaderboards.statistics.significance import SIGNIFICANT

R = TypeVar("R", bound=Record)
PROVENANCE = {"key", "depth", "seed", "finished", "version", "index", "tie_rate", "submission"}
_COSTS = ("index_seconds", "index_bytes", "index_peak_memory_bytes", "search_peak_memory_bytes")
COSTS = (*_COSTS, "search_seconds", "queries_per_second", "latency_p50_ms", "latency_p95_ms")


def make_document(
    analysis: Analysis, reported: Sequence[PublishedFigure] = (), *, per_query: bool = False
) -> BoardDocument:
    """The board as a document.

    Args:
        analysis: the board with its statistics.
        reported: published figures to include.
        per_query: whether to include the score of every query.

    Returns:
        The document.
    """
    return _Maker(analysis, per_query).document(reported)


class _Maker:
    """Collects what cells share, so that the document says it once."""

    def __init__(self, analysis: Analysis, per_query: bool) -> None:
        self.analysis = analysis
        self.board = analysis.board
        self.per_query = per_query
        self.fronts = {
            (measure, cost): analysis.front(measure, cost) for measure in self.board.measures for cost in PARETO_COSTS
        }
        self.machines: _Shared[Machine] = _Shared()
        self.identities: _Shared[SystemIdentity] = _Shared()

    def document(self, reported: Sequence[PublishedFigure]) -> BoardDocument:
        board, analysis = self.board, self.analysis
        bootstrap = None
        if analysis.resamples is not None and analysis.seed is not None:
            bootstrap = BootstrapPart(confidence=CONFIDENCE, resamples=analysis.resamples, seed=analysis.seed)
        rows = tuple(self.row(row) for row in analysis.ranked())
        return BoardDocument(
            schema=SCHEMA,
            schema_version=SCHEMA_VERSION,
            version=board.version,
            suite=SuitePart(name=board.suite, title=board.title, description=board.description, depth=board.depth),
            measures=board.measures,
            collections=tuple(map(_collection, (*board.columns, *board.absent))),
            rows=rows,
            bootstrap=bootstrap,
            tests={measure: _tests(found) for measure, found in analysis.significance.items()},
            tracks=tuple(_track(board, entry) for entry in board.tracks),
            reported=tuple(_reported(board, figure) for figure in reported),
            machines=tuple(self.machines.values),
            identities=tuple(self.identities.values),
            queries={column.id: self.queries(column) for column in board.columns} if self.per_query else None,
        )

    def row(self, row: BoardRow) -> RowPart:
        measures = self.board.measures
        medians = {name: row.median_cost(name) for name in COSTS}
        return RowPart(
            label=row.label,
            system=row.system,
            queries=row.queries,
            settings=row.settings,
            submitted=row.submitted,
            averages={measure: self.board.averages(row, measure) for measure in measures},
            average_intervals={
                measure: _short(by_row.get(row.label, {}))
                for measure, by_row in self.analysis.average_intervals.items()
            },
            ranks={measure: self.analysis.ranks[measure].get(row.label) for measure in measures},
            costs={name: median for name, median in medians.items() if median is not None},
            pareto={
                measure: tuple(cost for cost in PARETO_COSTS if row.label in self.fronts[measure, cost])
                for measure in measures
            },
            cells=tuple(
                self.cell(row, column, entry) for column, entry in zip(self.board.columns, row.entries, strict=True)
            ),
        )

    def cell(self, row: BoardRow, column: Column, entry: Entry) -> CellPart:
        record = entry.record
        system = record.identity.system if record else None
        intervals = {
            measure: by_row[row.label][column.id]
            for measure, by_row in self.analysis.intervals.items()
            if column.id in by_row[row.label]
        }
        return CellPart(
            collection=column.id,
            state=entry.state,
            reason=entry.reason,
            command=entry.command,
            means=entry.means,
            intervals=_short(intervals),
            judged=entry.judged,
            unanswered=entry.unanswered,
            unjudged=entry.unjudged,
            judged_share=entry.judged_share,
            costs=entry.costs,
            machine=self.machines.place(record.machine) if record and record.machine else None,
            identity=self.identities.place(system) if system else None,
            provenance=_provenance(entry),
            scores=self.scores(entry) if self.per_query and entry.state is CellState.DONE else None,
        )

    def queries(self, column: Column) -> tuple[str, ...]:
        """Ids of the judged queries of a collection, sorted; () when no row has a result."""
        place = self.board.columns.index(column)
        found = (row.entries[place] for row in self.board.rows)
        return next((tuple(sorted(entry.query_ids)) for entry in found if entry.query_ids), ())

    @staticmethod
    def scores(entry: Entry) -> dict[str, tuple[float, ...]]:
        order = np.argsort(np.array(entry.query_ids, dtype=object))
        return {name: tuple(np.round(values[order], 6).tolist()) for name, values in entry.scores.items()}


def _provenance(entry: Entry) -> Provenance:
    record = entry.record
    known: dict[str, Any] = {"measures": dict(entry.versions)} if entry.versions else {}
    if record:
        known |= record.model_dump(include=PROVENANCE)
        known |= {"queries": record.identity.queries, "collection": record.identity.collection}
    return Provenance(**known)


class _Shared(Generic[R]):
    """Different values in the order in which they come."""

    def __init__(self) -> None:
        self.values: list[R] = []
        self._places: dict[str, int] = {}

    def place(self, value: R) -> int:
        digest = fingerprint(value)
        if digest not in self._places:
            self._places[digest] = len(self.values)
            self.values.append(value)
        return self._places[digest]


def _short(intervals: Mapping[str, Interval]) -> dict[str, Interval]:
    return {name: (float(f"{low:.6g}"), float(f"{high:.6g}")) for name, (low, high) in intervals.items()}


def _collection(column: Column) -> CollectionPart:
    return CollectionPart(**{**dataclasses.asdict(column), "pair": str(column.pair), "tier": column.tier.value})


def _tests(found: Significance) -> TestsPart:
    return TestsPart(
        test="paired permutation test",
        correction="Holm",
        level=SIGNIFICANT,
        baseline=found.baseline,
        best=found.best,
        tests=found.tests,
        permutations=found.permutations,
        resolution=float(f"{found.resolution:.6g}"),
        rows={
            label: RowTestsPart(baseline=_comparisons(one.against_baseline), best=_comparisons(one.against_best))
            for label, one in found.systems.items()
        },
    )


def _comparisons(found: Comparisons | None) -> ComparisonsPart | None:
    if found is None:
        return None
    return ComparisonsPart(
        pairs={name: _comparison(comparison) for name, comparison in found.pairs.items()},
        macro=None if found.macro is None else _comparison(found.macro),
    )


def _track(board: Leaderboard, part: TrackEntry) -> TrackPart:
    drops = {measure: board.drop(part, measure) for measure in board.measures}
    kept = (part.entry.record and part.entry.record.track) or part.track
    return TrackPart(
        row=part.row,
        collection=part.collection,
        label=part.label,
        kind=part.track.kind,
        rate=part.track.rate,
        lexicon=part.track.lexicon,
        language=part.track.language,
        state=part.entry.state,
        reason=part.entry.reason,
        command=part.entry.command,
        means=part.entry.means,
        drops={measure: drop.absolute for measure, drop in drops.items() if drop},
        relative_drops={
            measure: None if drop.relative is None else rounded(drop.relative)
            for measure, drop in drops.items()
            if drop
        },
        queries_changed=kept.queries_changed,
        words_covered=kept.words_covered,
    )


def _reported(board: Leaderboard, figure: PublishedFigure) -> ReportedPart:
    return ReportedPart(
        **figure.model_dump(exclude={"matches"}), collections=tuple(column.id for column in figure.columns(board))
    )


def _comparison(found: Comparison) -> ComparisonPart:
    """The comparison, rounded to six significant digits."""
    return ComparisonPart(
        difference=rounded(found.difference),
        low=rounded(found.low),
        high=rounded(found.high),
        p=rounded(found.permutation_p),
        t_test_p=rounded(found.t_test_p),
        holm_p=rounded(found.holm_p),
        effect_size=rounded(found.effect_size),
        wins=found.wins,
        ties=found.ties,
        losses=found.losses,
        missing=found.missing,
        significant=found.holm_p < SIGNIFICANT,
    )
