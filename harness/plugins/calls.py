"""Calls into plugins: any exception becomes an error that names the plugin, the line and the message."""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clir_harness.harness.errors import ClirError, PluginError

INTERRUPTS = (KeyboardInterrupt, GeneratorExit)
"""Raised to interrupt the work, hence never a fault of the plugin. Everything else is, SystemExit included."""

_STANDARD = sysconfig.get_path("stdlib")
_INSTALLED = sysconfig.get_path("purelib")
_HARNESS = str(Path(__file__).parents[1])


@contextmanager
def calling(owner: str) -> Iterator[None]:
    """Context manager for calls into a plugin.

    Args:
        owner: the plugin, as named in messages: "system 'x'".

    Raises:
        PluginError: for whatever the block raises, SystemExit included, except interrupts and errors of this harness,
            which describe themselves.
    """
    try:
        yield
    except (ClirError, *INTERRUPTS):
        raise
    except BaseException as error:
        raise PluginError(f"{owner} raised {described(error)}") from error


def described(error: BaseException) -> str:
    """Describe an exception by type, message and place: the innermost line of the plugin's own code, not of a library.

    >>> try:
    ...     int("x")
    ... except ValueError as error:
    ...     described(error).partition(" (")[0]
    "ValueError: invalid literal for int() with base 10: 'x'"
    """
    try:
        message = str(error)
    except Exception:
        message = "(its message cannot be shown)"
    return type(error).__name__ + (f": {message}" if message else "") + _place(error)


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return ""
    frame = min(reversed(frames), key=lambda frame: _distance(frame.filename))
    return f" ({Path(frame.filename).name}:{frame.lineno}, in {frame.name})"


def _distance(file: str) -> int:
    """Distance of a file from the plugin's own code, which may be installed, and may call the harness and libraries."""
    if file.startswith(_HARNESS):
        return 2
    if file.startswith(_INSTALLED):
        return 1
    return 3 if file.startswith((_STANDARD, "<frozen")) else 0
