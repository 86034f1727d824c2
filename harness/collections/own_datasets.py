"""ir_datasets ids that users register themselves: by a plugin file, by a module that a suite names, or in a session."""

from __future__ import annotations

import functools
import importlib
import json
from collections.abc import Callable
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

from harness.errors import PluginError
from harness.plugin_calls import described

_elsewhere: set[str] = set()
_of_source: dict[str, list[str]] = {}


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


def registering(source: str, run: Callable[[], Any]) -> list[str]:
    """Run code that may register ids, and remember that other processes can run it as well.

    Args:
        source: file or module the code is in; ids that it registered before are forgotten first.
        run: runs it.

    Returns:
        The ids registered.
    """
    import ir_datasets

    registered = ir_datasets.registry._registered
    for dataset in _of_source.pop(source, ()):
        registered.pop(dataset, None)
    before = set(registered)
    run()
    found = sorted(set(registered) - before)
    _of_source[source] = found
    _elsewhere.update(found)
    return found


def import_modules(names: tuple[str, ...]) -> None:
    """Import the modules that a suite names, each once; they register ids.

    Raises:
        PluginError: one cannot be imported, or registers nothing.
    """
    for name in names:
        if name in _of_source:
            continue
        try:
            found = registering(name, partial(importlib.import_module, name))
        except Exception as error:
            raise PluginError(
                f"module '{name}' cannot be imported: {described(error)}",
                hint="install it, or put its folder into PYTHONPATH",
            ) from error
        if not found and not _of_source[name]:
            raise PluginError(f"module '{name}' registers no ir_datasets id", hint="call ir_datasets.registry.register")


def mentions_ir_datasets(path: Path) -> bool:
    """Whether a plugin file may register ids: importing ir_datasets to see costs a quarter of a second."""
    return b"ir_datasets" in path.read_bytes()
