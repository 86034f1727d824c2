"""Version of code that only this process knows: classes of a notebook, a script or a session, as they are in memory.

A digest covers a class, its bases, and all that its functions name: globals, helpers, closures and defaults, by value.
It is of what would run now, whatever a file says meanwhile. Code of the standard library and of installed packages
counts by its name and version. What cannot be told by value has no digest, and is never taken for the same twice.
"""

from __future__ import annotations

import enum
import functools
import hashlib
import itertools
import logging
import re
import secrets
import sys
import types
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any

from pydantic import BaseModel

from harness.code_version import OWN_PACKAGES, code_digest, is_installed

UNREPEATABLE = "unrepeatable"
"""What the digest of code begins with that cannot be told by value."""

_epochs = itertools.count(1)
_epoch = f"{secrets.token_hex(8)}-0"


class UnrepeatableError(Exception):
    """A value that code names and that cannot be told by its content; says which."""


def new_epoch() -> None:
    """From now on code that has no digest is new: called for every plan, so that its results are never reused."""
    global _epoch
    _epoch = f"{_epoch.partition('-')[0]}-{next(_epochs)}"


def live_digest(cls: type) -> str:
    """Digest (hex) of a class as it is in memory; where it has none, a word that is another one after `new_epoch`."""
    if (reason := why_unrepeatable(cls)) is not None:
        return f"{UNREPEATABLE} {_epoch}: {reason}"
    return _Digester().of(cls)


def why_unrepeatable(cls: type) -> str | None:
    """Why a class in memory has no digest; None when it has one."""
    try:
        _Digester().of(cls)
    except UnrepeatableError as error:
        return str(error)
    return None


_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis), type(NotImplemented), PurePath, range)
_NAMED = (types.BuiltinFunctionType, types.WrapperDescriptorType, types.MethodDescriptorType, logging.Logger)
_WRAPPERS = {staticmethod: "__func__", classmethod: "__func__", functools.cached_property: "func"}


class _Digester:
    """Digests values by content; one that is met again within itself counts by the place where it was met."""

    def __init__(self) -> None:
        self._met: dict[int, int] = {}
        self._kept: list[Any] = []  # what was met stays alive, so that no id is given twice

    def of(self, value: Any, where: str = "") -> str:
        if isinstance(value, _PLAIN) and not isinstance(value, enum.Enum):
            return self._joined(type(value).__qualname__, repr(value))
        if id(value) in self._met:
            return self._joined("met", str(self._met[id(value)]))
        self._met[id(value)] = len(self._met)
        self._kept.append(value)
        return self._joined(*self._parts(value, where))

    @staticmethod
    def _joined(*parts: str) -> str:
        digest = hashlib.blake2b(digest_size=16)
        for part in parts:
            raw = part.encode("utf-8", "surrogatepass")
            digest.update(len(raw).to_bytes(8, "little") + raw)
        return digest.hexdigest()

    def _parts(self, value: Any, where: str) -> list[str]:
        kind = type(value).__qualname__
        for matches, parts in _KINDS:
            if matches(value):
                return [kind, *parts(self, value, where)]
        slots = [name for cls in type(value).__mro__ for name in vars(cls).get("__slots__", ())]
        if isinstance(found := getattr(value, "__dict__", None), dict) or slots:
            held = {name: getattr(value, name) for name in slots if hasattr(value, name)} | (found or {})
            return [kind, self.of(type(value), where), *self.mapping(held, where)]
        raise UnrepeatableError(f"{where or kind} is a {kind}, which has no content to tell it by")

    def mapping(self, value: Mapping[Any, Any], where: str) -> list[str]:
        return [self.of(part, where) for item in value.items() for part in item]

    def each(self, values: Any, where: str) -> list[str]:
        return [self.of(item, where) for item in values]

    def unordered(self, values: Any, where: str) -> list[str]:
        return sorted(_Digester().of(item, where) for item in values)

    def array(self, value: Any, where: str) -> list[str]:
        import numpy as np

        found = np.asarray(value.detach().cpu().float() if hasattr(value, "detach") else value)
        if found.dtype.hasobject:
            raise UnrepeatableError(f"{where} is an array of objects")
        return [str(value.dtype), str(found.shape), hashlib.blake2b(np.ascontiguousarray(found).tobytes()).hexdigest()]

    def module(self, value: types.ModuleType, where: str) -> list[str]:
        name = value.__name__
        if is_installed(value):
            return [name, str(getattr(value, "__version__", ""))]
        own = {
            key: item
            for key, item in vars(value).items()
            if not key.startswith("__") and not isinstance(item, types.ModuleType)
        }
        return [name, *self.mapping(own, f"module {name}")]

    def klass(self, value: type, where: str) -> list[str]:
        module = sys.modules.get(value.__module__)
        name = f"{value.__module__}.{value.__qualname__}"
        if module is not None and is_installed(module):
            own = value.__module__.partition(".")[0] in OWN_PACKAGES - {"harness"}
            return [name, code_digest(value) if own else str(getattr(module, "__version__", ""))]
        own_items = {key: item for key, item in vars(value).items() if _is_content(key, item)}
        fields = repr(getattr(value, "model_fields", "")) if issubclass(value, BaseModel) else ""
        return [name, fields, *self.each(value.__bases__, where), *self.mapping(own_items, name)]

    def function(self, value: types.FunctionType, where: str) -> list[str]:
        module = sys.modules.get(value.__module__ or "")
        if module is not None and is_installed(module):
            return [value.__module__, value.__qualname__, str(getattr(module, "__version__", ""))]
        named = {name: value.__globals__[name] for name in _names(value.__code__) if name in value.__globals__}
        closure = [_content(cell, value.__qualname__) for cell in value.__closure__ or ()]
        found = [value.__defaults__, value.__kwdefaults__, *closure]
        return [
            *self.code(value.__code__),
            *self.each(found, value.__qualname__),
            *(part for name, item in sorted(named.items()) for part in (name, self.of(item, f"global '{name}'"))),
            *self.mapping(vars(value), value.__qualname__),
        ]

    def code(self, code: types.CodeType) -> list[str]:
        parts = [code.co_name, code.co_code.hex(), *code.co_names, *code.co_varnames, *code.co_freevars]
        for constant in code.co_consts:
            parts += self.code(constant) if isinstance(constant, types.CodeType) else [_constant(constant)]
        return parts


def _is_content(name: str, value: object) -> bool:
    """Whether an entry of a class is its author's, and not what Python or pydantic put there."""
    if name.startswith("__"):
        return isinstance(value, (types.FunctionType, staticmethod, classmethod)) and not name.startswith("__pydantic")
    return name != "_abc_impl" and not name.startswith("model_")


def _constant(value: object) -> str:
    return repr(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)


def _names(code: types.CodeType) -> set[str]:
    """All names that code and the code within it look up."""
    inner = (constant for constant in code.co_consts if isinstance(constant, types.CodeType))
    return {*code.co_names}.union(*map(_names, inner))


def _content(cell: types.CellType, where: str) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        raise UnrepeatableError(f"{where} names a variable that has no value yet") from None


def _is(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds)


def _is_typing(value: Any) -> bool:
    return type(value).__module__ in ("typing", "types", "typing_extensions") and hasattr(value, "__origin__")


_KINDS: list[tuple[Callable[[Any], bool], Callable[[_Digester, Any, str], list[str]]]] = [
    (_is(enum.Enum), lambda d, v, w: [d.of(type(v), w), v.name]),
    (lambda v: isinstance(v, types.GenericAlias) or _is_typing(v), lambda _d, v, _w: [repr(v)]),
    (_is(type), lambda d, v, w: d.klass(v, w)),
    (_is(types.FunctionType), lambda d, v, w: d.function(v, w)),
    (_is(types.MethodType), lambda d, v, w: d.each([v.__func__, v.__self__], w)),
    (_is(*_NAMED), lambda _d, v, _w: [str(getattr(v, "__module__", "")), getattr(v, "__qualname__", "") or v.name]),
    (_is(types.ModuleType), lambda d, v, w: d.module(v, w)),
    (_is(*_WRAPPERS), lambda d, v, w: [d.of(getattr(v, _WRAPPERS[type(v)]), w)]),
    (_is(property), lambda d, v, w: d.each([v.fget, v.fset, v.fdel], w)),
    (_is(functools.partial), lambda d, v, w: d.each([v.func, v.args, v.keywords], w)),
    (_is(functools._lru_cache_wrapper), lambda d, v, w: [d.of(v.__wrapped__, w)]),
    (_is(re.Pattern), lambda _d, v, _w: [repr(v.pattern), str(v.flags)]),
    (_is(dict, types.MappingProxyType), lambda d, v, w: d.mapping(v, w)),
    (_is(list, tuple), lambda d, v, w: d.each(v, w)),
    (_is(set, frozenset), lambda d, v, w: d.unordered(v, w)),
    (_is(bytearray, memoryview), lambda _d, v, _w: [bytes(v).hex()]),
    (_is(types.MemberDescriptorType, types.GetSetDescriptorType), lambda _d, v, _w: [v.__name__]),
    (lambda v: hasattr(v, "dtype") and hasattr(v, "shape"), lambda d, v, w: d.array(v, w)),
]
