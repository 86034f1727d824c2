"""What is wrong in a run, kind by kind, with the lines at fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clir_harness.harness.errors import DataError

SHOWN = 5
"""How many lines of a kind of fault are named."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of fault in a run.

    Attributes:
        kind: columns, score, duplicate, query, document, coverage, file (errors); rank, order, tie, tag, notation,
            depth, coverage (warnings).
        error: whether the run cannot be used because of it.
        message: what is wrong, of the first occurrence.
        hint: what to do about it; may be empty.
        count: how often it occurs.
        lines: the first `SHOWN` lines at fault; empty when the fault is not in a line.
    """

    kind: str
    error: bool
    message: str
    hint: str
    count: int = 1
    lines: tuple[int, ...] = ()


class Findings:
    """Gathers problems by kind: the message of the first, the first few lines, the number of all."""

    def __init__(self) -> None:
        self._first: dict[tuple[bool, str], tuple[str, str]] = {}
        self._lines: dict[tuple[bool, str], list[int]] = {}
        self._counts: dict[tuple[bool, str], int] = {}

    def add(
        self, kind: str, message: str, hint: str, *, error: bool = False, lines: Sequence[int] = (), count: int = 1
    ) -> None:
        """Take notice of `count` faults of a kind, in the lines given."""
        key = (error, kind)
        self._first.setdefault(key, (message, hint))
        named = self._lines.setdefault(key, [])
        named += [int(line) for line in lines[: SHOWN - len(named)]]
        self._counts[key] = self._counts.get(key, 0) + count

    def at(self, kind: str, fault: DataError, *, error: bool = False) -> None:
        """Take notice of a fault in one line."""
        self.add(kind, fault.fault, fault.hint or "", error=error, lines=[] if fault.line is None else [fault.line])

    @property
    def any_error(self) -> bool:
        """Whether one of them forbids the use of the run."""
        return any(error for error, _ in self._first)

    def all(self) -> tuple[Problem, ...]:
        """Every kind once, errors first."""
        found = [
            Problem(kind, error, *first, count=self._counts[error, kind], lines=tuple(self._lines[error, kind]))
            for (error, kind), first in self._first.items()
        ]
        return tuple(sorted(found, key=lambda problem: not problem.error))
