"""Digests of values in memory by content, of whatever type, as used by code in a notebook.

Values are examined like `copy` does, through `__reduce_ex__`: what cannot be decomposed in this way (an open file, a
generator) cannot be identified by value.
"""

from __future__ import annotations

import _thread
import copyreg
import enum
import functools
import hashlib
import logging
import re
import sys
import types
import typing
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import packages_distributions, version
from pathlib import PurePath
from typing import Any

from clir_harness.harness.code.code_version import is_installed


class UnrepeatableError(Exception):
    """A value used by code that cannot be identified by its content; names it."""


def importable(value: Any) -> str | None:
    """Version of the installed package that a module, or what is in it under its name, comes from.

    None for a user's own objects and those created at run time: another process cannot import them by name.
    """
    if isinstance(value, types.ModuleType):
        return _version(value.__name__.partition(".")[0]) if is_installed(value) else None
    module = sys.modules.get(str(getattr(value, "__module__", None)))
    path = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    if module is None or not isinstance(path, str) or not is_installed(module):
        return None
    found: Any = module
    for name in path.split("."):
        found = getattr(found, name, None)
    return _version(module.__name__.partition(".")[0]) if found is value else None


def _version(package: str) -> str:
    stated = getattr(sys.modules.get(package), "__version__", None)
    return stated if isinstance(stated, str) else _distribution_version(package)


@functools.cache
def _distribution_version(package: str) -> str:
    """Version of an installed package: what is loaded stays as it is while the process runs."""
    if package in sys.stdlib_module_names:
        return "{}.{}".format(*sys.version_info)
    return " ".join(version(name) for name in sorted(packages_distributions().get(package, ())))


class ValueDigester(ABC):
    """Digests values by content; a value that contains itself counts by the position where it was first met."""

    def __init__(self) -> None:
        self._met: dict[int, int] = {}
        self._kept: list[Any] = []  # what was met stays alive, so that no id is given twice

    def of(self, value: Any, where: str = "") -> str:
        """Digest (hexadecimal) of a value.

        Args:
            value: anything.
            where: its name in messages.

        Returns:
            The digest.

        Raises:
            UnrepeatableError: it, or something it holds, cannot be identified by its content.
        """
        if type(value) in _PLAIN or isinstance(value, PurePath):
            return self._joined(type(value).__qualname__, repr(value))
        if id(value) in self._met:
            return self._joined("met", str(self._met[id(value)]))
        self._met[id(value)] = len(self._met)
        self._kept.append(value)
        return self._joined(type(value).__qualname__, *self._parts(value, where))

    @staticmethod
    def _joined(*parts: str) -> str:
        digest = hashlib.blake2b(digest_size=16)
        for part in parts:
            raw = part.encode("utf-8", "surrogatepass")
            digest.update(len(raw).to_bytes(8, "little") + raw)
        return digest.hexdigest()

    def _parts(self, value: Any, where: str) -> list[str]:
        for matches, parts in _KINDS:
            if matches(value):
                return parts(self, value, where)
        return self._taken_apart(value, where)

    def _mapping(self, value: Mapping[Any, Any], where: str) -> list[str]:
        """Parts of a mapping, in its order."""
        return [self.of(part, where) for item in value.items() for part in item]

    def _each(self, values: Iterable[Any], where: str) -> list[str]:
        """Parts of values, in their order."""
        return [self.of(item, where) for item in values]

    def _unordered(self, values: Iterable[Any], where: str) -> list[str]:
        """Parts of a set."""
        return sorted(type(self)().of(item, where) for item in values)

    def _taken_apart(self, value: Any, where: str) -> list[str]:
        """Parts of an object: its class, and what `copy` would rebuild it from."""
        if (stated := importable(value)) is not None:
            return [f"{value.__module__}.{value.__name__}", stated]
        try:
            made: Callable[[Any], Any] | None = copyreg.dispatch_table.get(type(value))
            found = made(value) if made else value.__reduce_ex__(2)
        except Exception:
            raise UnrepeatableError(
                f"{where or 'something'} is a {type(value).__name__}, which cannot be identified by its content"
            ) from None
        parts = [self.of(type(value), where)]
        if isinstance(found, str):
            return [*parts, found]
        if isinstance(value, set | frozenset):  # their order differs between processes
            return [*parts, *self._unordered(value, where), self.of(getattr(value, "__dict__", None), where)]
        make, given, state, items, pairs = (*found, None, None, None)[:5]
        parts += self._each([make, given, state, list(items or ()), list(pairs or ())], where)
        held = getattr(value, "__dict__", None)
        if held is not None and importable(type(value)) is None:  # a `__getstate__` may leave out what is used
            parts.append(self.of(held, where))
        return parts

    def _array(self, value: Any, where: str) -> list[str]:
        """Parts of an array or a number of numpy: type, shape, bytes."""
        import numpy as np

        found = np.asarray(value)
        if found.dtype.hasobject:
            return [str(found.dtype), str(found.shape), *self._each(found.reshape(-1).tolist(), where)]
        raw = np.ascontiguousarray(found).reshape(-1).view(np.uint8)
        return [str(found.dtype), str(found.shape), hashlib.blake2b(raw.data).hexdigest()]

    def _tensor(self, value: Any, where: str) -> list[str]:
        """Parts of a torch tensor: type, shape, bytes; not its device."""
        import torch

        if value.layout is not torch.strided or value.is_quantized:
            raise UnrepeatableError(f"{where} is a tensor that is sparse or quantised")
        raw = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
        return [str(value.dtype), str(tuple(value.shape)), hashlib.blake2b(raw.numpy()).hexdigest()]

    def _builtin(self, value: Any, where: str) -> list[str]:
        """Parts of a function written in C: its name, and the object it is bound to."""
        name = [str(getattr(value, "__module__", None)), value.__qualname__]
        bound = getattr(value, "__self__", None)
        if bound is None or isinstance(bound, types.ModuleType | type):
            return name
        home = sys.modules.get(type(bound).__module__.partition(".")[0])
        if getattr(home, value.__name__, None) is value:  # `random.random`, of the generator that all share
            return name
        return [*name, self.of(bound, where)]

    def _annotation(self, value: Any, where: str) -> list[str]:
        """Parts of a type expression: what it is made of."""
        args = typing.get_args(value)
        return [str(typing.get_origin(value)), *self._each(args, where)] if args else [repr(value)]

    @abstractmethod
    def _klass(self, value: type, where: str) -> list[str]:
        """Parts of a class."""

    @abstractmethod
    def _function(self, value: types.FunctionType, where: str) -> list[str]:
        """Parts of a function."""

    @abstractmethod
    def _module(self, value: types.ModuleType, where: str) -> list[str]:
        """Parts of a module."""


_PLAIN = {type(None), bool, int, float, complex, str, bytes, range, type(Ellipsis), type(NotImplemented)}
_BUILTIN = (types.BuiltinFunctionType, types.WrapperDescriptorType, types.MethodDescriptorType, types.MethodWrapperType)
_DESCRIPTORS = (types.MemberDescriptorType, types.GetSetDescriptorType, types.ClassMethodDescriptorType)
_WRAPPERS = {staticmethod: "__func__", classmethod: "__func__", functools.cached_property: "func"}
_FORMS = (typing.TypeVar, typing.ParamSpec, typing.ForwardRef, type(typing.Optional))


def _is(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds)


def _is_exactly(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: type(value) in kinds


def _is_array(value: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and (type(value) in (numpy.ndarray, numpy.memmap) or isinstance(value, numpy.generic))


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


_KINDS: list[tuple[Callable[[Any], bool], Callable[[Any, Any, str], list[str]]]] = [
    (_is(enum.Enum), lambda d, v, w: [d.of(type(v), w), str(v.name), d.of(v.value, w)]),
    (lambda v: isinstance(v, _FORMS) or typing.get_origin(v) is not None, lambda d, v, w: d._annotation(v, w)),
    (_is(type), lambda d, v, w: d._klass(v, w)),
    (_is(types.FunctionType), lambda d, v, w: d._function(v, w)),
    (_is(types.MethodType), lambda d, v, w: d._each([v.__func__, v.__self__], w)),
    (_is(*_BUILTIN), lambda d, v, w: d._builtin(v, w)),
    (_is(types.ModuleType), lambda d, v, w: d._module(v, w)),
    (_is_exactly(*_WRAPPERS), lambda d, v, w: [d.of(getattr(v, _WRAPPERS[type(v)]), w)]),
    (_is(property), lambda d, v, w: d._each([v.fget, v.fset, v.fdel], w)),
    (_is(functools._lru_cache_wrapper), lambda d, v, w: [d.of(v.__wrapped__, w)]),
    (_is(*_DESCRIPTORS), lambda _d, v, _w: [v.__name__]),
    (_is(logging.Logger), lambda _d, v, _w: [v.name]),
    (_is(_thread.LockType, _thread.RLock), lambda _d, _v, _w: []),  # whether it is held is irrelevant
    (_is(re.Pattern), lambda _d, v, _w: [repr(v.pattern), str(v.flags)]),
    (_is_exactly(dict, types.MappingProxyType), lambda d, v, w: d._mapping(v, w)),
    (_is_exactly(list, tuple), lambda d, v, w: d._each(v, w)),
    (_is_exactly(set, frozenset), lambda d, v, w: d._unordered(v, w)),
    (_is_exactly(bytearray, memoryview), lambda _d, v, _w: [bytes(v).hex()]),
    (_is_array, lambda d, v, w: d._array(v, w)),
    (_is_tensor, lambda d, v, w: d._tensor(v, w)),
]
"""How values are digested, by the first that matches; others are decomposed."""
