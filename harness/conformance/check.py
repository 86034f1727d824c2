"""Checks and their outcomes."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from clir_harness.harness.conformance.subject import Subject
from clir_harness.harness.errors import ClirError
from clir_harness.harness.plugins.calls import INTERRUPTS


class ConformanceError(ClirError):
    """A system breaks its contract: what was expected, what was found, and how to fix it."""


class NotCheckableError(ClirError):
    """A check does not apply to the system; says why."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that every system must do.

    Attributes:
        name: e.g. `ids-come-back-byte-for-byte`.
        remedy: what to do about a system that fails.
        body: raises when the system fails.
    """

    name: str
    remedy: str
    body: Callable[[Subject], None]

    def __call__(self, subject: Subject) -> None:
        """Carry out the check.

        Raises:
            ConformanceError: the system fails; an exception of its own becomes the cause.
            NotCheckableError: the check does not apply to the system.
        """
        try:
            self.body(subject)
        except NotCheckableError:
            raise
        except ConformanceError as error:
            raise ConformanceError(error.message, error.hint or self.remedy) from error.__cause__
        except INTERRUPTS:
            raise
        except BaseException as error:
            what = error.message if isinstance(error, ClirError) else (str(error).splitlines() or [""])[0]
            found = f"the system raised {type(error).__name__}{_place(error, subject)}: {what}"
            raise ConformanceError(found, self.remedy) from error


def check(remedy: str) -> Callable[[Callable[[Subject], None]], Check]:
    """Decorator that makes a check of a function; its name, with hyphens, is the name of the check."""
    return lambda body: Check(body.__name__.replace("_", "-"), remedy, body)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of a check.

    Attributes:
        check: its name.
        status: ok, failed, or skipped because it does not apply to the system.
        reason: what was found, or why it was skipped; empty when ok.
        remedy: what to do about it, when it failed.
    """

    check: str
    status: Literal["ok", "failed", "skipped"]
    reason: str = ""
    remedy: str = ""


def outcome(one: Check, subject: Subject) -> Outcome:
    """Carry out a check and report its outcome.

    Args:
        one: the check.
        subject: the system under test.

    Returns:
        The outcome.
    """
    try:
        one(subject)
    except NotCheckableError as error:
        return Outcome(one.name, "skipped", error.message)
    except ConformanceError as error:
        return Outcome(one.name, "failed", error.message, error.hint or "")
    return Outcome(one.name, "ok")


def _place(error: BaseException, subject: Subject) -> str:
    """Position in the system's own code where the error was raised, if it was raised there."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == subject.source_file]
    return f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
