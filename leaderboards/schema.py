"""The board as a JSON document: its schema as types, and the reader.

The schema is described in docs/leaderboards.md. `BoardDocument` is what `clir leaderboard --format json` writes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_serializer

from clir_harness.harness.errors import DataError, MissingDataError
from clir_harness.harness.record import CellState, Machine, SubmissionRecord
from clir_harness.harness.record_identity import CollectionIdentity, QueriesIdentity, Record, SystemIdentity
from clir_harness.harness.settings import faults
from clir_harness.leaderboards.json_text import write_lines
from clir_harness.leaderboards.statistics.ranking import Ranks

SCHEMA = "clir-harness/leaderboard"
SCHEMA_VERSION = 2
Interval = tuple[float, float]
Value = float | None
"""None where there is none, also where a number would be infinite."""


class Part(BaseModel):
    """A part of the document; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SuitePart(Part):
    """The suite."""

    name: str
    title: str
    description: str
    depth: int


class CollectionPart(Part):
    """One collection; counts are None when its data was never there, and `missing` then says why."""

    id: str
    pair: str
    tier: Literal["high", "medium", "low"]
    query_language: str
    document_language: str
    description: str
    licence: str
    synthetic: bool
    warnings: tuple[str, ...]
    documents: int | None
    queries: int | None
    judged_queries: int | None
    judgements: int | None
    relevant: int | None
    missing: str


class Provenance(Record):
    """Where a cell comes from, as far as it got; fields as in the store's record of it, and in its identity.

    Attributes:
        measures: by measure, what computed it.
    """

    key: str = ""
    depth: int | None = None
    seed: int | None = None
    finished: str = ""
    version: str = ""
    index: Mapping[str, Any] = Field(default_factory=dict)
    tie_rate: float | None = None
    submission: SubmissionRecord | None = None
    queries: QueriesIdentity | None = None
    collection: CollectionIdentity | None = None
    measures: Mapping[str, str] = Field(default_factory=dict)


class CellPart(Part):
    """One row on one collection.

    Attributes:
        machine, identity: places in the document's lists.
        scores: by measure, in the order of the document's `queries` of the collection; only when asked for.
    """

    collection: str
    state: CellState
    reason: str
    command: str
    means: Mapping[str, float]
    intervals: Mapping[str, Interval]
    judged: int | None
    unanswered: int | None
    unjudged: int | None
    judged_share: float | None
    costs: Mapping[str, float]
    machine: int | None
    identity: int | None
    provenance: Provenance
    scores: Mapping[str, tuple[float, ...]] | None = None

    @field_serializer("provenance")
    def _as_far_as_it_got(self, provenance: Provenance) -> dict[str, Any]:
        return provenance.plain()


class RowPart(Part):
    """One system with its settings and query wording. All mappings are by measure, `costs` by cost.

    Attributes:
        averages: by measure: macro, high, low, gap; None when a cell of the set has no result.
        average_intervals: by measure, for averages that exist.
        submitted: whether its runs were made by another tool and submitted.
        ranks: by measure; None unless there is a result in every collection.
        costs: medians over the finished cells.
        pareto: by measure: the costs against which the row is on the Pareto front.
    """

    label: str
    system: str
    queries: str
    settings: Mapping[str, Any]
    submitted: bool
    averages: Mapping[str, Mapping[str, Value]]
    average_intervals: Mapping[str, Mapping[str, Interval]]
    ranks: Mapping[str, Ranks | None]
    costs: Mapping[str, float]
    pareto: Mapping[str, tuple[str, ...]]
    cells: tuple[CellPart, ...]


class ComparisonPart(Part):
    """A row against a reference; see `clir_harness.leaderboards.statistics.results.Comparison`."""

    difference: Value
    low: Value
    high: Value
    p: Value
    t_test_p: Value
    holm_p: Value
    effect_size: Value
    wins: int
    ties: int
    losses: int
    missing: int
    significant: bool


class ComparisonsPart(Part):
    """A row against one reference: by collection, and macro-averaged where all collections can be compared."""

    pairs: Mapping[str, ComparisonPart]
    macro: ComparisonPart | None


class RowTestsPart(Part):
    """A row against the baseline and the best; None for the reference itself and where there is none."""

    baseline: ComparisonsPart | None
    best: ComparisonsPart | None


class TestsPart(Part):
    """Tests of one measure."""

    test: Literal["paired permutation test"]
    correction: Literal["Holm"]
    level: float
    baseline: str | None
    best: str | None
    tests: int
    permutations: int
    resolution: float
    rows: Mapping[str, RowTestsPart]


class BootstrapPart(Part):
    """How intervals were made."""

    confidence: float
    resamples: int
    seed: int


class TrackPart(Part):
    """One row on one collection with perturbed queries. `drops` are clean minus perturbed, by measure."""

    row: str
    collection: str
    label: str
    kind: str
    rate: float
    lexicon: str
    language: str
    state: CellState
    reason: str
    command: str
    means: Mapping[str, float]
    drops: Mapping[str, float]
    relative_drops: Mapping[str, Value]
    queries_changed: float | None
    words_covered: float | None


class ReportedPart(Part):
    """A published figure: measured elsewhere, and no part of tests, ranks and averages."""

    system: str
    collection: str
    collections: tuple[str, ...]
    pairs: tuple[str, ...]
    measure: str
    value: float
    source: str


class BoardDocument(Part):
    """A board. The field that JSON calls `schema` is `schema_name` here."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_name: str = Field(alias="schema")
    schema_version: int
    version: str
    suite: SuitePart
    measures: tuple[str, ...] = Field(min_length=1)
    collections: tuple[CollectionPart, ...]
    rows: tuple[RowPart, ...]
    bootstrap: BootstrapPart | None
    tests: Mapping[str, TestsPart]
    tracks: tuple[TrackPart, ...]
    reported: tuple[ReportedPart, ...]
    machines: tuple[Machine, ...]
    identities: tuple[SystemIdentity, ...]
    queries: Mapping[str, tuple[str, ...]] | None

    def to_json(self) -> str:
        """The document as text: keys sorted, a row's cells and a list's items on lines of their own."""
        value = self.model_dump(mode="json", by_alias=True)
        for row in value["rows"]:
            for cell in row["cells"]:
                if cell["scores"] is None:
                    del cell["scores"]
        return write_lines(value, 4)


def read_board(path: Path | str) -> BoardDocument:
    """A board from the JSON document that `clir leaderboard --format json` wrote.

    Raises:
        MissingDataError: there is no such file.
        DataError: it is not such a document, of another version of the schema, or damaged; names the file and place.
    """
    path = Path(path)
    try:
        value = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, IsADirectoryError):
        raise MissingDataError(
            f"no board {path}", hint="`clir leaderboard --suite NAME --format json --output FILE` writes one"
        ) from None
    except UnicodeDecodeError as error:
        raise DataError(f"is not a board, it is not UTF-8: {error}", path=path) from None
    except (json.JSONDecodeError, RecursionError) as error:
        raise DataError(f"is not JSON: {error}", path=path, line=getattr(error, "lineno", None)) from None
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        raise DataError(f"is not a board: its `schema` is not {SCHEMA}", path=path)
    version = value.get("schema_version")
    if version != SCHEMA_VERSION:
        newer = isinstance(version, int) and version > SCHEMA_VERSION
        raise DataError(
            f"has version {version} of the schema, this program reads version {SCHEMA_VERSION}",
            path=path,
            hint="upgrade clir-harness" if newer else "write the board again with `clir leaderboard --format json`",
        )
    try:
        return BoardDocument.model_validate(value)
    except ValidationError as error:
        fault = faults(error, BoardDocument)[0]
        raise DataError(f"is damaged at {fault}", path=path, hint="write the board again from its store") from None
