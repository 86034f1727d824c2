"""Version of the code behind a plugin: a digest of its module and of all it imports from its own package.

A result is only as old as the code that made it. The digest covers source files, found without importing them, so
that a changed helper module re-runs exactly the systems that use it.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path


def code_digest(cls: type) -> str:
    """Digest (hex) of the source a class depends on inside its own top-level package; "unknown" without source."""
    module = sys.modules.get(cls.__module__)
    path = getattr(module, "__file__", None)
    if module is None or path is None:
        return "unknown"
    return _digest(cls.__module__, Path(path))


@functools.cache
def _digest(module: str, path: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name, source in sorted(_closure(module, path).items()):
        digest.update(name.encode() + b"\0" + source + b"\0")
    return digest.hexdigest()


def _closure(module: str, path: Path) -> dict[str, bytes]:
    package = module.partition(".")[0]
    found: dict[str, bytes] = {}
    waiting = [(module, path)]
    while waiting:
        name, file = waiting.pop()
        if name in found:
            continue
        found[name] = file.read_bytes()
        for imported in _imports(found[name], name, is_package=file.name == "__init__.py"):
            if imported.partition(".")[0] == package and imported not in found:
                spec = _find(imported)
                if spec is not None:
                    waiting.append((imported, spec))
    return found


def _find(module: str) -> Path | None:
    """The source file of a module; None for what is no module, as the name in `from package.module import name`.

    Only the top-level package is looked up by the import system: it would import the parents of anything deeper.
    """
    package, *rest = module.split(".")
    spec = importlib.util.find_spec(package)
    if spec is None:
        return None
    if not rest:
        return Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
    for place in spec.submodule_search_locations or ():
        path = Path(place, *rest)
        for file in (path / "__init__.py", path.with_name(f"{path.name}.py")):
            if file.is_file():
                return file
    return None


def _imports(source: bytes, module: str, *, is_package: bool) -> Iterator[str]:
    """Absolute names of all modules that a source may import, function bodies included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".")
                kept = parts[: len(parts) - node.level + (1 if is_package else 0)]
                base = ".".join([*kept, base] if base else kept)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
