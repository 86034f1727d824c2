"""Identities: digests of plain values, so that equal inputs give equal keys in every process and on every machine."""

from __future__ import annotations

import hashlib
import json
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pydantic import BaseModel

from clir_harness.harness.code.code_version import code_digest
from clir_harness.harness.code.live_code import live_digest
from clir_harness.harness.code.live_values import importable
from clir_harness.harness.errors import PluginError
from clir_harness.harness.record_identity import Record, SystemIdentity
from clir_harness.harness.system import SYSTEMS, RetrievalSystem


def fingerprint(value: Any) -> str:
    """Digest (128 bits, hexadecimal) of a record, or of a value of mappings, sequences, text, numbers and None.

    >>> fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": [2], "a": 1})
    True
    """
    value = value.plain() if isinstance(value, Record) else value
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def package_version(distribution: str) -> str:
    """Version of an installed distribution, or "not installed"."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"


def require_packages(cls: type[RetrievalSystem[Any]]) -> None:
    """Check that the distributions a system requires are installed.

    Raises:
        PluginError: one is not installed, or `requires` is not a list of names.
    """
    needed = cls.requires
    if isinstance(needed, str) or not all(isinstance(name, str) for name in needed):
        raise PluginError(f"`requires` of system '{cls.name}' is {needed!r}", hint="write a list of distribution names")
    if absent := [name for name in needed if package_version(name) == "not installed"]:
        raise PluginError(f"system '{cls.name}' needs {' '.join(absent)}", hint=f"pip install {' '.join(absent)}")


def settings_without_places(settings: BaseModel) -> dict[str, Any]:
    """Settings without path-like fields, which the identity covers by digest.

    A field is left out when its definition says `json_schema_extra={"identity": False}`.
    """
    extras = {name: field.json_schema_extra for name, field in type(settings).model_fields.items()}
    places = {name for name, extra in extras.items() if isinstance(extra, dict) and extra.get("identity") is False}
    return dict(settings.model_dump(mode="json", exclude=places))


def system_code(cls: type[RetrievalSystem[Any]]) -> str:
    """Version of a system's code: digest of its files, or of what is in memory when no other process can import it."""
    return live_digest(cls) if is_live(cls) else code_digest(cls)


def is_live(cls: type[RetrievalSystem[Any]]) -> bool:
    """Whether a system's code exists only in memory: defined by running code, or in a user module that it loaded."""
    module = sys.modules.get(cls.__module__)
    if cls.__module__ == "__main__" or getattr(module, "__file__", None) is None:
        return True
    name = getattr(cls, "name", "")
    return name in SYSTEMS.names() and SYSTEMS.origin(name).kind == "session" and importable(cls) is None


def freeze_session_code() -> None:
    """Take the code digests of all systems of this session before one of them runs; `frozen` keeps them."""
    for name in SYSTEMS.names():
        if SYSTEMS.origin(name).kind == "session":
            system_code(SYSTEMS.get(name))


def system_identity(system: RetrievalSystem[Any]) -> SystemIdentity:
    """Everything about a system that can change its answers: name, settings, code, inputs, libraries, components."""
    return SystemIdentity(
        name=system.name,
        settings=settings_without_places(system.config),
        code=system_code(type(system)),
        inputs=dict(system.inputs()),
        packages={name: package_version(name) for name in system.requires},
        components=tuple(system_identity(part) for part in system.components()),
    )
