"""Progress of a run or a training: live bars on a terminal, plain lines elsewhere. Goes to standard error."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from harness.cell import Event
from harness.plan import Plan, State


class RunProgress(AbstractContextManager["RunProgress"]):
    """Listens to an experiment and shows how far it is.

    Args:
        plan: the plan that is being carried out.
        quiet: show nothing.
    """

    def __init__(self, plan: Plan, *, quiet: bool = False) -> None:
        self._models = {model.key for model in plan.models()}
        self._total = sum(cell.state is State.TO_DO for cell in plan.cells) + len(self._models)
        self._ended = 0
        self._name = ""
        self._started = time.perf_counter()
        self._console = Console(stderr=True, quiet=quiet, highlight=False)
        self._live: Progress | None = None
        reused = plan.count(State.DONE)
        if reused and not quiet:
            self._console.print(f"{reused} of {len(plan.cells)} cells are in the store already")

    def __enter__(self) -> RunProgress:
        if self._console.is_terminal and self._total:
            columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
            self._live = Progress(TextColumn("{task.description}", markup=False), *columns, console=self._console)
            self._all = self._live.add_task("all cells", total=self._total)
            self._one = self._live.add_task("", total=None)
            self._live.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._live:
            self._live.remove_task(self._one)
            self._live.stop()

    def __call__(self, event: Event) -> None:
        """Take notice of an event."""
        if event.kind == "started":
            self._name = event.name
            self._started = time.perf_counter()
            if event.phase == "training" and event.key not in self._models:  # it waited for another model
                self._models.add(event.key)
                self._total += 1
                if self._live:
                    self._live.update(self._all, total=self._total)
            if self._live:
                self._live.reset(self._one, description=self._name, total=None)
        elif event.kind == "advanced" and self._live:
            self._live.update(
                self._one,
                description=f"{self._name}: {event.phase} {event.reason}",
                completed=event.done,
                total=event.total,
            )
        elif event.kind == "ended":
            self._ended += 1
            seconds = time.perf_counter() - self._started
            line = f"[{self._ended}/{self._total}] {self._name}: {event.status} ({seconds:.1f} s)"
            if event.status == "failed":
                line += f": {event.reason.splitlines()[0] if event.reason else 'no reason given'}"
            self._console.print(Text(line, style="red" if event.status == "failed" else ""), soft_wrap=True)
            if self._live:
                self._live.advance(self._all)


class AnalysisProgress(AbstractContextManager["AnalysisProgress"]):
    """Shows how far the statistics of a board are: a bar on a terminal, elsewhere a line now and then."""

    INTERVAL = 5.0
    """Seconds between lines."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._live = Progress(
            TextColumn("{task.description}", markup=False), *columns, console=self._console, transient=True
        )
        self._bar = self._live.add_task("statistics", total=None)
        self._last = time.perf_counter()

    def __enter__(self) -> AnalysisProgress:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def __call__(self, text: str, done: int, total: int) -> None:
        """Take notice of parts done, and of how many."""
        if self._console.is_terminal:
            self._live.update(self._bar, description=text, completed=done, total=total)
        elif time.perf_counter() - self._last >= self.INTERVAL:
            self._last = time.perf_counter()
            self._console.print(Text(f"{text}: {done} of {total}"), soft_wrap=True)


class TrainingProgress(AbstractContextManager["TrainingProgress"]):
    """Shows how far a training is: a bar on a terminal, elsewhere a line now and then."""

    INTERVAL = 15.0
    """Seconds between lines."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        self._live = Progress(TextColumn("{task.description}", markup=False), *columns, console=self._console)
        self._bar = self._live.add_task("starting", total=None)
        self._last = float("-inf")

    def __enter__(self) -> TrainingProgress:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def __call__(self, done: int, total: int | None, text: str) -> None:
        """Take notice of steps done, steps in all and how it goes."""
        if self._console.is_terminal:
            self._live.update(self._bar, description=text, completed=done, total=total)
        elif done == total or time.perf_counter() - self._last >= self.INTERVAL:
            self._last = time.perf_counter()
            self._console.print(Text(f"[{done}{f'/{total}' if total else ''}] {text}"), soft_wrap=True)
