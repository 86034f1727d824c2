"""Measurement of costs: time, peak memory, bytes on disk, and the machine."""

from __future__ import annotations

import os
import platform
import threading
from contextlib import AbstractContextManager
from pathlib import Path

import psutil

from clir_harness.harness.record import Machine

_CLEAR_REFS = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")


class PeakMemory(AbstractContextManager["PeakMemory"]):
    """Peak resident memory of this process, Java and native libraries included, while the block runs.

    Linux keeps the peak itself and can reset it; elsewhere the resident size is sampled every 20 ms.

    Attributes:
        bytes: the peak; 0 until the block ends.
    """

    bytes: int = 0

    def __enter__(self) -> PeakMemory:
        self._stop: threading.Event | None = None
        try:
            _CLEAR_REFS.write_text("5", "utf-8")  # proc(5): 5 resets the peak resident set size
        except OSError:
            self._stop = threading.Event()
            self._sampler = threading.Thread(target=self._sample, args=(self._stop,), daemon=True)
            self._sampler.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._stop is None:
            lines = _STATUS.read_text("utf-8", "replace").splitlines()
            line = next(line for line in lines if line.startswith("VmHWM:"))
            self.bytes = int(line.split()[1]) * 1024
        else:
            self._stop.set()
            self._sampler.join()

    def _sample(self, stop: threading.Event) -> None:
        process = psutil.Process()
        while True:
            self.bytes = max(self.bytes, process.memory_info().rss)
            if stop.wait(0.02):
                return


def folder_bytes(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def available_cores() -> int:
    """Processor cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this platform
        return os.cpu_count() or 1


def machine() -> Machine:
    """This machine."""
    return Machine(
        processor=platform.processor() or platform.machine(),
        cores=available_cores(),
        memory_bytes=psutil.virtual_memory().total,
        system=platform.platform(),
        python=platform.python_version(),
    )
