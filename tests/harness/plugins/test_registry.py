from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from clir_harness.harness.errors import MissingDataError, PluginError, UnknownNameError
from clir_harness.harness.plugins import registry as registry_module
from clir_harness.harness.plugins.files import load_plugin_file
from clir_harness.harness.plugins.registry import Registry
from clir_harness.harness.system import SYSTEMS


class Animal:
    aliases: tuple[str, ...] = ()


class Dog(Animal):
    aliases = ("hound",)


class NoAnimal:
    pass


@pytest.fixture
def animals() -> Registry[Animal]:
    return Registry("animal", Animal, "clir_harness.tests.none")


def announce(monkeypatch: pytest.MonkeyPatch, *points: tuple[str, str]) -> None:
    """Entry points as installed packages would announce them."""
    found = [EntryPoint(name, value, "group") for name, value in points]
    monkeypatch.setattr(registry_module, "entry_points", lambda group: found)


def test_a_decorated_class_is_found_by_name_and_alias(animals: Registry[Animal]) -> None:
    animals.register("dog")(Dog)
    assert animals.get("dog") is animals.get("hound") is Dog
    assert animals.origin("hound").kind == "session"


def test_an_unknown_name_suggests_the_closest(animals: Registry[Animal]) -> None:
    animals.register("dog")(Dog)
    with pytest.raises(UnknownNameError, match="did you mean 'dog'"):
        animals.get("dgo")


def test_a_taken_name_or_alias_is_refused_and_says_by_whom(animals: Registry[Animal]) -> None:
    animals.register("dog")(Dog)

    class Hound(Animal):
        pass

    with pytest.raises(PluginError, match=r"'hound' .* is taken by 'dog'"):
        animals.register("hound")(Hound)
    with pytest.raises(PluginError, match=r"'dog' .* is taken by 'dog'"):
        animals.register("dog")(Hound)


def test_a_class_of_another_kind_is_refused(animals: Registry[Animal]) -> None:
    with pytest.raises(PluginError, match="not a subclass of Animal"):
        animals.register("stone")(NoAnimal)  # type: ignore[type-var]


def test_defining_a_class_again_replaces_it(animals: Registry[Animal]) -> None:
    def define() -> type[Animal]:
        class Cat(Animal):
            pass

        return animals.register("cat")(Cat)

    define()
    second = define()
    assert animals.get("cat") is second


def test_broken_plugins_are_reported_and_the_rest_work(
    animals: Registry[Animal], monkeypatch: pytest.MonkeyPatch
) -> None:
    announce(
        monkeypatch, ("dog", f"{__name__}:Dog"), ("ghost", "no_such_module:Ghost"), ("stone", f"{__name__}:NoAnimal")
    )
    assert [name for name, _ in animals.usable()] == ["dog"]
    reasons = {plugin.name: plugin.reason for plugin in animals.broken()}
    assert "no_such_module" in reasons["ghost"]
    assert "not a subclass of Animal" in reasons["stone"]
    with pytest.raises(PluginError, match="cannot be loaded"):
        animals.get("ghost")


def test_two_packages_with_one_name_keep_the_first_and_report_the_second(
    animals: Registry[Animal], monkeypatch: pytest.MonkeyPatch
) -> None:
    announce(monkeypatch, ("dog", f"{__name__}:Dog"), ("dog", "other:Dog"))
    assert animals.get("dog") is Dog
    assert "taken" in animals.broken()[0].reason


def test_an_entry_point_whose_module_also_decorates_is_one_plugin() -> None:
    assert SYSTEMS.get("bm25").__module__ == "clir_harness.systems.bm25"
    assert str(SYSTEMS.origin("bm25")) == "built-in"


def test_a_plugin_file_registers_its_classes_and_is_their_origin(plugin: Path) -> None:
    assert load_plugin_file(plugin) == ["constant", "raises", "dies", "latin-only"]
    assert SYSTEMS.origin("constant").where == str(plugin.resolve())
    assert load_plugin_file(plugin)[0] == "constant", "loading a file again is no collision"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("x = 1", "registers nothing"), ("import no_such_module", "ModuleNotFoundError"), ("def (", "SyntaxError")],
)
def test_a_plugin_file_that_cannot_serve_says_why(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "bad.py"
    path.write_text(text)
    with pytest.raises(PluginError, match=expected):
        load_plugin_file(path)


def test_a_missing_plugin_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"nowhere\.py"):
        load_plugin_file(tmp_path / "nowhere.py")
