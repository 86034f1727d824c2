"""Suppression of transformers' own reports and progress bars, where ours report what matters."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from transformers.utils import logging


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without the library's reports and progress bars: what matters of them is raised as errors."""
    log: Any = logging
    verbosity, bars = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity_error()
    log.disable_progress_bar()
    try:
        yield
    finally:
        log.set_verbosity(verbosity)
        if bars:
            log.enable_progress_bar()
