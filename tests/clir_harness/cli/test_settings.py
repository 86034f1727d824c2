"""Settings of sources, systems and trainings, as `clir collections` and `clir systems` show them."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import BaseModel, Field

from clir_harness.cli import clir
from clir_harness.cli.settings import settings_of
from clir_harness.harness.collections.sources import SOURCES
from clir_harness.harness.plugins.registry import Registry
from clir_harness.harness.system import SYSTEMS


def _ships(kind: Registry[Any], name: str) -> bool:
    return kind.origin(name).kind == "built-in"


def models() -> list[Any]:
    """Settings of what ships; tests register others."""
    plugins = [(name, cls) for kind in (SOURCES, SYSTEMS) for name, cls in kind.usable() if _ships(kind, name)]
    found = [(name, cls.Config) for name, cls in plugins]
    found += [(f"training of {name}", cls.Training) for name, cls in plugins if hasattr(cls, "Training")]
    return [pytest.param(model, id=name) for name, model in found]


@pytest.mark.parametrize("model", models())
def test_every_setting_has_a_meaning_and_a_type_in_words(model: type[BaseModel]) -> None:
    for setting in settings_of(model):
        assert setting["description"], setting["name"]
        assert setting["type"] not in ("any", "value", ""), setting["name"]


class Inner(BaseModel):
    depth: int = Field(3, description="how deep")


class Outer(BaseModel):
    place: Path = Field(Path("here"), description="folder")
    label: str | None = Field(None, description="shown")
    shares: tuple[float, ...] = Field((0.5, 1.0), description="of each")
    codes: dict[str, str] = Field({}, description="code by language")
    inner: Inner | None = Field(None, description="settings inside")


class Derived(Outer):
    place: Path = Path("there")


def test_types_and_defaults_are_shown_as_they_are_written() -> None:
    shown = [(row["name"], row["type"], row["default"]) for row in settings_of(Outer)]
    assert shown == [
        ("place", "path", "here"),
        ("label", "text", None),
        ("shares", "list of numbers", [0.5, 1.0]),
        ("codes", "text to text", {}),
        ("inner", "settings", None),
        ("inner.depth", "whole number", 3),
    ]


def test_a_new_default_keeps_the_meaning_of_the_setting() -> None:
    assert settings_of(Derived)[0] == {
        "name": "place",
        "type": "path",
        "default": "there",
        "required": False,
        "description": "folder",
    }


def test_the_table_of_a_source_says_what_codes_are() -> None:
    lines = CliRunner().invoke(clir, ["collections", "squad"]).stdout.splitlines()
    (codes,) = (line for line in lines if line.startswith("codes"))
    assert codes.split("  ")[0] == "codes"
    assert "codes of languages in file names" in codes
    (name,) = (line for line in lines if line.startswith("name "))
    assert [part.strip() for part in name.split("  ") if part.strip()][1:3] == ["text", "none"]
