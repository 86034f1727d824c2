"""Version of code that only this process knows: classes of a notebook, a script or a session, as they are in memory.

A digest covers a class, its bases, and all that its functions name: globals, helpers, closures, defaults and modules
that they import, by value. It is of what would run now, whatever a file holds meanwhile. Code of the standard library
and of installed packages counts by its name and version. What cannot be identified by value has no digest, and is never
considered the same.
"""

from __future__ import annotations

import dis
import importlib
import importlib.util
import itertools
import secrets
import types
from collections.abc import Iterator
from contextlib import contextmanager

from clir_harness.harness.code.code_version import is_own, with_parents
from clir_harness.harness.code.live_values import UnrepeatableError, ValueDigester, importable

UNREPEATABLE = "unrepeatable"
"""Prefix of the digest of code that cannot be identified by value."""

_epochs = itertools.count(1)
_epoch = f"{secrets.token_hex(8)}-0"
_frozen: dict[type, str] | None = None


def new_epoch() -> None:
    """Make code without a digest count as new: called for every plan, so that its results are never reused."""
    global _epoch
    if _frozen is None:
        _epoch = f"{_epoch.partition('-')[0]}-{next(_epochs)}"


@contextmanager
def frozen() -> Iterator[None]:
    """Context manager within which a class keeps its first digest, although globals change while it runs."""
    global _frozen
    outer = _frozen
    _frozen = {} if outer is None else outer
    try:
        yield
    finally:
        _frozen = outer


def live_digest(cls: type) -> str:
    """Digest (hexadecimal) of a class as it is in memory; without one, a text that changes with `new_epoch`."""
    if _frozen is not None and cls in _frozen:
        return _frozen[cls]
    try:
        digest = CodeDigester().of(cls)
    except UnrepeatableError as error:
        digest = f"{UNREPEATABLE} {_epoch}: {error}"
    except Exception as error:  # values may raise anything when examined
        digest = f"{UNREPEATABLE} {_epoch}: examining what it uses raised {type(error).__name__}"
    if _frozen is not None:
        _frozen[cls] = digest
    return digest


class CodeDigester(ValueDigester):
    """Digests functions, classes and modules by their content and by what they use."""

    def _klass(self, value: type, where: str) -> list[str]:
        """Parts of a class: its bases, its metaclass, and the attributes its author defined."""
        name = f"{value.__module__}.{value.__qualname__}"
        if (version := importable(value)) is not None:
            return [name, version]
        held = {key: item for key, item in vars(value).items() if not _is_machinery(key)}
        fields = dict(vars(value).get("__pydantic_fields__") or {})
        parts = [self.of(type(value), where), *self._each(value.__bases__, where)]
        return [name, *parts, *self._mapping(fields, name), *self._mapping(held, name)]

    def _function(self, value: types.FunctionType, where: str) -> list[str]:
        """Parts of a function: its code, defaults, closure and attributes, and the values of all names that it uses."""
        if (version := importable(value)) is not None:
            return [f"{value.__module__}.{value.__qualname__}", version]
        names = {name for code in _codes(value.__code__) for name in code.co_names}
        named = {name: value.__globals__[name] for name in names if name in value.__globals__}
        if dynamic := sorted(_DYNAMIC & _global_names(value) - named.keys()):
            raise UnrepeatableError(f"'{value.__qualname__}' uses {dynamic[0]}(), which can refer to anything")
        closure = [_content(cell, value.__qualname__) for cell in value.__closure__ or ()]
        found = [value.__defaults__, value.__kwdefaults__, *closure]
        return [
            *self._code(value.__code__),
            *self._each(found, value.__qualname__),
            *(part for name, item in sorted(named.items()) for part in (name, self.of(item, f"global '{name}'"))),
            *self._mapping(vars(value), value.__qualname__),
            *(self.of(module, where) for module in _imported_by(value)),
        ]

    def _code(self, code: types.CodeType) -> list[str]:
        """Parts of a code object: everything except its position in its file."""
        counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
        parts = [code.co_name, code.co_code.hex(), code.co_exceptiontable.hex(), *map(str, counts)]
        parts += [*code.co_names, *code.co_varnames, *code.co_freevars, *code.co_cellvars]
        for constant in code.co_consts:
            parts += self._code(constant) if isinstance(constant, types.CodeType) else [_constant(constant)]
        return parts

    def _module(self, value: types.ModuleType, where: str) -> list[str]:
        """Parts of a module: an installed one's name and version, all that is in another one."""
        name = value.__name__
        if (version := importable(value)) is not None:
            return [name, version]
        held = {key: item for key, item in vars(value).items() if not key.startswith("__")}
        return [name, *(part for key, item in held.items() for part in (key, self.of(item, f"{name}.{key}")))]


_DYNAMIC = {"eval", "exec", "globals"}
"""Built-in functions through which code reaches what it does not name."""

_MACHINERY = {
    "__module__", "__qualname__", "__doc__", "__dict__", "__weakref__", "__annotations__", "__abstractmethods__",
    "__orig_bases__", "__parameters__", "__type_params__", "__dataclass_fields__", "__dataclass_params__",
    "__class_vars__", "__signature__", "__firstlineno__", "__static_attributes__", "_abc_impl",
}  # fmt: skip


def _is_machinery(name: str) -> bool:
    """Whether an attribute of a class was added by Python, dataclasses or pydantic, not by its author."""
    return name in _MACHINERY or name.startswith("__pydantic_")


def _constant(value: object) -> str:
    return repr(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    """A code object and those of the functions and classes within it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _global_names(value: types.FunctionType) -> set[str]:
    """The names that a function looks up as globals, and not as attributes of something."""
    found = (step for code in _codes(value.__code__) for step in dis.get_instructions(code))
    return {str(step.argval) for step in found if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")}


def _imported_by(value: types.FunctionType) -> Iterator[types.ModuleType]:
    """The user's own modules that a function imports when it runs, imported now; missing ones are skipped."""
    package = str(value.__globals__.get("__package__") or "")
    for name in sorted(_import_names(value)):
        absolute = importlib.util.resolve_name(name, package) if name.startswith(".") and package else name
        if absolute.startswith(".") or not is_own(absolute):
            continue
        for part in with_parents(absolute):
            try:
                yield importlib.import_module(part)
            except ImportError:
                break


def _import_names(value: types.FunctionType) -> set[str]:
    """Names of what a function imports, with leading dots if relative; not all are modules."""
    found: set[str] = set()
    for code in _codes(value.__code__):
        steps = list(dis.get_instructions(code))
        for place, step in enumerate(steps):
            if step.opname == "IMPORT_NAME":
                level, names = (before.argval for before in steps[place - 2 : place])
                base = "." * int(level or 0) + str(step.argval)
                found |= {base, *(base + ("" if base.endswith(".") else ".") + name for name in names or ())}
        if not {"import_module", "__import__"}.isdisjoint(code.co_names):
            texts = {constant for constant in code.co_consts if isinstance(constant, str)}
            modules = {text for text in texts if text.lstrip(".").replace(".", "_").isidentifier()}
            if not modules:
                raise UnrepeatableError(f"'{value.__qualname__}' imports modules by computed names")
            found |= modules
    return {name for name in found if not name.endswith("*")}


def _content(cell: types.CellType, where: str) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        raise UnrepeatableError(f"{where} names a variable that has no value yet") from None
