"""The leaderboard of a suite as values: rows are systems, columns are language pairs, cells keep what became of them.

Means are over all judged queries of a cell. Averages are means of those means, so every pair counts alike. A cell
without a result makes every average it belongs to missing; a pair whose data nobody had is not a column at all and
is kept apart, in `absent`.
"""

from __future__ import annotations

import enum
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import UnknownNameError
from harness.languages import LanguagePair, ResourceTier
from harness.store import Store


class CellState(enum.StrEnum):
    """What became of a cell. Only a cell that is done has scores."""

    DONE = "done"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"
    MISSING_DATA = "missing data"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Column:
    """One test collection of the board. Counts are None when its data was never there.

    Attributes:
        id: e.g. `afriqa/sw-en`.
        pair, tier: its languages and the tier of the poorer of them.
        query_language, document_language: English names.
        documents, queries, judged_queries, judgements, relevant: counts; `relevant` is of judgements.
        licence: as published; "unknown" when the source does not say.
        description: one sentence, may be empty.
        synthetic: whether its texts were generated.
        warnings: what validation found that does not keep it from being scored.
        missing: why there is no data and what to do about it; empty when there is.
    """

    id: str
    pair: LanguagePair
    tier: ResourceTier
    query_language: str
    document_language: str
    documents: int | None = None
    queries: int | None = None
    judged_queries: int | None = None
    judgements: int | None = None
    relevant: int | None = None
    licence: str = "unknown"
    description: str = ""
    synthetic: bool = False
    warnings: tuple[str, ...] = ()
    missing: str = ""


@dataclass(frozen=True)
class Entry:
    """One system on one collection.

    Attributes:
        state: whether there is a result, and why not.
        reason: why there is no result, with the remedy where one is known; empty otherwise.
        query_ids: the judged queries; empty unless done.
        scores: per measure, a value for each of `query_ids`; shape (judged queries,).
        record: the store's record of the cell: command, machine, versions, settings; empty when it never ran.
    """

    state: CellState
    reason: str = ""
    query_ids: tuple[str, ...] = field(default=(), repr=False)
    scores: Mapping[str, NDArray[np.float64]] = field(default_factory=dict, repr=False)
    record: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def means(self) -> Mapping[str, float]:
        """Mean over the judged queries, by measure; empty unless done."""
        return {measure: float(values.mean()) for measure, values in self.scores.items()}

    @property
    def judged(self) -> int | None:
        """Queries the means are over."""
        return self._count("judged_queries")

    @property
    def unanswered(self) -> int | None:
        """Judged queries for which the system retrieved nothing; each counts 0."""
        return self._count("unanswered_queries")

    @property
    def unjudged(self) -> int | None:
        """Answered queries without judgements; they are left out."""
        return self._count("unjudged_queries")

    def _count(self, name: str) -> int | None:
        count = self.record.get("counts", {}).get(name)
        return None if count is None else int(count)

    @property
    def costs(self) -> Mapping[str, float]:
        """Seconds, bytes, queries per second and milliseconds, under the names of the store; empty unless done."""
        return dict(self.record.get("costs", {}))

    @property
    def command(self) -> str:
        """Command line that carries out this cell alone; empty when it never ran."""
        return str(self.record.get("command", ""))


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One system with its settings and query wording.

    Attributes:
        label: unique on the board.
        system: registered name; the label, when it was submitted.
        queries: variant of the queries it gets.
        settings: those that differ from the system's defaults.
        entries: one per column, in the order of the board's columns.
        submitted: whether its runs were made by another tool and submitted.
    """

    label: str
    system: str
    queries: str
    settings: Mapping[str, Any]
    entries: tuple[Entry, ...]
    submitted: bool = False

    def median_cost(self, name: str) -> float | None:
        """Median of a cost over the row's finished cells, None when there is none."""
        values = [entry.costs[name] for entry in self.entries if name in entry.costs]
        return statistics.median(values) if values else None


@dataclass(frozen=True)
class Leaderboard:
    """A suite's results.

    Attributes:
        suite, title, description, depth: of the suite.
        version: version of the harness that planned the board.
        measures: names of the measures, the one that ranks the rows first.
        columns: collections with data, in the order of the suite.
        absent: collections without data for any row; no average is over them.
        rows: in the order of the suite.
    """

    suite: str
    title: str
    description: str
    depth: int
    version: str
    measures: tuple[str, ...]
    columns: tuple[Column, ...]
    absent: tuple[Column, ...]
    rows: tuple[BoardRow, ...]

    @classmethod
    def from_store(cls, store: Store | Path | str, suite: str, measures: Sequence[str] | None = None) -> Leaderboard:
        """Read the board of a suite; nothing is run, but measures that were not kept are computed from the runs.

        Args:
            store: an opened store, or its folder.
            suite: name of a suite that was run into it.
            measures: names of measures in ir-measures' language; the suite's own when None or empty.

        Raises:
            UnknownNameError: no such suite in the store, or no such measure.
            UsageError: a measure that is malformed or that nothing installed computes.
            StoreError: the store cannot be read, holds no results, or its cells cannot stand on one board because
                they differ in depth, or in documents, judgements or queries of the same collection.

        >>> board = Leaderboard.from_store("results", "embedded", ["AP", "Bpref"])     # doctest: +SKIP
        >>> print(board.to_markdown())                                                 # doctest: +SKIP
        """
        from leaderboards.reading import read_leaderboard

        return read_leaderboard(store, suite, measures)

    def header(self, column: Column) -> str:
        """What a column is called: its pair, `sw→en`, or its id when another collection has the same pair."""
        pairs = Counter(other.pair for other in (*self.columns, *self.absent))
        return column.pair.arrow if pairs[column.pair] == 1 else column.id

    def ranked(self) -> list[BoardRow]:
        """Rows by macro average of the first measure, best first; rows without one come last, in suite order."""

        def place(row: BoardRow) -> tuple[bool, float]:
            average = self.macro(row, self.measures[0])
            return average is None, -(average or 0.0)

        return sorted(self.rows, key=place)

    def macro(self, row: BoardRow, measure: str) -> float | None:
        """Mean over all columns; None when a cell has no result.

        Raises:
            UnknownNameError: when the board does not have the measure; so do the other averages.
        """
        return self._mean(row, measure, tuple(ResourceTier))

    def tier_mean(self, row: BoardRow, measure: str, tier: ResourceTier) -> float | None:
        """Mean over the columns of a tier; None when a cell of them has no result or the board has no such column."""
        return self._mean(row, measure, (tier,))

    def gap(self, row: BoardRow, measure: str) -> float | None:
        """High-resource mean minus low-resource mean; None when either is missing."""
        high = self.tier_mean(row, measure, ResourceTier.HIGH)
        low = self.tier_mean(row, measure, ResourceTier.LOW)
        return None if high is None or low is None else high - low

    def averages(self, row: BoardRow, measure: str) -> dict[str, float | None]:
        """All averages of a row, by the names that tables give them: macro, high, low, gap."""
        return {
            "macro": self.macro(row, measure),
            "high": self.tier_mean(row, measure, ResourceTier.HIGH),
            "low": self.tier_mean(row, measure, ResourceTier.LOW),
            "gap": self.gap(row, measure),
        }

    def _mean(self, row: BoardRow, measure: str, tiers: Sequence[ResourceTier]) -> float | None:
        if measure not in self.measures:
            raise UnknownNameError("measure of this board", measure, self.measures)
        entries = [entry for column, entry in zip(self.columns, row.entries, strict=True) if column.tier in tiers]
        means = [entry.means[measure] for entry in entries if entry.state is CellState.DONE]
        return statistics.fmean(means) if means and len(means) == len(entries) else None

    def to_markdown(self) -> str:
        """The board as GitHub-flavoured Markdown: a table per measure, then reasons, collections and costs."""
        from leaderboards.render.markdown import render_markdown

        return render_markdown(self)

    def to_csv(self) -> str:
        """The board as CSV, a line per row, collection and measure, and per average."""
        from leaderboards.render.csv_table import render_csv

        return render_csv(self)

    def to_json(self) -> str:
        """The board as a JSON document; the same store gives the same text."""
        from leaderboards.render.json_document import render_json

        return render_json(self)
