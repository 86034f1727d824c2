"""Faults of a collection that a user may allow, by name and up to a share: `allow: {empty_documents: 5 %}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import PlainSerializer, PlainValidator

from clir_harness.harness.errors import UnknownNameError, UsageError

ALLOWABLE: Mapping[str, str] = {
    "empty_documents": "documents without title and text are kept; nothing can retrieve them",
    "empty_queries": "queries without text are asked as they are",
    "duplicate_documents": "of documents with the same id, the first is kept",
    "duplicate_queries": "of queries with the same id, the first is asked",
    "unknown_queries": "judgements of queries that do not exist are left out",
}
"""What can be allowed, and how it is handled. A collection with other faults cannot be scored."""

_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]+)?)\s*%")


@dataclass(frozen=True, slots=True)
class Allowances:
    """What a user allows: shares from 0 to 1 by name, 1 for `true`.

    >>> str(Allowances({"empty_documents": 0.05, "unknown_queries": 1.0}))
    '{empty_documents: 5 %, unknown_queries: true}'
    """

    shares: Mapping[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        return "{" + ", ".join(map(self.stated, self.shares)) + "}"

    def stated(self, name: str) -> str:
        """An allowance as it is written."""
        share = self.shares[name]
        return f"{name}: " + ("true" if share == 1 else f"{100 * share:.4g} %")


def _parse(value: object) -> Allowances:
    if isinstance(value, Allowances):
        return value
    if not isinstance(value, Mapping):
        raise UsageError(
            f"allow: expected names with shares, found {value!r}", hint="write e.g. allow: {empty_documents: 5 %}"
        )
    shares = {str(name): _share(str(name), share) for name, share in value.items()}
    return Allowances({name: share for name, share in shares.items() if share is not None})


def _share(name: str, value: object) -> float | None:
    """The share that a user wrote; None for `false`.

    Raises:
        UnknownNameError: there is no such allowance.
        UsageError: the value is neither true, false nor a share in per cent.
    """
    if name not in ALLOWABLE:
        raise UnknownNameError("allowance", name, ALLOWABLE)
    if isinstance(value, bool):
        return 1.0 if value else None
    match = _SHARE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or float(match[1]) > 100:
        raise UsageError(
            f"allow: {name}: expected true or a share in per cent, found {value!r}",
            hint=f"write allow: {{{name}: 5 %}}, or {name}: true for any number",
        )
    return float(match[1]) / 100


Allow = Annotated[
    Allowances,
    PlainValidator(_parse, json_schema_input_type=dict[str, bool | str]),
    PlainSerializer(lambda allow: dict(allow.shares), return_type=dict[str, float]),
]
"""Allowances in a configuration."""
