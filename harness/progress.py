"""How long work reports its progress."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int | None, str], None]
"""Progress callback: steps done, steps in all (None where that is not known), and a few words on what is being done."""


def no_progress(done: int, total: int | None, text: str) -> None:
    """Discard progress.

    Args:
        done, total, text: as in `Progress`.
    """
