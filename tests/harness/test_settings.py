"""Settings that people write: what is wrong with them is told with its place, and what there is instead."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from clir_harness.harness.errors import DataError, UnknownNameError, UsageError
from clir_harness.harness.settings import faults, line_of, parse_settings, read_model, validated


class Wheel(BaseModel):
    model_config = ConfigDict(extra="forbid")

    spokes: Annotated[int, Field(ge=3)] = 32
    maker: str = ""


class Bicycle(BaseModel):
    model_config = ConfigDict(extra="forbid")

    owner: str
    wheels: tuple[Wheel, ...] = ()
    spare: dict[str, Wheel | None] = {}


BICYCLE = """\
# of a club
owner: Asha
wheels:
  - {spokes: 20}
  - spokes: 36
    maker: Nakuru Works
spare:
  front:
    {spokes: 12}
"""


def written(folder: Path, old: str = "", new: str = "") -> Path:
    path = folder / "bicycle.yaml"
    path.write_text(BICYCLE.replace(old, new) if old else BICYCLE)
    return path


def test_a_file_becomes_its_model(tmp_path: Path) -> None:
    assert read_model(written(tmp_path), Bicycle) == Bicycle(
        owner="Asha",
        wheels=(Wheel(spokes=20), Wheel(spokes=36, maker="Nakuru Works")),
        spare={"front": Wheel(spokes=12)},
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "message", "hint"),
    [
        ("spokes: 36", "spokes: 1", 5, "wheels.1.spokes: Input should be greater than or equal to 3 (found 1)", None),
        (
            "maker: Nakuru",
            "makers: Nakuru",
            6,
            "wheels.1.makers: unknown key",
            "did you mean 'maker' or 'spokes'? Known: maker, ",
        ),
        ("owner: Asha", "owners: Asha", 2, "owners: unknown key", "did you mean 'owner' or 'wheels'? Known: owner, "),
        ("owner: Asha", "", 3, "owner: is required", None),
        ("spokes: 12", "spoke: 12", 9, "spare.front.spoke: unknown key", "did you mean 'spokes'?"),
        ("owner: Asha", "owner: 1.10", 2, "owner: Input should be a valid string (found 1.1)", "YAML reads it as 1.1,"),
        ("owner: Asha", "owner:", 2, "owner: Input should be a valid string (found None)", "YAML reads it as null,"),
        (BICYCLE, "- a list", 1, "expected a mapping", "its keys are owner, wheels, spare"),
        (BICYCLE, "", 1, "expected a mapping", "its keys are owner, wheels, spare"),
        (BICYCLE, "owner: a\nowner: b", 2, "is not YAML: the key 'owner' occurs twice", None),
    ],
)
def test_a_fault_is_told_with_file_line_and_field(
    old: str, new: str, line: int, message: str, hint: str | None, tmp_path: Path
) -> None:
    path = written(tmp_path, old, new)
    with pytest.raises(DataError) as error:
        read_model(path, Bicycle)
    assert error.value.message == f"{path}:{line}: {message}"
    assert (error.value.hint or "").startswith(hint or "")
    assert (error.value.hint is None) == (hint is None)


@pytest.mark.parametrize(
    ("location", "line"),
    [
        ((), 2),
        (("owner",), 2),
        (("wheels",), 3),
        (("wheels", 1), 5),
        (("wheels", 1, "maker"), 6),
        (("wheels", 2), 3),
        (("spare", "front", "spokes"), 9),
        (("spare", "front", "maker"), 8),
        (("spare", "rear"), 7),
        (("owner", "name"), 2),
    ],
)
def test_the_line_of_a_value_is_that_of_the_innermost_value_that_is_there(
    location: tuple[str | int, ...], line: int, tmp_path: Path
) -> None:
    assert line_of(written(tmp_path), location) == line


def test_settings_that_do_not_validate_are_told_all_at_once() -> None:
    with pytest.raises(UsageError) as error:
        validated("system 'x'", Bicycle, {"wheels": [{"spokes": 1}]})
    assert error.value.message == (
        "system 'x': owner: is required; wheels.0.spokes: Input should be greater than or equal to 3 (found 1)"
    )
    assert error.value.hint == "settings: owner, wheels, spare"
    assert error.value.location == ("owner",)


def test_an_unknown_setting_is_told_before_the_one_that_is_missing_for_it() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown setting of system 'x' 'wheels\.0\.spoke'") as error:
        validated("system 'x'", Bicycle, {"wheels": [{"spoke": 1}]})
    assert error.value.suggestions == ["spokes"]
    assert error.value.location == ("wheels", 0, "spoke")


def test_a_long_value_is_left_out_of_the_message() -> None:
    with pytest.raises(ValidationError) as error:
        Bicycle.model_validate({"owner": ["x"] * 100})
    assert [str(fault) for fault in faults(error.value, Bicycle)] == ["owner: Input should be a valid string"]


@pytest.mark.parametrize("assignment", ["k1", "=1", " =1", ""])
def test_a_setting_without_name_or_value_is_refused(assignment: str) -> None:
    with pytest.raises(UsageError, match=f"cannot read the setting '{assignment}'"):
        parse_settings([assignment])


def test_of_settings_given_twice_the_last_one_counts() -> None:
    assert parse_settings(["a=1", "b=x=y", "a=[2, ~]", "c="]) == {"a": [2, None], "b": "x=y", "c": None}
