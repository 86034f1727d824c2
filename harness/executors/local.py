"""Carry out cells on this machine, one worker process a row."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from harness.cell import CellTask, Event, Listener, carry_out, keep_failure
from harness.collections.sources import SOURCES
from harness.errors import ClirError, StoreError
from harness.store import Store
from harness.system import SYSTEMS


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

    def run(self, group: Sequence[CellTask], listen: Listener) -> None:
        """Carry out the cells of one row over one set of documents, in order.

        Raises:
            StoreError: when the store cannot take results any more.
        """
        waiting = list(group)
        if any(_is_of_this_process(task) for task in group):
            for task in waiting:
                carry_out(task, self.store, listen)
            return
        while waiting:
            waiting = self._work(waiting, listen)

    def _work(self, tasks: list[CellTask], listen: Listener) -> list[CellTask]:
        """Give tasks to one worker; returns those left when it died, the one it died of excluded."""
        job = {
            "store": str(self.store.root),
            "plugins": [str(path) for path in self.plugins],
            "tasks": [task.model_dump(mode="json") for task in tasks],
        }
        left = {task.key: task for task in tasks}
        with tempfile.TemporaryFile() as log:
            command = [sys.executable, "-m", "harness.worker"]
            worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
            try:
                assert worker.stdin is not None
                assert worker.stdout is not None
                worker.stdin.write(json.dumps(job) + "\n")
                worker.stdin.flush()
                _follow(worker.stdout, left, listen)
                worker.wait()
            except BrokenPipeError:
                worker.wait()
            finally:
                if worker.poll() is None:
                    worker.kill()
                    worker.wait()
            if left:
                task = next(iter(left.values()))
                failure = keep_failure(task, self.store, _death(worker.returncode, log))
                listen(Event(kind="ended", key=task.key, status="failed", reason=failure["error"]["message"]))
                del left[task.key]
        return list(left.values())


def _follow(lines: IO[str], left: dict[str, CellTask], listen: Listener) -> None:
    """Pass events on as they come, and cross off the cells that ended."""
    for line in lines:
        value = json.loads(line)
        if "stopped" in value:
            raise StoreError(value["stopped"]["message"], value["stopped"]["hint"])
        event = Event.model_validate(value)
        if event.kind == "ended":
            left.pop(event.key, None)
        listen(event)


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
    kinds = (SYSTEMS.origin(task.row.system).kind, SOURCES.origin(task.source).kind)
    return "session" in kinds
