"""ir_datasets ids that users register themselves: by a plugin file, by a module that a suite names, or in a session."""

from __future__ import annotations

import functools
import importlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

from clir_harness.harness.code.code_version import forget_modules, module_digest, module_file, module_files
from clir_harness.harness.errors import PluginError
from clir_harness.harness.plugins.calls import INTERRUPTS, described

_elsewhere: set[str] = set()


@dataclass(frozen=True, slots=True)
class _Source:
    """Code that has registered ids: its name, its files, their version, and the ids."""

    name: str
    files: frozenset[Path]
    version: str
    ids: tuple[str, ...]


_sources: list[_Source] = []


@functools.cache
def _published() -> frozenset[str]:
    text = resources.files("ir_datasets").joinpath("etc/metadata.json").read_text("utf-8")
    return frozenset(json.loads(text))


def is_own(dataset: str) -> bool:
    """Whether an id is neither one that ir_datasets publishes nor of a form that it knows."""
    import ir_datasets

    known = dataset in _published() or any(form.match(dataset) for form, _ in ir_datasets.registry._patterns)
    return not known


def is_of_this_process(dataset: str) -> bool:
    """Whether an id was registered by running code: another process does not know it."""
    return is_own(dataset) and dataset not in _elsewhere


def registering(module: str, path: Path | None, run: Callable[[], Any]) -> list[str]:
    """Run code that may register ids, and remember that other processes can run it as well.

    Ids registered earlier by running code, or by code in one of the same files, may be registered again.

    Args:
        module: name of the module that the code is.
        path: its file; None when it has none.
        run: runs it.

    Returns:
        The ids registered.
    """
    version = module_digest(module, path)
    files = frozenset(module_files(module, path).values() if path else ())
    again = {dataset for source in _sources if source.files & files for dataset in source.ids}
    before = _registered()
    aside = {name: before.pop(name) for name in [*before] if name in again or is_of_this_process(name)}
    known = set(before)
    try:
        run()
    finally:
        registered = _registered()
        found = sorted(dataset for dataset in registered.keys() - known if is_own(dataset))
        for dataset, value in aside.items():
            registered.setdefault(dataset, value)
    _sources[:] = [source for source in _sources if source.name != module]
    _sources.append(_Source(module, files, version, tuple(found)))
    _elsewhere.update(found)
    return found


def import_modules(names: tuple[str, ...]) -> None:
    """Import the modules that a suite names, again when they were edited; they register ids.

    Raises:
        PluginError: one cannot be imported, or registers nothing.
    """
    for name in names:
        path, version = module_file(name), module_digest(name)
        if any(source.ids and (source.name, source.version) == (name, version) for source in _sources):
            continue
        if path is not None:
            forget_modules(name, path)
        sys.modules.pop(name, None)
        try:
            found = registering(name, path, partial(importlib.import_module, name))
        except INTERRUPTS:
            raise
        except BaseException as error:
            raise PluginError(
                f"module '{name}' cannot be imported: {described(error)}",
                hint="install it, or put its folder into PYTHONPATH",
            ) from error
        if not found:
            raise PluginError(f"module '{name}' registers no ir_datasets id", hint="call ir_datasets.registry.register")


def _registered() -> dict[str, Any]:
    """The registry of ir_datasets; empty where nothing has imported it yet, which takes a quarter of a second."""
    found = sys.modules.get("ir_datasets")
    registered: dict[str, Any] = found.registry._registered if found else {}
    return registered
