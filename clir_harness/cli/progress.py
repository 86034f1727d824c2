"""Progress on standard error: live bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from clir_harness.harness.execution.cell import Event
from clir_harness.harness.execution.plan import Plan
from clir_harness.harness.record import CellState


class RunProgress(AbstractContextManager["RunProgress"]):
    """Shows the progress of an experiment; called with its events.

    Args:
        plan: the plan being executed.
        quiet: show nothing.
    """

    def __init__(self, plan: Plan, *, quiet: bool = False) -> None:
        self._models = {model.key for model in plan.models()}
        self._total = sum(cell.state is CellState.TO_DO for cell in plan.cells) + len(self._models)
        self._ended = 0
        self._running: dict[str, tuple[str, float, TaskID | None]] = {}
        self._console = Console(stderr=True, quiet=quiet, highlight=False)
        self._live: Progress | None = None
        reused = plan.count(CellState.DONE)
        if reused and not quiet:
            self._console.print(f"{reused} of {len(plan.cells)} cells are already in the store")

    def __enter__(self) -> RunProgress:
        if self._console.is_terminal and self._total:
            columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
            self._live = Progress(TextColumn("{task.description}", markup=False), *columns, console=self._console)
            self._all = self._live.add_task("all cells", total=self._total)
            self._live.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._live:
            self._live.stop()

    def __call__(self, event: Event) -> None:
        """Show an event."""
        if event.kind == "started":
            bar = self._live.add_task(event.name, total=None) if self._live else None
            self._running[event.key] = event.name, time.perf_counter(), bar
            if event.phase == "training" and event.key not in self._models:  # it waited for another model
                self._models.add(event.key)
                self._total += 1
                if self._live:
                    self._live.update(self._all, total=self._total)
        elif event.kind == "advanced" and self._live:
            name, _, bar = self._running[event.key]
            assert bar is not None
            description = f"{name}: {event.phase} {event.reason}"
            self._live.update(bar, description=description, completed=event.done, total=event.total)
        elif event.kind == "ended":
            self._ended += 1
            name, started, bar = self._running.pop(event.key, (event.name, time.perf_counter(), None))
            if self._live and bar is not None:
                self._live.remove_task(bar)
            line = f"[{self._ended}/{self._total}] {name}: {event.status} ({time.perf_counter() - started:.1f} s)"
            if event.status == "failed":
                line += f": {event.reason.splitlines()[0] if event.reason else 'no reason given'}"
            self._console.print(Text(line, style="red" if event.status == "failed" else ""), soft_wrap=True)
            if self._live:
                self._live.advance(self._all)


class StepProgress(AbstractContextManager["StepProgress"]):
    """Shows the progress of one task: a bar on a terminal, elsewhere a line every 15 seconds.

    Args:
        quiet: show nothing.
    """

    INTERVAL = 15.0
    """Seconds between lines."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(stderr=True, quiet=quiet, highlight=False)
        columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        self._live = Progress(TextColumn("{task.description}", markup=False), *columns, console=self._console)
        self._bar = self._live.add_task("starting", total=None)
        self._last = float("-inf")

    def __enter__(self) -> StepProgress:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def __call__(self, done: int, total: int | None, text: str) -> None:
        """Show progress.

        Args:
            done, total, text: as in `harness.progress.Progress`.
        """
        if self._console.is_terminal:
            self._live.update(self._bar, description=text, completed=done, total=total)
        elif done == total or time.perf_counter() - self._last >= self.INTERVAL:
            self._last = time.perf_counter()
            self._console.print(Text(f"[{done}{f'/{total}' if total else ''}] {text}"), soft_wrap=True)
