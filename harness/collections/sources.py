"""The registry of collection sources, and how one is built from plain settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.collections.base import CollectionSource
from harness.registry import Registry
from harness.system import config_error

SOURCES: Registry[CollectionSource] = Registry(
    "collection source",
    CollectionSource,  # type: ignore[type-abstract]
    "clir_harness.collections",
)


def register_collection(name: str) -> Callable[[type[CollectionSource]], type[CollectionSource]]:
    """Class decorator that makes a collection source known under a name."""
    return SOURCES.register(name)


def build_source(name: str, settings: Mapping[str, Any], data: Path | None) -> CollectionSource:
    """A source from its name and plain settings, as a suite's YAML gives them.

    Raises:
        UnknownNameError: no such source, or no such setting.
        UsageError: a setting does not validate; says what was expected.
    """
    source = SOURCES.get(name)
    try:
        return source(source.Config.model_validate(dict(settings)), data)
    except ValidationError as error:
        raise config_error(f"collection source '{name}'", source.Config, error) from None
