"""Content of the store as types: the record of a cell, the scores of its queries, the board of a suite.

The JSON on disk has these fields and no others; a field that has its default is not written. `docs/schemas/` holds the
schemas, written from these types.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from clir_harness.harness.record_identity import CellIdentity, CollectionFacts, Record

FORMAT = 1
"""Of records. Goes up when a field changes its meaning or goes; newer ones are not read, older ones have 0."""


class CellState(enum.StrEnum):
    """What is to be done about a cell, or has become of it. Only a cell that is done has scores."""

    DONE = "done"
    TO_DO = "to do"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"
    MISSING_DATA = "missing data"
    NOT_RUN = "not run"


class TrackRecord(Record):
    """A perturbation of queries, and what it did to them.

    Attributes:
        kind: a kind of noise, or `code_switch`.
        rate: above 0, at most 1.
        seed: of the suite.
        lexicon, language: of code-switching: the lexicon as the suite names it, and the language of its words.
        queries_changed: share of the queries whose text is another one now, 0 to 1.
        words_covered: share of the words that the lexicon knows, 0 to 1; None for noise.
    """

    kind: str
    rate: float
    seed: int
    lexicon: str = ""
    language: str = ""
    queries_changed: float | None = None
    words_covered: float | None = None

    @property
    def label(self) -> str:
        """What people read.

        >>> TrackRecord(kind="code_switch", rate=0.3, seed=0, lexicon="lexicon/sw-en.tsv").label
        'code_switch lexicon/sw-en.tsv 0.3'
        """
        return " ".join(filter(None, (self.kind, self.lexicon, f"{self.rate:g}")))


class RowRecord(Record):
    """One line of a board: label, registered system, query variant, settings that differ from the defaults.

    `submitted` says that its runs were made by another tool.
    """

    label: str
    system: str
    queries: str
    settings: Mapping[str, Any] = Field(default_factory=dict)
    submitted: bool = False


class Machine(Record):
    """The machine that ran a cell, as far as it determines speed."""

    processor: str
    cores: int
    memory_bytes: int
    system: str
    python: str


class Failure(Record):
    """Why a cell failed."""

    type: str
    message: str
    hint: str | None = None
    traceback: str = ""

    @property
    def reason(self) -> str:
        """Message and remedy in one line."""
        return self.message + (f"; {self.hint}" if self.hint else "")


class SubmissionRecord(Record):
    """How a run was submitted: file, digest, run tag, lines, user, and warnings."""

    file: str
    sha256: str
    tag: str
    lines: int
    by: str
    warnings: tuple[Mapping[str, Any], ...]


class Counts(Record):
    """Queries and documents of a run.

    Attributes:
        judged_queries: queries the means are over.
        unanswered_queries: of these, those with no document retrieved; each counts 0.
        unjudged_queries: answered queries without judgements, which are left out.
        retrieved: documents in all rankings.
        self_first: judged queries with the document of their own id at the top, which is not relevant.
    """

    judged_queries: int
    unanswered_queries: int
    unjudged_queries: int
    retrieved: int | None = None
    self_first: int | None = None


class IndexCosts(Record):
    """What building an index cost: seconds, bytes on disk, peak resident memory in bytes."""

    index_seconds: float
    index_bytes: int
    index_peak_memory_bytes: int


class Costs(IndexCosts):
    """Costs of a cell; those of its indexes are of their building, whichever cell built them.

    Attributes:
        search_seconds: for all queries.
        queries_per_second: over all queries, in batches where the system takes them.
        latency_p50_ms, latency_p95_ms: of a single query, in milliseconds.
        search_peak_memory_bytes: peak resident memory while searching.
    """

    search_seconds: float
    queries_per_second: float
    latency_p50_ms: float
    latency_p95_ms: float
    search_peak_memory_bytes: int


class CellRecord(Record):
    """One system on one collection: what was run, how, on what, and what it cost; or why it failed.

    Attributes:
        format: of the record, see `FORMAT`.
        key: digest of the identity.
        row, collection, track, depth, seed: what was run; no track where the queries are as they are.
        identity: what the key is a digest of.
        command: command line that runs this cell.
        finished: ISO 8601, UTC.
        machine: that carried it out; None for a submitted run.
        version: of clir-harness.
        status: `done` or `failed`.
        error: why it failed.
        submission: how it was submitted; None for a system.
        counts, tie_rate, judged_at_10, means: of a cell that is done: see `Counts`; the share of documents with the
            score of their neighbour; the mean share of the ten documents at the top that have judgements; means by
            measure.
        index, search: what the system says of its index and of its search.
        costs: see `Costs`; None for a submitted run.
    """

    format: int = 0
    key: str
    row: RowRecord
    collection: CollectionFacts
    track: TrackRecord | None = None
    depth: int
    seed: int | None = None
    identity: CellIdentity
    command: str
    finished: str
    machine: Machine | None = None
    version: str
    status: Literal["done", "failed"]
    error: Failure | None = None
    submission: SubmissionRecord | None = None
    counts: Counts | None = None
    tie_rate: float | None = None
    judged_at_10: float | None = None
    means: Mapping[str, float] = Field(default_factory=dict)
    index: Mapping[str, Any] = Field(default_factory=dict)
    search: Mapping[str, Any] = Field(default_factory=dict)
    costs: Costs | None = None

    @property
    def done(self) -> bool:
        """Whether it has a result."""
        return self.status == "done"

    @property
    def fault(self) -> str:
        """The message of its error; empty when it is done."""
        return self.error.message if self.error else ""


class KeptScores(Record):
    """Scores of a cell's queries.

    Attributes:
        queries: ids of the judged queries.
        scores: by measure, a value a query.
        versions: by measure, what computed it.
    """

    queries: tuple[str, ...]
    scores: Mapping[str, tuple[float, ...]]
    versions: Mapping[str, str] = Field(default_factory=dict)


class BoardCell(Record):
    """A cell of a board as planned; `key` is where its record is.

    Attributes:
        row, collection, pair: label of the row, id of the collection, its language pair.
        key: None when it has not been run and will not be.
        state, reason: see `CellState`; why it is not to be run.
        name, track: of a perturbation; empty and None where the queries are as they are.
        submission: key of the submitted cell, also while it does not fit the suite.
    """

    row: str
    collection: str
    pair: str
    key: str | None
    state: CellState
    reason: str
    name: str = ""
    track: TrackRecord | None = None
    submission: str | None = None


class SuiteHead(Record):
    """The suite of a board."""

    name: str
    title: str
    description: str
    measures: tuple[str, ...]
    depth: int


class Board(Record):
    """Which rows, collections and cells make up the board of a suite.

    Attributes:
        format: of the record, see `FORMAT`.
        suite: the suite's head.
        version: of the harness that planned it.
        rows, collections: in the order of the suite, submitted rows last.
        cells: on the queries as they are.
        tracks: on perturbed queries.
    """

    format: int = 0
    suite: SuiteHead
    version: str
    rows: tuple[RowRecord, ...]
    collections: tuple[CollectionFacts, ...]
    cells: tuple[BoardCell, ...]
    tracks: tuple[BoardCell, ...] = ()
