"""Parts of a board: columns (collections), rows (systems), and the entries where they meet."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clir_harness.harness.evaluation import aggregate
from clir_harness.harness.languages import LanguagePair, ResourceTier
from clir_harness.harness.record import CellRecord, CellState, Counts, TrackRecord


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
        missing: why there are no data and what to do about it; otherwise empty.
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
        reason: why there is no result, with the remedy if known; otherwise empty.
        query_ids: the judged queries; empty unless done.
        scores: per measure, a value for each of `query_ids`; shape (judged queries,).
        versions: per measure, what computed it; empty unless done.
        record: the store's record of the cell: command, machine, versions, settings; None when it never ran.
    """

    state: CellState
    reason: str = ""
    query_ids: tuple[str, ...] = field(default=(), repr=False)
    scores: Mapping[str, NDArray[np.float64]] = field(default_factory=dict, repr=False)
    versions: Mapping[str, str] = field(default_factory=dict, repr=False)
    record: CellRecord | None = field(default=None, repr=False)

    @cached_property
    def means(self) -> Mapping[str, float]:
        """Mean over the judged queries by measure, of counts the sum; empty unless done."""
        return {measure: aggregate(measure, values) for measure, values in self.scores.items()}

    @property
    def judged_share(self) -> float | None:
        """Share of the top ten documents that are judged, mean over the judged queries; 0 to 1."""
        return self.record.judged_at_10 if self.record else None

    @property
    def counts(self) -> Counts | None:
        """Queries and documents of the run; None unless done."""
        return self.record.counts if self.record else None

    @property
    def judged(self) -> int | None:
        """Queries the means are over."""
        return self.counts.judged_queries if self.counts else None

    @property
    def unanswered(self) -> int | None:
        """Judged queries for which the system retrieved nothing; each counts 0."""
        return self.counts.unanswered_queries if self.counts else None

    @property
    def unjudged(self) -> int | None:
        """Answered queries without judgements; they are left out."""
        return self.counts.unjudged_queries if self.counts else None

    @property
    def costs(self) -> Mapping[str, float]:
        """Seconds, bytes, queries per second and milliseconds, under the names of the store; empty unless measured."""
        return self.record.costs.plain() if self.record and self.record.costs else {}

    @property
    def command(self) -> str:
        """Command line that runs this cell alone; empty when it never ran."""
        return self.record.command if self.record else ""


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


@dataclass(frozen=True, slots=True)
class TrackEntry:
    """One system on one collection whose queries went through a perturbation.

    Attributes:
        row: label of the row.
        collection: id of the column.
        track: the perturbation.
        entry: what became of it.
    """

    row: str
    collection: str
    track: TrackRecord
    entry: Entry

    @property
    def label(self) -> str:
        """Label for people: `swap 0.05`, `code_switch lexicon/sw-en.tsv 0.3`."""
        return self.track.label


@dataclass(frozen=True, slots=True)
class Drop:
    """What a perturbation costs a system on a collection, by one measure.

    Attributes:
        clean: mean on the queries as they are.
        perturbed: mean on the perturbed ones.
    """

    clean: float
    perturbed: float

    @property
    def absolute(self) -> float:
        """Clean minus perturbed; below 0 when the perturbation helps."""
        return self.clean - self.perturbed

    @property
    def relative(self) -> float | None:
        """Share of the clean mean that is lost; None when that is 0."""
        return self.absolute / self.clean if self.clean else None
