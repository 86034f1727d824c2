"""Sides of a comparison: the cells of a store, of a board's JSON document or of a run file, in one form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from clir_harness.harness.measures import Floats
from clir_harness.harness.record import CellState
from clir_harness.leaderboards.comparability import Place

Kind = Literal["store", "board", "run"]


@dataclass(frozen=True)
class SideCell:
    """One system on one collection, as one side knows it.

    Attributes:
        state: whether there is a result.
        reason: why there is none; empty otherwise.
        facts: what has to be the same on both sides, by its name: depth, documents, judgements, queries, wording,
            and for tracks perturbation and seed; None if the side does not have it.
        versions: by measure, what computed it.
        means: by measure, over the judged queries.
        query_ids: judged queries in order of their ids; empty without per-query scores.
        scores: by measure, a value for each of `query_ids`; empty without per-query scores.
        costs: under the names of the store; empty when they were not measured.
        machine: digest of what is known of the machine; empty when nothing is.
    """

    state: CellState
    reason: str = ""
    facts: Mapping[str, str | None] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    means: Mapping[str, float] = field(default_factory=dict)
    query_ids: tuple[str, ...] = field(default=(), repr=False)
    scores: Mapping[str, Floats] = field(default_factory=dict, repr=False)
    costs: Mapping[str, float] = field(default_factory=dict)
    machine: str = ""


@dataclass(frozen=True)
class Side:
    """One side of a comparison.

    Attributes:
        name: as the user called it.
        kind: what it was read from.
        suite: name of its suite.
        version: of the harness that planned the board, or that evaluated the run.
        measures: that are compared.
        cells: by label of the row, id of the collection, and name of the track (empty without one); in the order of
            the board.
    """

    name: str
    kind: Kind
    suite: str
    version: str
    measures: tuple[str, ...]
    cells: Mapping[Place, SideCell]
