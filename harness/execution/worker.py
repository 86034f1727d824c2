"""A worker process of an executor: reads tasks from standard input, writes events to standard output.

Each row of a suite gets a worker of its own, so that a crash (out of memory, a fault in native code) fails one cell
and not the harness, and so that peak memory is the system's own.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path

from clir_harness.harness.collections.sources import SOURCES
from clir_harness.harness.errors import ClirError
from clir_harness.harness.execution.cell import CellTask, Event, carry_out, keep_failure
from clir_harness.harness.execution.trained_models import ModelTask, train_model
from clir_harness.harness.plugins.files import load_plugin_file
from clir_harness.harness.store import Store
from clir_harness.harness.system import SYSTEMS


def main() -> int:
    """Read one JSON line (`store`, `plugins`, and `tasks` or `models`) and carry them out in order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    events = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # whatever Java or a library prints must not mix with the events
    try:
        broken = _load(job["plugins"])
        store = Store(job["store"])
        for model in map(ModelTask.model_validate, job.get("models", ())):
            if broken and model.system not in SYSTEMS:
                reason = str(broken[0])
                _tell(events, Event(kind="ended", key=model.key, phase="training", status="failed", reason=reason))
                continue
            train_model(model, store, lambda event: _tell(events, event))
        for task in map(CellTask.model_validate, job.get("tasks", ())):
            if broken and not (task.row.system in SYSTEMS and task.source in SOURCES):
                reason = keep_failure(task, store, broken[0]).fault
                _tell(events, Event(kind="ended", key=task.key, status="failed", reason=reason))
                continue
            carry_out(task, store, lambda event: _tell(events, event))
    except ClirError as error:
        print(json.dumps({"stopped": {"message": error.message, "hint": error.hint}}), file=events)
        return 1
    return 0


def _load(plugins: list[str]) -> list[ClirError]:
    """Load plugin files; those that fail here fail the rows that need them, and no others."""
    broken = []
    for plugin in plugins:
        try:
            load_plugin_file(Path(plugin))
        except ClirError as error:
            broken.append(error)
    return broken


def _tell(events: object, event: Event) -> None:
    print(event.model_dump_json(), file=events)  # type: ignore[call-overload]


def _end_with_parent() -> None:
    """Stop at once when the parent is gone, however it went: its end of our standard input closes."""
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
