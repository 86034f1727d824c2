"""Problems of test collections, among them those that a user may allow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from clir_harness.harness.characters import LABEL_RULE, TEXT_RULE, broken_text, is_label
from clir_harness.harness.collections.allowances import Allowances
from clir_harness.harness.collections.base import TestCollection
from clir_harness.harness.collections.document_summary import SAMPLE


class Severity(StrEnum):
    """An error prevents a collection from being scored; a warning is shown beside its results."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of a collection.

    Attributes:
        severity: whether it prevents the collection from being scored.
        code: names the kind.
        message: has counts and a sample of the ids.
        allowance: what to allow, for an error that can be: `empty_documents: 5 %`.
    """

    severity: Severity
    code: str
    message: str
    allowance: str = ""


def found(severity: Severity, code: str, what: str, ids: Iterable[str], count: int | None = None) -> list[Problem]:
    """A problem for ids of one kind, with their number and a sample; none when there are no ids.

    Args:
        severity: of the problem.
        code: name of the kind.
        what: description of the ids, for the message.
        ids: the ids, or a sample.
        count: their number, when `ids` is a sample.

    Returns:
        A list of one problem, or empty.
    """
    ids = list(ids)
    if not ids:
        return []
    sample = ", ".join(repr(value) for value in sorted(ids)[:SAMPLE])
    return [Problem(severity, code, f"{count or len(ids)} {what}, e.g. {sample}")]


def allowable(
    allow: Allowances, name: str, what: str, ids: Iterable[str], count: int, of: int, *, bearable: float = 0.0
) -> list[Problem]:
    """A problem that is an error only beyond what the user allows.

    Args:
        allow: what the user allows.
        name: name of the allowance.
        what: description of the ids, for the message.
        ids: the ids, or a sample.
        count: their number.
        of: the total that the share is of.
        bearable: share below which it is a warning without an allowance.

    Returns:
        The problem, if any, and a warning when the allowance is not needed.
    """
    code = name.replace("_", "-")
    stated = allow.stated(name) if name in allow.shares else ""
    note = f" (allowed: {stated})" if stated else ""
    if not count or count < bearable * of:
        needless = [Problem(Severity.WARNING, "needless-allowance", f"allow: {{{stated}}} is not needed")]
        return [*found(Severity.WARNING, code, what, ids, count), *(needless if stated else ())]
    if count <= allow.shares.get(name, 0.0) * of:
        return found(Severity.WARNING, code, what + note, ids, count)
    (problem,) = found(Severity.ERROR, code, what + note, ids, count)
    return [replace(problem, allowance=f"{name}: {-(-100 * count // of)} %")]


def name_problems(collection: TestCollection) -> list[Problem]:
    """Problems with names and descriptions that a board cannot show; only running code can cause them."""
    names = dict.fromkeys([collection.id, collection.documents.id, *collection.queries])
    problems = [
        Problem(Severity.ERROR, "name", f"the name {name!r} cannot be shown ({LABEL_RULE})")
        for name in names
        if not is_label(name)
    ]
    if (text := broken_text([collection.description, collection.licence])) is not None:
        problems.append(Problem(Severity.ERROR, "name", f"the text {text!r} holds a lone surrogate ({TEXT_RULE})"))
    return problems
