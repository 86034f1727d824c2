"""Plugin files: Python files named by the user, which register systems, collection sources or ir_datasets ids."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from functools import partial
from pathlib import Path

from clir_harness.harness.code.code_version import forget_modules, module_digest
from clir_harness.harness.errors import MissingDataError, PluginError
from clir_harness.harness.plugins.calls import INTERRUPTS, described
from clir_harness.harness.plugins.datasets import registering
from clir_harness.harness.plugins.registry import LOADING, REGISTRIES, Loading, Origin

_LOADED: dict[Path, str] = {}
"""Code digest of every plugin file at the time it was loaded."""


def load_plugin_file(path: Path) -> list[str]:
    """Import a Python file named by the user, which registers classes with decorators, or ir_datasets ids.

    When loaded again, it replaces what it registered before, and the user's own modules that it imports are reloaded.

    Returns:
        The names registered, of whatever kind.

    Raises:
        MissingDataError: there is no such file.
        PluginError: importing it fails, or it registers nothing.
    """
    path = path.resolve()
    if not path.is_file():
        raise MissingDataError(f"no plugin file {path}", hint="give --plugin the path of a Python file")
    name = _module_name(path)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError(f"{path} is not a Python file", hint="give --plugin a file ending in .py")
    for registry in REGISTRIES:
        registry.forget(Origin("file", str(path)))
    forget_modules(name, path)
    version = module_digest(name, path)
    loading = Loading(path)
    token = LOADING.set(loading)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        loading.registered += registering(name, path, partial(spec.loader.exec_module, module))
    except (PluginError, *INTERRUPTS):
        raise
    except BaseException as error:
        del sys.modules[name]
        hint = _import_hint(error) if isinstance(error, ImportError) else None
        raise PluginError(f"plugin {path} cannot be imported: {described(error)}", hint=hint) from error
    finally:
        LOADING.reset(token)
    if not loading.registered:
        raise PluginError(
            f"plugin {path} registers nothing",
            hint="decorate a class with @register_system or @register_collection, or register an ir_datasets id",
        )
    _LOADED[path] = version
    return loading.registered


def reload_plugin_file(path: Path) -> None:
    """Load a plugin file again if it, or a user module that it imports, has changed since.

    Raises:
        MissingDataError, PluginError: see `load_plugin_file`.
    """
    path = path.resolve()
    if not path.is_file() or _LOADED.get(path) != module_digest(_module_name(path), path):
        load_plugin_file(path)


def _module_name(path: Path) -> str:
    return f"clir_plugin_{path.stem}_{hashlib.blake2b(str(path).encode(), digest_size=4).hexdigest()}"


def _import_hint(error: ImportError) -> str:
    if (error.name or "").partition(".")[0] in ("harness", "leaderboards"):
        return "the names are in clir_harness since version 0.2: from clir_harness import RetrievalSystem ..."
    return "put the folders of modules that it imports into PYTHONPATH"
