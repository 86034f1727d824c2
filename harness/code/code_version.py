"""Version of a plugin's code: a digest of its module and of all imported modules that are not installed.

The digest covers source files and compiled modules, found without
importing them, so that a changed helper module re-runs exactly the systems that use it. Modules that are not installed
but developed beside the plugin count as well, and so do the systems of this distribution that a plugin builds on;
installed packages count by the versions that a system's `requires` names.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import importlib.util
import os
import sys
import sysconfig
import types
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import psutil

from clir_harness.harness.errors import PluginError

PRODUCT = "clir_harness"
"""The package of this distribution. Its systems count by their content; the rest by the format of cells, which
says when it changes what is computed."""

_INSTALLED = tuple({sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")})
_STARTED = psutil.Process().create_time()


def code_digest(cls: type) -> str:
    """Digest (hex) of the files a class depends on: of its own top-level package, and what is not installed.

    The files are read each time, so that edits are noticed.

    Raises:
        PluginError: when the class has no file, or its file is gone.
    """
    return _digest_of(code_files(cls))


def module_digest(module: str, path: Path | None = None) -> str:
    """Digest (hexadecimal) of the files a module depends on, like `code_digest`; empty for a module without a file.

    Args:
        module: its name.
        path: its file, if it cannot be found by its name.

    Returns:
        The digest.
    """
    path = path or module_file(module)
    return "" if path is None else _digest_of(module_files(module, path))


def code_files(cls: type) -> dict[str, Path]:
    """The files a class depends on, by module.

    Raises:
        PluginError: when the class has no file, or its file is gone.
    """
    path = getattr(sys.modules.get(cls.__module__), "__file__", None)
    if path is None or not Path(path).is_file():
        raise PluginError(
            f"the code of {cls.__qualname__} cannot be read: its module {cls.__module__} has no file",
            hint="install its package unzipped; restart Python when it was moved",
        )
    return module_files(cls.__module__, Path(path))


def edited_since_start(cls: type) -> Path | None:
    """A file that a class depends on and that was edited after this process began: what runs may be older than it."""
    for path in code_files(cls).values():
        status = path.stat()
        if max(status.st_mtime, status.st_ctime) > _STARTED:
            return path
    return None


def forget_modules(module: str, path: Path) -> None:
    """Unload the user's own modules that a file imports, so that the next import reads them again.

    Args:
        module: name of the module that the file is.
        path: the file.
    """
    files = module_files(module, path)
    tops = {name.partition(".")[0] for name in files.keys() - {module}} - {PRODUCT}
    for name in [name for name in sys.modules if name.partition(".")[0] in tops]:
        del sys.modules[name]
    _drop_stale_bytecode(files)
    importlib.invalidate_caches()


def prepare_import(module: str) -> None:
    """Make sure that importing a module reads its source, and not bytecode from before an edit."""
    if (path := module_file(module)) is not None:
        _drop_stale_bytecode(module_files(module, path))


def _drop_stale_bytecode(files: dict[str, Path]) -> None:
    """Delete compiled files that are older than their source: Python takes one of the same size and second for new."""
    for path in files.values():
        compiled, source = Path(importlib.util.cache_from_source(str(path))), path.stat()
        if compiled.is_file() and compiled.stat().st_mtime_ns <= max(source.st_mtime_ns, source.st_ctime_ns):
            with contextlib.suppress(OSError):
                compiled.unlink()


def is_installed(module: types.ModuleType) -> bool:
    """Whether a module is of the standard library, an installed package or the harness: not a user's own."""
    top = module.__name__.partition(".")[0]
    if top == PRODUCT or top in sys.stdlib_module_names:
        return top != "__main__" and not _is_system(module.__name__)
    return _is_installed_file(getattr(module, "__file__", None))


def is_own(module: str) -> bool:
    """Whether a module is a user's own, or one of the systems of this distribution, and so counts by its content."""
    package = module.partition(".")[0]
    if package == PRODUCT:
        return _is_system(module)
    if package in sys.stdlib_module_names:
        return False
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):  # a module created by code has no specification
        return package in sys.modules
    places = [spec.origin, *(spec.submodule_search_locations or ())] if spec else []
    return any(place is not None and not _is_installed_file(str(place)) for place in places)  # some give paths


def _is_system(module: str) -> bool:
    return f"{module}.".startswith(f"{PRODUCT}.systems.")


def with_parents(module: str) -> Iterator[str]:
    """A module and the packages it is in: they are imported with it."""
    parts = module.split(".")
    yield from (".".join(parts[:count]) for count in range(1, len(parts) + 1) if all(parts[:count]))


def _is_installed_file(path: str | None) -> bool:
    return path is not None and (
        path.startswith(_INSTALLED) or not {"site-packages", "dist-packages"}.isdisjoint(Path(path).parts)
    )


def _digest_of(files: dict[str, Path]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name, path in sorted(files.items()):
        digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def module_files(module: str, path: Path) -> dict[str, Path]:
    """The files of the modules that a module imports and that are not installed, its own file included.

    Args:
        module: its name.
        path: its file.

    Returns:
        Path by module name.
    """
    found: dict[str, Path] = {}
    waiting = [(module, path)]
    parents = (part for part in with_parents(module) if part not in (module, PRODUCT))
    waiting += [(part, place) for part in parents if (place := module_file(part))]
    own = {module.partition(".")[0]: True} if not module.startswith(f"{PRODUCT}.") else {}
    while waiting:
        name, file = waiting.pop()
        if name in found:
            continue
        found[name] = file
        if file.suffix != ".py":
            continue
        for imported in _imports(file.read_bytes(), name, is_package=file.name == "__init__.py"):
            for part in with_parents(imported):
                key = part if part.startswith(f"{PRODUCT}.") else part.partition(".")[0]
                if key not in own:
                    own[key] = is_own(key)
                if own[key] and part not in found and (place := module_file(part)) is not None:
                    waiting.append((part, place))
    return found


def module_file(module: str) -> Path | None:
    """The source file of a module; None for other names, as in `from package.module import name`.

    Only the top-level package is looked up by the import system: it would import the parents of anything deeper.
    """
    package, *rest = module.split(".")
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if not rest:
        return Path(spec.origin) if spec.origin and Path(spec.origin).is_file() else None
    for place in spec.submodule_search_locations or ():
        path = Path(place, *rest)
        compiled = (path.with_name(path.name + ending) for ending in EXTENSION_SUFFIXES)
        for file in (path / "__init__.py", path.with_name(f"{path.name}.py"), *compiled):
            if file.is_file():
                return file
    return None


@functools.lru_cache(maxsize=4096)
def _imports(source: bytes, module: str, *, is_package: bool) -> tuple[str, ...]:
    """Absolute names of all modules that a source may import, function bodies included; by content, so never stale."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return ()
    parts = module.split(".")
    here = parts if is_package else parts[:-1]
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node.module or "", node.level, here)
            found += (base, *(f"{base}.{alias.name}" for alias in node.names))
        elif isinstance(node, ast.Call) and _is_import_call(node):
            for argument in node.args[:1]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    name = argument.value.lstrip(".")
                    found.append(_absolute(name, len(argument.value) - len(name), here))
    return tuple(found)


def _absolute(name: str, level: int, package: list[str]) -> str:
    """The absolute name of a module named with `level` dots in front in a module of a package."""
    kept = package[: len(package) - level + 1] if level else []
    return ".".join([*kept, name] if name else kept)


def _is_import_call(node: ast.Call) -> bool:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in ("import_module", "__import__")
