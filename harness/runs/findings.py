"""Findings of the check of a run, by kind, with the lines concerned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clir_harness.harness.errors import DataError

SHOWN = 5
"""How many line numbers a finding lists."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of error or warning about a run.

    Attributes:
        kind: columns, score, duplicate, query, document, coverage, file (errors); rank, order, tie, tag, notation,
            depth, coverage (warnings).
        error: whether it makes the run unusable.
        message: what is wrong, for the first occurrence.
        hint: what to do about it; may be empty.
        count: how often it occurs.
        lines: numbers of the first `SHOWN` lines concerned; empty when it is not about a line.
    """

    kind: str
    error: bool
    message: str
    hint: str
    count: int = 1
    lines: tuple[int, ...] = ()


class Findings:
    """Collects findings by kind: the first message, the first few line numbers and the total count."""

    def __init__(self) -> None:
        self._first: dict[tuple[bool, str], tuple[str, str]] = {}
        self._lines: dict[tuple[bool, str], list[int]] = {}
        self._counts: dict[tuple[bool, str], int] = {}

    def add(
        self, kind: str, message: str, hint: str, *, error: bool = False, lines: Sequence[int] = (), count: int = 1
    ) -> None:
        """Record `count` findings of one kind.

        Args:
            kind: as in `Finding.kind`.
            message: what is wrong; kept for the first finding of the kind only.
            hint: what to do about it; may be empty.
            error: whether it makes the run unusable.
            lines: numbers of the lines concerned.
            count: number of occurrences.
        """
        key = (error, kind)
        self._first.setdefault(key, (message, hint))
        named = self._lines.setdefault(key, [])
        named += [int(line) for line in lines[: SHOWN - len(named)]]
        self._counts[key] = self._counts.get(key, 0) + count

    def add_fault(self, kind: str, fault: DataError, *, error: bool = False) -> None:
        """Record an exception about one line as a finding.

        Args:
            kind: as in `Finding.kind`.
            fault: the exception; its message, hint and line number are kept.
            error: whether it makes the run unusable.
        """
        self.add(kind, fault.fault, fault.hint or "", error=error, lines=[] if fault.line is None else [fault.line])

    @property
    def any_error(self) -> bool:
        """Whether any of them makes the run unusable."""
        return any(error for error, _ in self._first)

    def all(self) -> tuple[Finding, ...]:
        """Every kind once, errors first."""
        found = [
            Finding(kind, error, *first, count=self._counts[error, kind], lines=tuple(self._lines[error, kind]))
            for (error, kind), first in self._first.items()
        ]
        return tuple(sorted(found, key=lambda finding: not finding.error))
