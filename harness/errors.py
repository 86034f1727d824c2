"""Errors a user can act on. Each says what is wrong, where, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

Location = tuple[str | int, ...]
"""Path of a value among others: names of fields, positions in lists."""


class ClirError(Exception):
    """Base class of user-correctable errors; the command line shows them without a traceback.

    Args:
        message: what is wrong, naming the file, line or id at fault.
        hint: what to do about it, in the imperative.

    >>> print(ClirError("no queries in topics.tsv", hint="check the file"))
    no queries in topics.tsv
      hint: check the file
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\n  hint: {self.hint}"


class UsageError(ClirError):
    """An invalid request: a bad option, value or combination.

    Attributes:
        location: path of the invalid setting within the settings; empty when it is not a single one.
        path: file of the settings, if known; its name and the line are part of the message.
    """

    location: Location = ()
    path: Path | None = None

    def place(self, path: Path, line: int) -> None:
        """Add file and line of the settings to the message.

        Args:
            path: the file.
            line: the line.
        """
        self.path = path
        self.message = f"{path}:{line}: {self.message}"


class UnknownNameError(UsageError):
    """An unknown name; carries the closest known names.

    >>> print(UnknownNameError("system", "bm52", ["bm25", "psq"]))
    unknown system 'bm52'
      hint: did you mean 'bm25'? Known: bm25, psq
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        choices = sorted(set(known))
        by_folded = {choice.casefold(): choice for choice in choices}
        close = [by_folded[c] for c in difflib.get_close_matches(name.casefold(), by_folded, n=3, cutoff=0.5)]
        guess = "did you mean " + " or ".join(f"'{c}'" for c in close) + "? " if close else ""
        shown = ", ".join(choices[:20]) + (f" and {len(choices) - 20} more" if len(choices) > 20 else "")
        super().__init__(f"unknown {kind} '{name}'", hint=f"{guess}Known: {shown or 'none'}")
        self.kind, self.name, self.suggestions = kind, name, close


class DataError(ClirError):
    """Malformed input, with its file and line; `fault` is the message without them.

    >>> print(DataError("expected 6 columns, found 5", path="bm25.run", line=3))
    bm25.run:3: expected 6 columns, found 5
    """

    def __init__(
        self, message: str, *, path: Path | str | None = None, line: int | None = None, hint: str | None = None
    ) -> None:
        place = "" if path is None else f"{path}:" if line is None else f"{path}:{line}:"
        super().__init__(f"{place} {message}".strip(), hint)
        self.path, self.line, self.fault = path, line, message


class MissingDataError(ClirError):
    """Missing data; the hint says what to download and where to put it."""


class CollectionError(ClirError):
    """A test collection that cannot be scored as it is (no queries, no judgements, duplicate ids ...)."""


class PluginError(ClirError):
    """A plugin that is broken or conflicts with another one."""


class StoreError(ClirError):
    """The results store cannot be read or written."""


class NotApplicableError(ClirError):
    """A system that by design does not take a collection, e.g. one that lacks the requested query variant."""
