"""The libraries that translate, without importing them."""

from __future__ import annotations

import importlib.util

from clir_harness.harness.errors import UsageError
from clir_harness.harness.identity import package_version
from clir_harness.systems.nmt.settings import Engine


def engine_version(engine: Engine) -> str:
    """Name and version of what computes: translations of another one are not taken from the cache."""
    return f"{engine} {package_version(engine)}"


def require_engine(engine: Engine) -> None:
    """Say in time that an engine is not installed.

    Raises:
        UsageError: names the command that installs it.
    """
    if importlib.util.find_spec(engine) is None:
        raise UsageError(f"{engine} is not installed", hint=f"pip install {engine}, or set engine to transformers")
