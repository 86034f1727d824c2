"""Plans: the cells of an experiment, and which are done, to be run, or impossible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clir_harness.harness.code.live_code import UNREPEATABLE, frozen, new_epoch
from clir_harness.harness.errors import ClirError, MissingDataError, PluginError, UsageError
from clir_harness.harness.evaluation import parse_measures
from clir_harness.harness.execution.catalogue import Catalogue, CatalogueEntry
from clir_harness.harness.execution.cell import CellTask, cell_name
from clir_harness.harness.execution.invocation import Invocation
from clir_harness.harness.execution.measurement import available_cores
from clir_harness.harness.execution.trained_models import ModelTask, NotTrainedError, TrainedModels
from clir_harness.harness.identity import fingerprint, require_packages, system_identity
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.perturbation.tracks import Perturbation
from clir_harness.harness.plugins.calls import calling
from clir_harness.harness.record import CellState
from clir_harness.harness.record_identity import (
    CellIdentity,
    CollectionFacts,
    QueriesIdentity,
    SystemIdentity,
)
from clir_harness.harness.store import Store
from clir_harness.harness.suite import Row, Suite
from clir_harness.harness.system import SYSTEMS, RetrievalSystem

CELL_FORMAT = 1
"""Goes up when the harness itself changes what a cell contains; part of every cell's identity."""


@dataclass(frozen=True, slots=True)
class PlannedCell:
    """One system on one collection, its queries as they are or perturbed, as planned.

    Attributes:
        row: system, settings and query wording.
        collection: id of the collection.
        pair: its language pair.
        state: done, to do (also when it failed before), failed (cannot even start), not applicable, missing data.
        facts: counts, digests, licence ... of the collection; id and pair only when its data is missing.
        reason: why it is not to be run, or how it failed before; empty otherwise.
        task: what to run; None when there is nothing to run, or a model has to be trained first.
        model: the model to be trained before the task is known; None when there is none to train.
        perturbation: what happens to the queries; None when they are as they are.
    """

    row: Row
    collection: str
    pair: LanguagePair
    state: CellState
    facts: CollectionFacts
    reason: str = ""
    task: CellTask | None = None
    model: ModelTask | None = None
    perturbation: Perturbation | None = None

    @property
    def name(self) -> str:
        """What people read: the row, the collection and, when there is one, the perturbation."""
        return cell_name(self.row, self.collection, self.perturbation)


@dataclass(frozen=True, slots=True)
class Plan:
    """All cells of an experiment, rows first, then collections, then tracks, in the order of the suite."""

    cells: tuple[PlannedCell, ...]

    def count(self, state: CellState) -> int:
        """How many cells are in a state."""
        return sum(cell.state is state for cell in self.cells)

    def models(self) -> list[ModelTask]:
        """The models to be trained first, each once."""
        return list({cell.model.key: cell.model for cell in self.cells if cell.model}.values())

    def groups(self) -> list[list[CellTask]]:
        """Tasks to carry out, by row and documents; a cell that several rows share comes once."""
        groups: dict[tuple[str, str], list[CellTask]] = {}
        seen = set()
        for cell in self.cells:
            if cell.state is CellState.TO_DO and cell.task and cell.task.key not in seen:
                seen.add(cell.task.key)
                groups.setdefault((cell.row.label, cell.task.collection.documents_digest), []).append(cell.task)
        return list(groups.values())


@dataclass(frozen=True, slots=True)
class Ready:
    """A row that can run: its system, its settings with the folders of its models, and its identity."""

    system: RetrievalSystem[Any]
    settings: Mapping[str, Any]
    identity: SystemIdentity


@dataclass(frozen=True, slots=True)
class Variation:
    """The queries of a cell: as they are (no perturbation), perturbed, or not to be perturbed without a lexicon."""

    perturbation: Perturbation | None = None
    missing: MissingDataError | None = None


Usable = Ready | ModelTask | ClirError
"""What a row has to work with: its system, the model it still waits for, or why there is none."""


@dataclass(frozen=True, slots=True)
class Planner:
    """Looks at every cell of a suite before anything runs.

    Args:
        suite: rows, collections, measures.
        store: where results are.
        data: folder that the suite's relative paths start from.
        pairs: only these language pairs; all when empty.
        invocation: how the run was called; by the suite's name alone when None.
    """

    suite: Suite
    store: Store
    data: Path | None = None
    pairs: Sequence[LanguagePair] = ()
    invocation: Invocation | None = None

    def plan(self) -> Plan:
        """Which cells are done, which are to be run, which cannot be and why.

        Raises:
            CollectionError: when a collection cannot be scored (duplicate ids, no judgements ...).
            MissingDataError: when the data of all collections is missing.
            UsageError: when a setting, a measure or a language pair is not known.
            DataError: when the lexicon of a track is malformed.
        """
        with self.suite.placed("measures"):
            parse_measures(self.suite.measures)
        new_epoch()
        with frozen():
            return self._plan()

    def _plan(self) -> Plan:
        systems = {row.label: self._usable_system(row) for row in self.suite.rows}
        entries = Catalogue(self.suite.collections, self.data, self.store).entries(self.pairs)
        variations = self._variations()
        cells = [
            self._plan_cell(row, systems[row.label], entry, variation)
            for row in self.suite.rows
            for entry in entries
            for variation in variations
        ]
        return Plan(tuple(cells))

    def _variations(self) -> list[Variation]:
        """The queries as they are, and every track at every rate."""
        found = [Variation()]
        for track in self.suite.tracks:
            perturbations, missing = track.perturbations(self.suite.seed, self.data)
            found += [Variation(perturbation, missing) for perturbation in perturbations]
        return found

    def _usable_system(self, row: Row) -> Usable:
        """The row's system, the model it waits for, or why it cannot be used; wrong names and settings raise."""
        try:
            with row.placed("system"):
                cls = SYSTEMS.get(row.system)
            require_packages(cls)
            with row.placed("settings"):
                settings = TrainedModels(self.suite, self.store, self.data).resolve(row.settings)
                with calling(f"system '{row.system}'"):
                    system = cls.configure(settings)
                    identity = system_identity(system)
                    fingerprint(identity)
        except NotTrainedError as wanting:
            return wanting.task
        except UsageError:
            raise
        except ClirError as error:
            return error
        return Ready(system, settings, identity)

    def _plan_cell(self, row: Row, usable: Usable, entry: CatalogueEntry, variation: Variation) -> PlannedCell:
        facts = entry.facts or CollectionFacts(id=entry.id, pair=str(entry.pair))
        perturbation = variation.perturbation
        cell = PlannedCell(row, entry.id, entry.pair, CellState.TO_DO, facts, perturbation=perturbation)
        if entry.facts is None:
            return replace(cell, state=CellState.MISSING_DATA, reason=f"{entry.missing}; {entry.remedy}")
        if isinstance(usable, ClirError):
            return replace(cell, state=CellState.FAILED, reason=str(usable))
        if isinstance(usable, ModelTask):
            return replace(cell, model=usable, reason="its model is trained first")
        if row.queries not in entry.queries:
            reason = f"no '{row.queries}' queries; there are: {', '.join(entry.queries)}"
            return replace(cell, state=CellState.NOT_APPLICABLE, reason=reason)
        queries = entry.queries[row.queries]
        asked = LanguagePair(queries.language, entry.pair.document)
        try:
            with calling(f"system '{row.system}'"):
                refusal = _refusal(usable.system, asked)
        except ClirError as error:
            return replace(cell, state=CellState.FAILED, reason=str(error))
        if refusal is not None:
            return replace(cell, state=CellState.NOT_APPLICABLE, reason=refusal)
        if perturbation and (refusal := perturbation.refusal(queries)) is not None:
            return replace(cell, state=CellState.NOT_APPLICABLE, reason=refusal)
        if variation.missing:
            return replace(
                cell, state=CellState.MISSING_DATA, reason=f"{variation.missing.message}; {variation.missing.hint}"
            )
        task = self._task(row, usable, entry, perturbation)
        record = self.store.cell(task.key)
        if record is None:
            return replace(cell, task=task, reason=_unrepeatable(usable.identity))
        if record.done:
            return replace(cell, state=CellState.DONE, task=task)
        return replace(cell, task=task, reason=f"failed before: {record.fault}")

    def _task(self, row: Row, ready: Ready, entry: CatalogueEntry, perturbation: Perturbation | None) -> CellTask:
        assert entry.facts is not None
        identity = CellIdentity(
            system=ready.identity,
            collection=entry.facts.identity(),
            queries=QueriesIdentity(
                variant=row.queries,
                digest=entry.query_digests[row.queries],
                perturbation=perturbation.identity() if perturbation else None,
            ),
            depth=self.suite.depth,
            seed=self.suite.seed,
            format=CELL_FORMAT,
        )
        return CellTask(
            key=fingerprint(identity),
            row=row.with_settings(ready.settings),
            source=entry.source,
            source_settings=dict(entry.settings),
            data=str(self.data) if self.data else None,
            entry=entry.id,
            perturbation=perturbation,
            seed=self.suite.seed,
            threads=available_cores(),
            measures=self.suite.measures,
            identity=identity,
            collection=entry.facts,
            command=(self.invocation or Invocation(self.suite.name, data=self.data is not None)).of_cell(
                row, entry.pair
            ),
        )


def _refusal(system: RetrievalSystem[Any], pair: LanguagePair) -> str | None:
    """Why a system does not take a pair, None when it does.

    Raises:
        PluginError: it says something else, `True` for instance.
    """
    refusal = system.supports(pair)
    if refusal is not None and not isinstance(refusal, str):
        raise PluginError(
            f"system '{system.name}': supports({pair}) returned {refusal!r}, not None or a text",
            hint="return None when the system takes the pair, otherwise the reason why not",
        )
    return refusal


def _unrepeatable(identity: SystemIdentity) -> str:
    """Why a cell is never reused: code of its system, or of a component, that cannot be identified by value."""
    code = identity.code
    if code.startswith(UNREPEATABLE):
        return f"never reused, since its code cannot be identified: {code.partition(': ')[2]}"
    return next(filter(None, map(_unrepeatable, identity.components)), "")
