"""Checks of identities: equal for equal behaviour, different when a setting differs."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

from clir_harness.harness.conformance.check import ConformanceError, NotCheckableError, check
from clir_harness.harness.conformance.rankings import require_same
from clir_harness.harness.conformance.subject import Subject
from clir_harness.harness.errors import ClirError
from clir_harness.harness.execution.indexing import index_key, with_components
from clir_harness.harness.system import RetrievalSystem


@check("return plain values (JSON) from settings, `inputs` and `index_settings`, that depend on nothing else")
def equal_settings_have_equal_identities(subject: Subject) -> None:
    """The same settings, given again or written down and read back, are the same system."""
    settings = subject.system.config.model_dump(mode="json")
    for again in (subject.fresh(), subject.fresh(settings)):
        if subject.identity(again) != subject.identity():
            raise ConformanceError(
                f"settings {settings}: expected the identity {subject.identity()}, found {subject.identity(again)}"
            )
        if _index_keys(subject, again) != _index_keys(subject):
            raise ConformanceError(
                f"settings {settings}: expected index settings {dict(subject.system.index_settings())}, "
                f"found {dict(again.index_settings())}"
            )


@check("leave every setting in `Config` and in its dump (no `exclude`): results are found again by them")
def every_setting_is_in_the_identity(subject: Subject) -> None:
    """Changing any setting changes the identity."""
    for variant in _require_variants(subject):
        if subject.identity(variant.system) == subject.identity():
            raise ConformanceError(f"{variant}: expected another identity, found the same")


@check("list in `index_settings` every setting that `index` uses")
def index_settings_name_what_the_index_depends_on(subject: Subject) -> None:
    """Where two settings share an index, each answers from the other's as from its own."""
    sharing = [v for v in _require_variants(subject) if _index_keys(subject, v.system) == _index_keys(subject)]
    if not sharing:
        raise NotCheckableError("no two settings share an index")
    for variant in sharing:
        own = subject.answer(subject.build(subject.documents, variant.system), subject.queries, system=variant.system)
        shared = subject.answer(subject.index, subject.queries, system=variant.system)
        try:
            require_same(subject.queries, own, shared)
        except ConformanceError as error:
            raise ConformanceError(f"{variant}, over an index built without it: {error.message}") from None


def _index_keys(subject: Subject, system: RetrievalSystem[Any] | None = None) -> list[str]:
    """The keys under which the store keeps the indexes of a system and its components."""
    return [
        index_key(part, "", subject.pair.document, subject.seed) for part in with_components(system or subject.system)
    ]


@dataclass(frozen=True, slots=True)
class _Variant:
    """The subject with one setting changed."""

    field: str
    value: Any
    system: RetrievalSystem[Any]

    def __str__(self) -> str:
        return f"{self.field}={self.value!r}"


def _require_variants(subject: Subject) -> list[_Variant]:
    found = [
        variant
        for field, info in subject.system.Config.model_fields.items()
        if (variant := _variant(subject, field, info.annotation)) is not None
    ]
    if not found:
        raise NotCheckableError("the kit found no second value for any setting")
    return found


def _variant(subject: Subject, field: str, annotation: Any) -> _Variant | None:
    """The subject with another value of a setting, the first one that is valid and takes the pair."""
    current = getattr(subject.system.config, field)
    for value in _other_values(annotation, current):
        try:
            system = subject.fresh({**subject.settings, field: value})
            system.inputs()
        except ClirError:
            continue
        if getattr(system.config, field) != current and system.supports(subject.pair) is None:
            return _Variant(field, value, system)
    return None


def _other_values(annotation: Any, current: Any) -> Iterator[Any]:
    """Values near the current one; none for texts, paths and containers, whose valid values only the system knows."""
    if typing.get_origin(annotation) is Literal:
        yield from (value for value in typing.get_args(annotation) if value != current)
    elif isinstance(current, Enum):
        yield from (member.value for member in type(current) if member is not current)
    elif isinstance(current, bool):
        yield not current
    elif isinstance(current, int):
        yield from (current + 1, current - 1, 2 * current, current // 2)
    elif isinstance(current, float):
        yield from (1.5 * current, current / 2, current + 0.25, current - 0.25)
