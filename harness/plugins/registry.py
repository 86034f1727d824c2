"""Plugins by name, from decorators, entry points of installed packages, and files named by the user.

A registry imports a plugin only when it is asked for; a plugin that cannot be imported is reported, and is not fatal.
Only code that the user installed or named is run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Generic, TypeVar

from clir_harness.harness.characters import LABEL_RULE, is_label
from clir_harness.harness.code.code_version import prepare_import
from clir_harness.harness.errors import PluginError, UnknownNameError
from clir_harness.harness.plugins.calls import INTERRUPTS, described

T = TypeVar("T")

OWN_DISTRIBUTION = "clir-harness"


@dataclass(frozen=True, slots=True)
class Origin:
    """Origin of a plugin."""

    kind: str
    where: str

    def __str__(self) -> str:
        return self.kind if self.kind == "built-in" else f"{self.kind} {self.where}"


@dataclass(slots=True)
class _Slot(Generic[T]):
    origin: Origin
    target: str  # "module:qualified name": a class defined again replaces its earlier version
    load: Callable[[], type[T]]
    value: type[T] | None = None


@dataclass(frozen=True, slots=True)
class BrokenPlugin:
    """A plugin that is registered by name but cannot be used, and why."""

    name: str
    origin: Origin
    reason: str


@dataclass(slots=True)
class Loading:
    """A plugin file being loaded, and what it has registered so far."""

    path: Path
    registered: list[str] = field(default_factory=list)


LOADING: ContextVar[Loading | None] = ContextVar("plugin file being loaded", default=None)


REGISTRIES: list[Registry[Any]] = []
"""All registries."""


@dataclass
class Registry(Generic[T]):
    """Classes of one kind by name.

    Args:
        kind: what is registered, for messages: "system", "collection source".
        base: base class of every entry.
        group: entry-point group in which installed packages declare their entries.
    """

    kind: str
    base: type[T]
    group: str
    _slots: dict[str, _Slot[T]] = field(default_factory=dict)
    _aliases: dict[str, str] = field(default_factory=dict)
    _broken: dict[str, BrokenPlugin] = field(default_factory=dict)
    _scanned: bool = False

    def __post_init__(self) -> None:
        REGISTRIES.append(self)

    def forget(self, origin: Origin) -> None:
        """Remove everything from one origin, so that it can be loaded again."""
        gone = {name for name, slot in self._slots.items() if slot.origin == origin}
        self._slots = {name: slot for name, slot in self._slots.items() if name not in gone}
        self._aliases = {alias: name for alias, name in self._aliases.items() if name not in gone}

    def register(self, name: str) -> Callable[[type[T]], type[T]]:
        """Class decorator: register the class under a name and under the names in its attribute `aliases`.

        Raises:
            PluginError: the class is not a subclass of the base, or a name is invalid or taken (says by what).
        """

        def decorate(cls: type[T]) -> type[T]:
            self._check_name(name)
            self._check_base(name, cls)
            loading = LOADING.get()
            origin = Origin("file", str(loading.path)) if loading else Origin("session", cls.__module__)
            self._scan()
            target = f"{cls.__module__}:{cls.__qualname__}"
            slot = self._slots.get(name)
            if slot is None or not self._announces(slot, target):
                self._claim(name, origin)
                slot = self._slots[name] = _Slot(origin, target, lambda: cls)
            self._adopt(name, slot, cls)
            if loading:
                loading.registered.append(name)
            return cls

        return decorate

    @staticmethod
    def _announces(slot: _Slot[T], target: str) -> bool:
        """Whether a slot is for a class: defined anew, or declared by its package as an entry point."""
        if slot.value is None:  # the entry point may name the place where the package re-exports the class
            return slot.target.split(":")[0].split(".")[0] == target.split(":")[0].split(".")[0]
        return slot.target == target

    def _check_base(self, name: str, cls: object) -> None:
        if not (isinstance(cls, type) and issubclass(cls, self.base)):
            raise PluginError(
                f"{self.kind} '{name}' is {cls!r}, not a subclass of {self.base.__name__}",
                hint=f"derive it from {self.base.__module__}.{self.base.__name__}",
            )

    def _check_name(self, name: str) -> None:
        if not is_label(name):
            raise PluginError(f"{name!r} cannot name a {self.kind}", hint=LABEL_RULE)

    def _claim(self, label: str, origin: Origin) -> None:
        holder = label if label in self._slots else self._aliases.get(label)
        if holder is not None:
            raise PluginError(
                f"{self.kind} name '{label}' of {origin} is taken by '{holder}' of {self._slots[holder].origin}",
                hint="register it under another name",
            )

    def _adopt(self, name: str, slot: _Slot[T], cls: type[T]) -> None:
        aliases = getattr(cls, "aliases", ())
        if isinstance(aliases, str):
            raise PluginError(
                f"aliases of {self.kind} '{name}' are a string: {aliases!r}", hint="write a list of names"
            )
        for alias in aliases:
            if self._aliases.get(alias) != name:
                self._claim(alias, slot.origin)
                self._aliases[alias] = name
        cls.name = name  # type: ignore[attr-defined]
        slot.value = cls

    def _scan(self) -> None:
        if self._scanned:
            return
        self._scanned = True
        for point in sorted(entry_points(group=self.group), key=lambda p: (not _is_own(p), p.name)):
            origin = Origin("built-in" if _is_own(point) else "package", point.dist.name if point.dist else point.value)
            if point.name in self._slots:
                taken = f"its name is taken by {self._slots[point.name].origin}"
                self._broken[f"{point.name} ({origin.where})"] = BrokenPlugin(point.name, origin, taken)
            else:
                self._slots[point.name] = _Slot(origin, point.value, point.load)

    def names(self) -> list[str]:
        """All registered names, sorted; aliases and broken plugins excluded."""
        self._scan()
        return sorted(self._slots)

    def __contains__(self, name: str) -> bool:
        """Whether a name, or an alias, is registered."""
        try:
            self.resolve(name)
        except UnknownNameError:
            return False
        return True

    def is_same(self, one: str, other: str) -> bool:
        """Whether two names are equal, or names or aliases of one plugin.

        Args:
            one, other: names, registered or not.

        Returns:
            True when they mean the same.
        """
        return one == other or (one in self and other in self and self.resolve(one) == self.resolve(other))

    def resolve(self, name: str) -> str:
        """The registered name for a name or alias.

        Raises:
            UnknownNameError: with the closest known names.
        """
        self._scan()
        if name in self._slots:
            return name
        if name not in self._aliases:
            list(self.usable())  # a package's aliases are known once it is imported
        if name in self._aliases:
            return self._aliases[name]
        raise UnknownNameError(self.kind, name, [*self._slots, *self._aliases])

    def get(self, name: str) -> type[T]:
        """The class registered under a name or alias, imported now if necessary.

        Raises:
            UnknownNameError: there is no such name.
            PluginError: importing it fails.
        """
        name = self.resolve(name)
        slot = self._slots[name]
        if slot.value is None:
            try:
                if slot.origin.kind == "package":
                    prepare_import(slot.target.partition(":")[0])
                value = slot.load()
                self._check_base(name, value)
                self._adopt(name, slot, value)
            except INTERRUPTS:
                raise
            except BaseException as error:
                reason = error.message if isinstance(error, PluginError) else described(error)
                self._broken[name] = BrokenPlugin(name, slot.origin, reason)
                raise PluginError(f"{self.kind} '{name}' ({slot.origin}) cannot be loaded: {reason}") from error
        assert slot.value is not None
        return slot.value

    def usable(self) -> Iterator[tuple[str, type[T]]]:
        """Names with their classes, sorted; those that cannot be loaded are skipped, and reported by `broken`."""
        for name in self.names():
            try:
                yield name, self.get(name)
            except PluginError:
                continue

    def broken(self) -> list[BrokenPlugin]:
        """The plugins that failed to load so far, or whose name was already taken."""
        self._scan()
        return sorted(self._broken.values(), key=lambda b: b.name)

    def origin(self, name: str) -> Origin:
        """Origin of the plugin with that name or alias.

        Raises:
            UnknownNameError: there is no such name.
        """
        return self._slots[self.resolve(name)].origin


def _is_own(point: EntryPoint) -> bool:
    return point.dist is not None and point.dist.name == OWN_DISTRIBUTION
