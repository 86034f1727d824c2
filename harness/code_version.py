"""Version of the code behind a plugin: a digest of its module and of all it imports from its own package.

A result is only as old as the code that made it. The digest covers source files and compiled modules, found without
importing them, so that a changed helper module re-runs exactly the systems that use it. Modules that are not installed
but developed beside the plugin count as well; installed ones by the versions that a system's `requires` names.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import sys
import sysconfig
import types
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

OWN_PACKAGES = frozenset({"harness", "systems", "leaderboards"})
"""Top-level packages of this distribution; a change in them counts for what is in the same package."""

_INSTALLED = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


def code_digest(cls: type) -> str:
    """Digest (hex) of the files a class depends on inside its own top-level package, and outside what is installed.

    The files are read anew each time: nothing is remembered over an edit. "unknown" for a class without a file.
    """
    module = sys.modules.get(cls.__module__)
    path = getattr(module, "__file__", None)
    if module is None or path is None:
        return "unknown"
    digest = hashlib.blake2b(digest_size=16)
    for name, source in sorted(_closure(cls.__module__, Path(path)).items()):
        digest.update(name.encode() + b"\0" + source + b"\0")
    return digest.hexdigest()


def is_installed(module: types.ModuleType) -> bool:
    """Whether a module is of the standard library, an installed package or this distribution: not the user's own."""
    top = module.__name__.partition(".")[0]
    if top in OWN_PACKAGES or top in sys.stdlib_module_names:
        return top != "__main__"
    return _is_installed_file(getattr(module, "__file__", None))


def _is_installed_file(path: str | None) -> bool:
    return path is not None and path.startswith(_INSTALLED)


def _closure(module: str, path: Path) -> dict[str, bytes]:
    package = module.partition(".")[0]
    found: dict[str, bytes] = {}
    waiting = [(module, path)]
    waiting += [(part, place) for part in _with_parents(module) if part != module and (place := _find(part))]
    ours = {package: True}
    while waiting:
        name, file = waiting.pop()
        if name in found:
            continue
        found[name] = file.read_bytes()
        if file.suffix != ".py":
            continue
        for imported in _imports(found[name], name, is_package=file.name == "__init__.py"):
            for part in _with_parents(imported):
                top = part.partition(".")[0]
                if top not in ours:
                    ours[top] = _is_developed(top)
                if ours[top] and part not in found and (place := _find(part)) is not None:
                    waiting.append((part, place))
    return found


def _with_parents(module: str) -> Iterator[str]:
    """A module and the packages it is in: they are imported with it."""
    parts = module.split(".")
    yield from (".".join(parts[:count]) for count in range(1, len(parts) + 1) if all(parts[:count]))


def _is_developed(package: str) -> bool:
    """Whether a top-level package is the user's own: neither installed nor of this distribution."""
    if package in OWN_PACKAGES or package in sys.stdlib_module_names or package in sys.builtin_module_names:
        return False
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return False
    places = [spec.origin, *(spec.submodule_search_locations or ())] if spec else []
    return any(place is not None and not _is_installed_file(str(place)) for place in places)  # some give paths


def _find(module: str) -> Path | None:
    """The source file of a module; None for what is no module, as the name in `from package.module import name`.

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
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".")
                kept = parts[: len(parts) - node.level + (1 if is_package else 0)]
                base = ".".join([*kept, base] if base else kept)
            found += (base, *(f"{base}.{alias.name}" for alias in node.names))
        elif isinstance(node, ast.Call) and _is_import_call(node):
            found += (str(argument.value) for argument in node.args[:1] if isinstance(argument, ast.Constant))
    return tuple(name for name in found if not name.startswith("."))


def _is_import_call(node: ast.Call) -> bool:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in ("import_module", "__import__")
