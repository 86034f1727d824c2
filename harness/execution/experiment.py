"""Experiments: a suite planned as cells, of which the missing ones are run."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

from clir_harness.harness.code.live_code import frozen
from clir_harness.harness.execution.boards import keep_board
from clir_harness.harness.execution.cell import Event, OnEvent, ignore_event
from clir_harness.harness.execution.executor import LocalExecutor
from clir_harness.harness.execution.invocation import Invocation
from clir_harness.harness.execution.measurement import available_cores
from clir_harness.harness.execution.plan import Plan, PlannedCell, Planner
from clir_harness.harness.identity import freeze_session_code
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.plugins.files import load_plugin_file, reload_plugin_file
from clir_harness.harness.record import CellState
from clir_harness.harness.store import Store
from clir_harness.harness.suite import Suite, load_suite, parse_pairs


@dataclass(frozen=True, slots=True)
class Report:
    """What a run of an experiment did.

    Attributes:
        plan: all cells with their final states.
        computed: cells run now, failed ones included.
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
        return [cell for cell in self.plan.cells if cell.state is CellState.FAILED]


@dataclass
class Experiment:
    """A suite to be run into a store.

    Args:
        suite: rows, collections, measures.
        store: where results go.
        data: folder that the suite's relative paths start from.
        pairs: only these language pairs; all when empty.
        plugins: plugin files that worker processes load.
        part: whether this is a part of the suite, so that the rest of its board stays.
        invocation: how it was called; cells show it as their command.
    """

    suite: Suite
    store: Store
    data: Path | None = None
    pairs: Sequence[LanguagePair] = ()
    plugins: Sequence[Path] = ()
    part: bool = False
    invocation: Invocation | None = None

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
        models: Sequence[str] = (),
        plugins: Sequence[str | Path] = (),
    ) -> Experiment:
        """An experiment from a suite's name, file or value, narrowed and changed as on the command line.

        Args:
            suite: name of a built-in suite, a YAML file, or a `Suite`.
            store: a folder, or an opened store.
            data: folder with the data the suite needs.
            systems: only these rows, by label or system; registered systems without a row get one.
            pairs: only these language pairs, e.g. `sw-en`.
            settings: changes of settings, `SYSTEM.FIELD=VALUE`.
            models: existing models, `NAME=FOLDER`, to use instead of training those of the suite.
            plugins: Python files that register systems or collections.

        Returns:
            The experiment; nothing has been run.

        Raises:
            ClirError: a name, a setting, a file or the store cannot be used; says which and why.
        """
        files = [Path(path).resolve() for path in plugins]
        for path in files:
            load_plugin_file(path)
        chosen = suite if isinstance(suite, Suite) else load_suite(suite)
        if systems:
            chosen = chosen.with_rows(systems)
        return cls(
            chosen.with_settings(settings).with_models(models),
            store if isinstance(store, Store) else Store(store),
            Path(data).resolve() if data is not None else None,
            parse_pairs(pairs),
            files,
            part=bool(systems or pairs),
            invocation=Invocation(
                chosen.name if isinstance(suite, Suite) else str(suite),
                settings,
                models,
                [str(path) for path in plugins],
                data is not None,
            ),
        )

    def plan(self) -> Plan:
        """Look at every cell: which are done, which are to be run, which cannot be and why.

        Raises:
            CollectionError: when a collection cannot be scored (duplicate ids, no judgements ...).
            MissingDataError: when the data of all collections is missing.
            UsageError: when a setting, a measure or a language pair is not known.
            DataError: when the lexicon of a track is malformed.
        """
        for plugin in self.plugins:
            reload_plugin_file(plugin)
        return self._plan()

    def _plan(self) -> Plan:
        return Planner(self.suite, self.store, self.data, self.pairs, self.invocation).plan()

    def _train(
        self, plan: Plan, executor: LocalExecutor, on_event: OnEvent, ended: Mapping[str, Event], jobs: int
    ) -> Plan:
        """Train the models that rows need, each as soon as what it needs is there, in the order of the suite.

        Returns:
            The plan of what is left to do.
        """
        names = list(self.suite.models)
        begun: set[str] = set()
        running: set[Future[None]] = set()
        with ThreadPoolExecutor(jobs) as pool:
            while True:
                models = [model for model in plan.models() if model.key not in ended]
                threads = max(1, available_cores() // max(1, min(jobs, len(models))))
                for model in sorted(models, key=lambda model: names.index(model.name)):
                    if model.key not in begun:
                        begun.add(model.key)
                        running.add(
                            pool.submit(executor.train, model.model_copy(update={"threads": threads}), on_event)
                        )
                if not running:
                    return plan
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
                plan = self._plan()

    def run(self, on_event: OnEvent = ignore_event, plan: Plan | None = None, *, jobs: int = 1) -> Report:
        """Run the cells that are to be run and store each result as soon as it exists.

        A cell that fails is stored as failed and the others continue. After an interruption at any moment, the next run
        resumes where this one stopped.

        Args:
            on_event: called when a cell or training starts, advances and ends.
            plan: a plan made just before; made now when not given.
            jobs: number of models trained at once, each with its share of the cores; cells run one after the other,
                since their costs are measured.

        Returns:
            What was computed, reused, and failed.

        Raises:
            ClirError: as for `plan`; or a `StoreError` when the store cannot take results any more.
        """
        plan = plan or self.plan()
        with frozen():
            freeze_session_code()
            return self._carry_out(on_event, plan, jobs)

    def _carry_out(self, on_event: OnEvent, plan: Plan, jobs: int) -> Report:
        start = time.perf_counter()
        keep_board(self.store, self.suite, plan, part=self.part)
        ended: dict[str, Event] = {}
        one_at_a_time = Lock()

        def recorded(event: Event) -> None:
            with one_at_a_time:
                if event.kind == "ended":
                    ended[event.key] = event
                on_event(event)

        executor = LocalExecutor(self.store, tuple(self.plugins))
        plan = self._train(plan, executor, recorded, ended, jobs)
        keep_board(self.store, self.suite, plan, part=self.part)
        for group in plan.groups():
            executor.run(group, recorded)
        final = Plan(tuple(_final(cell, ended) for cell in plan.cells))
        keep_board(self.store, self.suite, final, part=self.part)
        computed = sum(not event.phase for event in ended.values())
        return Report(final, computed, plan.count(CellState.DONE), time.perf_counter() - start)


def _final(cell: PlannedCell, ended: Mapping[str, Event]) -> PlannedCell:
    """The cell as it ended; a cell whose model could not be trained failed with it."""
    waited_for = cell.task or cell.model
    event = ended.get(waited_for.key) if waited_for else None
    if event is None:
        return cell
    return replace(cell, state=CellState(event.status), reason=event.reason)
