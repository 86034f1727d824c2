"""How well scores of a system predict relevance: reliability diagrams, expected calibration error, Brier score.

Scores are turned into probabilities within each language pair, by a scaling fitted on other queries of the same pair
(`score_scaling`). Only retrieved documents count; those without a judgement are not relevant. A resource
tier, and the whole suite, are all documents of their pairs taken together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from clir_harness.harness.errors import DataError
from clir_harness.harness.languages import ResourceTier
from clir_harness.harness.measures import Floats
from clir_harness.harness.record import CellState
from clir_harness.harness.store import Store
from clir_harness.leaderboards.entries import BoardRow, Entry
from clir_harness.leaderboards.leaderboard import Leaderboard
from clir_harness.leaderboards.reading import open_store, read_leaderboard
from clir_harness.leaderboards.statistics.reliability import (
    Bin,
    brier_score,
    distance_from_diagonal,
    reliability_diagram,
)
from clir_harness.leaderboards.statistics.score_scaling import Booleans, Method, cross_fitted, scored_documents


@dataclass(frozen=True, slots=True)
class Calibration:
    """How well probabilities agree with relevance.

    Attributes:
        queries, documents, relevant: how many there are.
        brier: Brier score, 0 (best) to 1.
        ece_equal_width, ece_equal_mass: expected calibration error, 0 (best) to 1.
        equal_width, equal_mass: the reliability diagrams that they summarise.
    """

    queries: int
    documents: int
    relevant: int
    brier: float
    ece_equal_width: float
    ece_equal_mass: float
    equal_width: tuple[Bin, ...]
    equal_mass: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class SystemCalibration:
    """One row of a board.

    Attributes:
        label: of the row.
        pairs: by collection id; None where it cannot be computed, with the reason in `reasons`.
        tiers: by tier; None when one of its pairs is None, or it has none.
        overall: None when one of the pairs is None.
        reasons: by collection id.
    """

    label: str
    pairs: Mapping[str, Calibration | None]
    tiers: Mapping[ResourceTier, Calibration | None]
    overall: Calibration | None
    reasons: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SuiteCalibration:
    """All rows of a board, the best ranked first.

    Attributes:
        suite: its name.
        method: isotonic or platt.
        depth: documents of a query at most.
        folds, bins, seed: as given.
        headers: by collection id, what its column is called.
        systems: the rows.
    """

    suite: str
    method: Method
    depth: int
    folds: int
    bins: int
    seed: int
    headers: Mapping[str, str]
    systems: tuple[SystemCalibration, ...]


def calibrate_suite(
    store: Store | Path | str,
    suite: str,
    method: Method = "isotonic",
    *,
    depth: int = 100,
    folds: int = 5,
    bins: int = 10,
    seed: int = 0,
) -> SuiteCalibration:
    """Calibrate every row of a suite's board from the runs in the store; nothing is run.

    Args:
        store: an opened store, or its folder.
        suite: name of a suite that has results in the store.
        method: isotonic or platt.
        depth: maximum number of documents per query; 1 or more.
        folds, seed: of the queries; see `cross_fitted`.
        bins: number of bins of the diagrams; 1 or more.

    Returns:
        Calibration by row, the best ranked first.

    Raises:
        UnknownNameError: no such suite in the store, or no such method.
        UsageError: a depth, or a number of folds or bins, that is too small.
        StoreError: the store cannot be read or holds no results.
    """
    opened = open_store(store)
    board = read_leaderboard(opened, suite)
    work = _Work(opened, method, depth, folds, bins, seed)
    return SuiteCalibration(
        suite=board.suite,
        method=method,
        depth=depth,
        folds=folds,
        bins=bins,
        seed=seed,
        headers={column.id: board.header(column) for column in board.columns},
        systems=tuple(work.system(board, row) for row in board.ranked()),
    )


@dataclass(frozen=True, slots=True)
class _Predicted:
    """Probabilities with the truth, of one pair or of several."""

    queries: int
    probabilities: Floats
    relevant: Booleans


class _Work:
    """Reads the cells of a board and calibrates them; judgements are read once."""

    def __init__(self, store: Store, method: Method, depth: int, folds: int, bins: int, seed: int) -> None:
        self.store = store
        self.method = method
        self.depth = depth
        self.folds = folds
        self.bins = bins
        self.seed = seed

    def system(self, board: Leaderboard, row: BoardRow) -> SystemCalibration:
        found: dict[str, _Predicted | None] = {}
        reasons: dict[str, str] = {}
        for column, entry in zip(board.columns, row.entries, strict=True):
            found[column.id] = None
            if entry.state is not CellState.DONE:
                reasons[column.id] = entry.reason or entry.state.value
                continue
            try:
                found[column.id] = self._predict(entry)
            except DataError as error:
                reasons[column.id] = error.message
        tiers = {
            tier: self._together(found[column.id] for column in board.columns if column.tier is tier)
            for tier in ResourceTier
        }
        return SystemCalibration(
            label=row.label,
            pairs={collection: self._together([predicted]) for collection, predicted in found.items()},
            tiers=tiers,
            overall=self._together(found.values()),
            reasons=reasons,
        )

    def _predict(self, entry: Entry) -> _Predicted:
        assert entry.record is not None
        run, qrels = self.store.run(entry.record.key), self.store.qrels(entry.record.collection.qrels_digest)
        documents = scored_documents(run, qrels, self.depth)
        probabilities = cross_fitted(documents, self.method, folds=self.folds, seed=self.seed)
        return _Predicted(len(documents.query_ids), probabilities, documents.relevant)

    def _together(self, parts: Iterable[_Predicted | None]) -> Calibration | None:
        """Calibration over all documents of some pairs; None when one of them is missing or none is given."""
        given = list(parts)
        known = [part for part in given if part is not None]
        if not known or len(known) < len(given):
            return None
        probabilities = np.concatenate([part.probabilities for part in known])
        relevant = np.concatenate([part.relevant for part in known])
        width, mass = (
            reliability_diagram(probabilities, relevant, self.bins, equal_mass=equal_mass)
            for equal_mass in (False, True)
        )
        return Calibration(
            queries=sum(part.queries for part in known),
            documents=len(relevant),
            relevant=int(relevant.sum()),
            brier=brier_score(probabilities, relevant),
            ece_equal_width=distance_from_diagonal(width),
            ece_equal_mass=distance_from_diagonal(mass),
            equal_width=width,
            equal_mass=mass,
        )
