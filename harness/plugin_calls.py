"""Calls into plugins: whatever they raise becomes an error that names the plugin, the place and the message."""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import ClirError, PluginError

_LIBRARIES = sysconfig.get_path("purelib"), sysconfig.get_path("stdlib")


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
    except (ClirError, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        raise PluginError(f"{owner} raised {described(error)}") from error


def described(error: BaseException) -> str:
    """An error by type, message and place: the innermost line that is in no library.

    >>> try:
    ...     int("x")
    ... except ValueError as error:
    ...     described(error).partition(" (")[0]
    "ValueError: invalid literal for int() with base 10: 'x'"
    """
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_LIBRARIES)] or frames
    place = f" ({Path(own[-1].filename).name}:{own[-1].lineno}, in {own[-1].name})" if own else ""
    message = str(error)
    return type(error).__name__ + (f": {message}" if message else "") + place
