"""Experiments: a suite planned as cells, carried out where they are missing, resumed where they are not."""

from __future__ import annotations

import enum
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.cell import CellTask, Event, Listener
from harness.collections.catalogue import Catalogue, CatalogueEntry
from harness.errors import ClirError, PluginError, StoreError, UnknownNameError
from harness.evaluation import parse_measures
from harness.executors import LocalExecutor
from harness.identity import fingerprint, package_version, system_identity
from harness.languages import LanguagePair
from harness.measurement import available_cores
from harness.registry import load_plugin_file
from harness.store import Store
from harness.suite import Row, Suite, load_suite, parse_pairs
from harness.system import SYSTEMS, RetrievalSystem

CELL_FORMAT = 1
"""Raised when the harness itself changes what a cell contains; part of every cell's identity."""


class State(enum.StrEnum):
    """What is to be done about a cell, or has become of it."""

    DONE = "done"
    TO_DO = "to do"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"
    MISSING_DATA = "missing data"


@dataclass(frozen=True, slots=True)
class PlannedCell:
    """One system on one collection, as planned.

    Attributes:
        row: system, settings and query wording.
        collection: id of the collection.
        pair: its language pair.
        state: done, to do (also when it failed before), failed (cannot even start), not applicable, missing data.
        reason: why it is not to be run, or how it failed before; empty otherwise.
        task: what to carry out; None when there is nothing to run.
    """

    row: Row
    collection: str
    pair: LanguagePair
    state: State
    reason: str = ""
    task: CellTask | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """All cells of an experiment, rows first, in the order of the suite."""

    cells: tuple[PlannedCell, ...]

    def count(self, state: State) -> int:
        """How many cells are in a state."""
        return sum(cell.state is state for cell in self.cells)

    def groups(self) -> list[list[CellTask]]:
        """Tasks to carry out, by row and documents; a cell that several rows share comes once."""
        groups: dict[tuple[str, str], list[CellTask]] = {}
        seen = set()
        for cell in self.cells:
            if cell.state is State.TO_DO and cell.task and cell.task.key not in seen:
                seen.add(cell.task.key)
                groups.setdefault((cell.row.label, cell.task.index_key), []).append(cell.task)
        return list(groups.values())


@dataclass(frozen=True, slots=True)
class Report:
    """What a run of an experiment did.

    Attributes:
        plan: all cells with their final states.
        computed: cells carried out now, failed ones included.
        reused: cells that were in the store.
        seconds: wall-clock time.
    """

    plan: Plan
    computed: int
    reused: int
    seconds: float

    @property
    def failed(self) -> list[PlannedCell]:
        """The cells that failed."""
        return [cell for cell in self.plan.cells if cell.state is State.FAILED]


@dataclass
class Experiment:
    """A suite to be run into a store.

    Args:
        suite: rows, collections, measures.
        store: where results go.
        data: folder that the suite's relative paths start from.
        pairs: only these language pairs; all when empty.
        plugins: plugin files to load; worker processes load them too.

    >>> experiment = Experiment.from_suite("embedded", store="results")     # doctest: +SKIP
    >>> experiment.run().failed                                             # doctest: +SKIP
    []
    """

    suite: Suite
    store: Store
    data: Path | None = None
    pairs: Sequence[LanguagePair] = ()
    plugins: Sequence[Path] = ()
    filtered: bool = False
    _loaded: bool = field(default=False, repr=False)

    @classmethod
    def from_suite(
        cls,
        suite: str | Path | Suite,
        store: str | Path | Store,
        *,
        data: str | Path | None = None,
        systems: Sequence[str] = (),
        pairs: Sequence[str] = (),
        settings: Sequence[str] = (),
        plugins: Sequence[str | Path] = (),
    ) -> Experiment:
        """An experiment from a suite's name, file or value, narrowed and changed as the command line would.

        Args:
            suite: a built-in suite's name, a YAML file, or a `Suite`.
            store: a folder, or an opened store.
            data: folder with the data the suite needs.
            systems: only these rows, by label or system; registered systems without a row get one.
            pairs: only these language pairs, e.g. `sw-en`.
            settings: changes of settings, `SYSTEM.FIELD=VALUE`.
            plugins: Python files that register systems or collections.

        Raises:
            ClirError: when a name, a setting, a file or the store cannot be used; says which and why.
        """
        files = [Path(path).resolve() for path in plugins]
        for path in files:
            load_plugin_file(path)
        chosen = suite if isinstance(suite, Suite) else load_suite(suite)
        if systems:
            chosen = chosen.with_rows(systems)
        return cls(
            chosen.with_settings(settings),
            store if isinstance(store, Store) else Store(store),
            Path(data).resolve() if data is not None else None,
            parse_pairs(pairs),
            files,
            filtered=bool(systems or pairs),
        )

    def plan(self) -> Plan:
        """Look at every cell: which are done, which are to be run, which cannot be and why.

        Raises:
            CollectionError: when a collection cannot be scored (duplicate ids, no judgements ...).
            MissingDataError: when the data of all collections is missing.
            UsageError: when a setting, a measure or a language pair is not known.
        """
        parse_measures(self.suite.measures)
        systems = {row.label: _usable_system(row) for row in self.suite.rows}
        entries = Catalogue(self.suite.collections, self.data, self.store).entries(self.pairs)
        cells = [self._plan_cell(row, systems[row.label], entry) for row in self.suite.rows for entry in entries]
        return Plan(tuple(cells))

    def _plan_cell(self, row: Row, system: RetrievalSystem[Any] | ClirError, entry: CatalogueEntry) -> PlannedCell:
        cell = PlannedCell(row, entry.id, entry.pair, State.TO_DO)
        if entry.description is None:
            return replace(cell, state=State.MISSING_DATA, reason=f"{entry.missing}; {entry.remedy}")
        if isinstance(system, ClirError):
            return replace(cell, state=State.FAILED, reason=str(system))
        if row.queries not in entry.query_digests:
            reason = f"no '{row.queries}' queries; there are: {', '.join(entry.query_digests)}"
            return replace(cell, state=State.NOT_APPLICABLE, reason=reason)
        asked = LanguagePair(entry.query_languages[row.queries], entry.pair.document)
        if (refusal := system.supports(asked)) is not None:
            return replace(cell, state=State.NOT_APPLICABLE, reason=refusal)
        task = self._task(row, system, entry)
        record = self.store.cell(task.key)
        if record is None:
            return replace(cell, task=task)
        if record["status"] == "done":
            return replace(cell, state=State.DONE, task=task)
        return replace(cell, task=task, reason=f"failed before: {record['error']['message']}")

    def _task(self, row: Row, system: RetrievalSystem[Any], entry: CatalogueEntry) -> CellTask:
        assert entry.description is not None
        described = system_identity(system)
        index_identity = {
            **described,
            "settings": dict(system.index_settings()),
            "documents": entry.description["documents_digest"],
            "language": entry.pair.document,
            "seed": self.suite.seed,
            "format": CELL_FORMAT,
        }
        identity = {
            "system": described,
            "collection": {
                key: entry.description[key]
                for key in ("id", "pair", "documents", "documents_digest", "qrels_digest", "judged_queries")
            },
            "queries": {"variant": row.queries, "digest": entry.query_digests[row.queries]},
            "depth": self.suite.depth,
            "seed": self.suite.seed,
            "format": CELL_FORMAT,
        }
        return CellTask(
            key=fingerprint(identity),
            index_key=fingerprint(index_identity),
            row=row,
            source=entry.source,
            source_settings=dict(entry.settings),
            data=str(self.data) if self.data else None,
            entry=entry.id,
            depth=self.suite.depth,
            seed=self.suite.seed,
            threads=available_cores(),
            measures=self.suite.measures,
            identity=identity,
            collection=dict(entry.description),
            command=f'clir run --suite {self.suite.name} --systems "{row.label}" --pairs {entry.pair}'
            + (" --data DIR" if self.data else ""),
        )

    def run(self, listen: Listener | None = None, plan: Plan | None = None) -> Report:
        """Carry out the cells that are to be run and keep every result as soon as it is there.

        A cell that fails is kept as failed and the others go on. Interrupted at any moment, the next run goes on
        where this one stopped.

        Args:
            listen: is told of every cell that starts, advances and ends.
            plan: a plan made just before; made now when not given.

        Raises:
            ClirError: what `plan` raises; or a `StoreError` when the store cannot take results any more.
        """
        start = time.perf_counter()
        plan = plan or self.plan()
        self._keep_board(plan)
        ended: dict[str, Event] = {}

        def hear(event: Event) -> None:
            if event.kind == "ended":
                ended[event.key] = event
            if listen:
                listen(event)

        executor = LocalExecutor(self.store, tuple(self.plugins))
        for group in plan.groups():
            executor.run(group, hear)
        final = Plan(tuple(_final(cell, ended) for cell in plan.cells))
        self._keep_board(final)
        return Report(final, len(ended), plan.count(State.DONE), time.perf_counter() - start)

    def _keep_board(self, plan: Plan) -> None:
        """Note which cells make up the suite's board; a run of a part of the suite keeps the rest of the board."""
        suite = self.suite
        board: dict[str, Any] = {
            "suite": suite.model_dump(mode="json", include={"name", "title", "description", "measures", "depth"}),
            "version": package_version("clir-harness"),
            "rows": [row.model_dump(mode="json") for row in suite.rows],
            "collections": [],
            "cells": [],
        }
        for cell in plan.cells:
            described = cell.task.collection if cell.task else {"id": cell.collection, "pair": str(cell.pair)}
            if not any(kept["id"] == cell.collection for kept in board["collections"]):
                board["collections"].append({"id": cell.collection, "pair": str(cell.pair)})
            if cell.task:
                board["collections"] = [described if c["id"] == cell.collection else c for c in board["collections"]]
            board["cells"].append(
                {
                    "row": cell.row.label,
                    "collection": cell.collection,
                    "pair": str(cell.pair),
                    "key": cell.task.key if cell.task else None,
                    "state": cell.state.value,
                    "reason": cell.reason,
                }
            )
        old = self.store.note("experiments", suite.name)
        self.store.keep_note("experiments", suite.name, _merged(old, board) if old and self.filtered else board)


def _merged(old: Mapping[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The old board with the new one's rows, collections and cells in place of their namesakes."""

    def merge(part: str, *names: str) -> list[Any]:
        fresh = {tuple(item[name] for name in names): item for item in new[part]}
        kept = [fresh.pop(tuple(item[name] for name in names), item) for item in old[part]]
        return [*kept, *fresh.values()]

    return {
        **new,
        "rows": merge("rows", "label"),
        "collections": merge("collections", "id"),
        "cells": merge("cells", "row", "collection"),
    }


def _final(cell: PlannedCell, ended: Mapping[str, Event]) -> PlannedCell:
    event = ended.get(cell.task.key) if cell.task else None
    if event is None:
        return cell
    return replace(cell, state=State(event.status), reason=event.reason)


def _usable_system(row: Row) -> RetrievalSystem[Any] | ClirError:
    """The row's system, or why it cannot be used here; wrong names and settings raise."""
    try:
        cls = SYSTEMS.get(row.system)
        system = cls.configure(row.settings)
        absent = [name for name in cls.requires if package_version(name) == "not installed"]
        if absent:
            return PluginError(
                f"system '{row.system}' needs {', '.join(absent)}", hint=f"pip install {' '.join(absent)}"
            )
        system.inputs()
    except UnknownNameError:
        raise
    except ClirError as error:
        if isinstance(error, (PluginError, StoreError)):
            return error
        raise
    return system
