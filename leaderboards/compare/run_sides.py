"""Run files as sides of a comparison: evaluated against the judgements of their collection."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from clir_harness.harness.collections.base import ORIGINAL
from clir_harness.harness.collections.sources import obtain
from clir_harness.harness.errors import DataError
from clir_harness.harness.evaluation import aggregate, evaluate, measure_version
from clir_harness.harness.execution.catalogue import Catalogue, find_collection
from clir_harness.harness.identity import package_version
from clir_harness.harness.record import CellState
from clir_harness.harness.record_identity import QueriesIdentity
from clir_harness.harness.runs.check import check_run
from clir_harness.harness.store import Store
from clir_harness.harness.suite import Suite
from clir_harness.leaderboards.compare.board_sides import DECIMALS, facts
from clir_harness.leaderboards.compare.sides import Side, SideCell


class RunReader:
    """Reads runs of one collection; its documents are read once for all of them.

    Args:
        suite: whose depth counts, and that has the collection.
        collection: its id.
        data: folder that relative paths of the suite start from.

    Raises:
        UnknownNameError: the suite has no such collection.
        MissingDataError: the data of the collection is missing.
        CollectionError: it cannot be scored.
    """

    def __init__(self, suite: Suite, collection: str, data: Path | None) -> None:
        self.suite = suite
        self.collection = obtain(find_collection(suite.collections, data, collection)[1], collection)
        with tempfile.TemporaryDirectory() as folder:
            entry = Catalogue(suite.collections, data, Store(folder)).entry(collection)
        queries = QueriesIdentity(variant=ORIGINAL, digest=entry.query_digests[ORIGINAL])
        self.facts = facts(suite.depth, queries, entry.facts, None)

    def read(self, path: Path, row: str, measures: Sequence[str]) -> Side:
        """Read a run as the only cell of a board.

        Args:
            path: a run in TREC format, compressed or not.
            row: label of the cell's row.
            measures: names of the measures to compare.

        Returns:
            The side.

        Raises:
            DataError: the run has errors; the first one, and how many there are.
        """
        checked = check_run(path, self.collection, self.suite.depth)
        if checked.run is None:
            first, others = checked.errors[0], len(checked.errors) - 1
            more = f" (and {others} more kinds of errors)" if others else ""
            line = first.lines[0] if first.lines else None
            raise DataError(
                first.message + more,
                path=path,
                line=line,
                hint=first.hint or "`clir submit --dry-run` lists all errors of a run",
            )
        found = evaluate(checked.run, self.collection.qrels, measures, same_documents=True)
        order = sorted(range(len(found.query_ids)), key=found.query_ids.__getitem__)
        cell = SideCell(
            CellState.DONE,
            facts=self.facts,
            versions={name: measure_version(name) for name in measures},
            means={name: aggregate(name, values) for name, values in found.scores.items()},
            query_ids=tuple(found.query_ids[place] for place in order),
            scores={name: np.round(values[order], DECIMALS) for name, values in found.scores.items()},
        )
        version = package_version("clir-harness")
        return Side(str(path), "run", self.suite.name, version, tuple(measures), {(row, self.collection.id, ""): cell})
