"""Execution of cells on this machine, one worker process per row."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from clir_harness.harness.code.code_version import edited_since_start
from clir_harness.harness.collections.sources import SOURCES, build_source
from clir_harness.harness.errors import ClirError, StoreError
from clir_harness.harness.execution.cell import CellTask, Event, OnEvent, carry_out, keep_failure
from clir_harness.harness.execution.indexing import with_components
from clir_harness.harness.execution.trained_models import ModelTask, train_model
from clir_harness.harness.identity import is_live
from clir_harness.harness.plugins.calls import calling
from clir_harness.harness.store import Store
from clir_harness.harness.system import SYSTEMS, RetrievalSystem


class WorkerDiedError(ClirError):
    """The process of a cell ended before the cell did."""


@dataclass(frozen=True, slots=True)
class LocalExecutor:
    """Runs groups of cells in worker processes; systems that only this process knows run in this process.

    Args:
        store: where results go.
        plugins: plugin files that workers load first.
    """

    store: Store
    plugins: tuple[Path, ...] = ()

    def run(self, group: Sequence[CellTask], on_event: OnEvent) -> None:
        """Run the cells of one row over one set of documents, in order.

        Args:
            group: the cells.
            on_event: called when a cell starts, advances and ends.

        Raises:
            StoreError: the store cannot take results any more.
        """
        if any(_is_of_this_process(task) for task in group):
            for task in group:
                if (edited := _edited(task)) is not None:
                    self._fail(task, edited, on_event)
                else:
                    carry_out(task, self.store, on_event)
            return
        left = {task.key: task for task in group}
        while left:
            job = {"tasks": [task.model_dump(mode="json") for task in left.values()]}
            if death := self._work(job, left, on_event):
                self._fail(left.pop(next(iter(left))), death, on_event)

    def _fail(self, task: CellTask, error: ClirError, on_event: OnEvent) -> None:
        failure = keep_failure(task, self.store, error)
        on_event(Event(kind="ended", key=task.key, status="failed", reason=failure.fault))

    def train(self, model: ModelTask, on_event: OnEvent) -> None:
        """Train one model; its last event tells whether it succeeded.

        Args:
            model: the model.
            on_event: called when the training starts, advances and ends.

        Raises:
            StoreError: the store cannot take the model.
        """
        if SYSTEMS.origin(model.system).kind == "session":
            train_model(model, self.store, on_event)
            return
        left = {model.key: model}
        if death := self._work({"models": [model.model_dump(mode="json")]}, left, on_event):
            ended = Event(kind="ended", key=model.key, name=f"model {model.name}", phase="training", status="failed")
            on_event(ended.model_copy(update={"reason": death.message}))

    def _work(self, job: dict[str, Any], left: MutableMapping[str, Any], on_event: OnEvent) -> WorkerDiedError | None:
        """Give a job to one worker and cross off what ended; what it died of when it left something undone."""
        job = {**job, "store": str(self.store.root), "plugins": [str(path) for path in self.plugins]}
        with tempfile.TemporaryFile() as log:
            command = [sys.executable, "-X", "utf8", "-P", "-m", "clir_harness.harness.execution.worker"]
            worker = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, encoding="utf-8"
            )
            try:
                assert worker.stdin is not None
                assert worker.stdout is not None
                worker.stdin.write(json.dumps(job) + "\n")
                worker.stdin.flush()
                _follow(worker.stdout, left, on_event)
                worker.wait()
            except BrokenPipeError:
                worker.wait()
            finally:
                if worker.poll() is None:
                    worker.kill()
                    worker.wait()
            return _death(worker.returncode, log) if left else None


def _follow(lines: IO[str], left: MutableMapping[str, Any], on_event: OnEvent) -> None:
    """Pass events on as they come, and cross off what ended."""
    for line in lines:
        value = json.loads(line)
        if "stopped" in value:
            raise StoreError(value["stopped"]["message"], value["stopped"]["hint"])
        event = Event.model_validate(value)
        if event.kind == "ended":
            left.pop(event.key, None)
        on_event(event)


def _death(code: int, log: IO[bytes]) -> WorkerDiedError:
    log.seek(0)
    tail = log.read().decode("utf-8", "replace").strip().splitlines()[-15:]
    if code < 0:
        name = signal.Signals(-code).name
        why = f"its process was killed by {name}"
        hint = "the machine may have run out of memory" if name == "SIGKILL" else None
    else:
        why, hint = f"its process ended with exit code {code}", None
    return WorkerDiedError("\n".join([why, *tail]), hint)


def _is_of_this_process(task: CellTask) -> bool:
    """Whether only this process knows the system, a component of it, or what the collection reads."""
    if "session" in (SYSTEMS.origin(task.row.system).kind, SOURCES.origin(task.source).kind):
        return True
    try:
        with calling(f"system '{task.row.system}'"):
            if any(map(is_live, _classes(task))):
                return True
        source = build_source(task.source, task.source_settings, Path(task.data) if task.data else None)
        with calling(f"collection source '{task.source}'"):
            return source.is_of_this_process()
    except ClirError:  # it fails in its worker as well, which says so
        return False


def _classes(task: CellTask) -> set[type[RetrievalSystem[Any]]]:
    return {type(part) for part in with_components(SYSTEMS.get(task.row.system).configure(task.row.settings))}


def _edited(task: CellTask) -> ClirError | None:
    """Why a system cannot run in this process: its files may be newer than what is loaded of them."""
    for cls in _classes(task):
        if is_live(cls) or SYSTEMS.origin(cls.name).kind == "file":  # plugin files are loaded for every plan
            continue
        if (path := edited_since_start(cls)) is not None:
            return ClirError(f"{path} was edited after this Python process began", hint="restart it and run again")
    return None
