"""Calls into plugins: whatever they raise becomes an error that names the plugin, the place and the message."""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clir_harness.harness.errors import ClirError, PluginError

INTERRUPTS = (KeyboardInterrupt, GeneratorExit)
"""What is raised to end the work, not by it: no plugin's fault. All else is, SystemExit included."""

_STANDARD = sysconfig.get_path("stdlib")
_INSTALLED = sysconfig.get_path("purelib")
_HARNESS = str(Path(__file__).parents[1])


@contextmanager
def calling(owner: str) -> Iterator[None]:
    """A block that calls into a plugin.

    Args:
        owner: the plugin, as messages name it: "system 'x'".

    Raises:
        PluginError: for whatever the block raises, SystemExit included, but for errors of this harness, which say what
            is wrong themselves, and interrupts.
    """
    try:
        yield
    except (ClirError, *INTERRUPTS):
        raise
    except BaseException as error:
        raise PluginError(f"{owner} raised {described(error)}") from error


def described(error: BaseException) -> str:
    """An error by type, message and place: the innermost line of the plugin, which is in no library.

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
    """How far from a plugin's own lines a file is: they may be installed, and call the harness and libraries."""
    if file.startswith(_HARNESS):
        return 2
    if file.startswith(_INSTALLED):
        return 1
    return 3 if file.startswith((_STANDARD, "<frozen")) else 0
