import numpy as np

from clir_harness.harness.execution import measurement
from clir_harness.harness.execution.measurement import PeakMemory

BLOCK = 200 * 2**20


def allocate_and_free() -> int:
    return int(np.ones(BLOCK // 8).sum())


def test_peak_memory_sees_what_was_freed_again_and_forgets_earlier_peaks() -> None:
    with PeakMemory() as high:
        allocate_and_free()
    with PeakMemory() as low:
        pass
    assert high.bytes - low.bytes > 0.8 * BLOCK


def test_sampling_sees_the_peak_where_the_system_keeps_none(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(measurement, "_CLEAR_REFS", tmp_path / "absent" / "clear_refs")
    with PeakMemory() as low:
        pass
    with PeakMemory() as high:
        block = np.ones(BLOCK // 8)
        for _ in range(20):
            block.sum()
    assert high.bytes - low.bytes > 0.8 * BLOCK
