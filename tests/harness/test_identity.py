"""Identities: what gives another key, and what does not."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from clir_harness.harness.errors import PluginError
from clir_harness.harness.identity import (
    fingerprint,
    package_version,
    require_packages,
    settings_without_places,
    system_code,
    system_identity,
)
from clir_harness.harness.system import Component, RetrievalSystem, SystemConfig
from clir_harness.systems.bm25 import BM25
from clir_harness.systems.fusion import RRF

VALUE = {"b": [1, 2.5, None, True, "é"], "a": {"z": "", "k": -0.0}}


def test_a_fingerprint_is_the_digest_of_canonical_json() -> None:
    canonical = '{"a":{"k":-0.0,"z":""},"b":[1,2.5,null,true,"é"]}'.encode()
    assert fingerprint(VALUE) == hashlib.blake2b(canonical, digest_size=16).hexdigest()


def test_it_is_the_same_in_another_process(tmp_path: Path) -> None:
    code = f"from clir_harness.harness.identity import fingerprint; print(fingerprint({VALUE!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == fingerprint(VALUE)


def test_values_that_differ_have_different_fingerprints() -> None:
    values: list[Any] = [
        *(0, 0.0, False, None, "", "0", [], {}, [[]], [None], {"a": None}),
        *("é", "e\u0301", "\ud800", "\\ud800", ["a", "b"], ["b", "a"], ["ab"], {"a": "b"}, {"b": "a"}),
    ]
    assert len({fingerprint(value) for value in values}) == len(values)


def test_tuples_are_lists_and_the_order_of_keys_does_not_matter() -> None:
    assert fingerprint({"a": (1, (2,)), "b": 0}) == fingerprint({"b": 0, "a": [1, [2]]})


@pytest.mark.parametrize(("value", "error"), [(float("nan"), ValueError), ({1, 2}, TypeError), (Path("x"), TypeError)])
def test_what_is_no_plain_value_has_no_fingerprint(value: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        fingerprint({"a": [value]})


class Config(SystemConfig):
    k: float = 1.0
    model: Path = Field(Path("here"), json_schema_extra={"identity": False})
    table: str = Field("t", json_schema_extra={"identity": True})


class Placed(BM25):
    name = "placed"
    requires = ("numpy", "no-such-distribution")

    def inputs(self) -> dict[str, str]:
        return {"model": "digest"}


def test_settings_that_say_where_an_input_is_are_left_out() -> None:
    assert settings_without_places(Config(model=Path("a"))) == {"k": 1.0, "table": "t"}


def test_a_system_is_told_by_name_settings_code_inputs_and_libraries() -> None:
    identity = system_identity(Placed(BM25.Config(k1=1.5)))
    assert identity.name == "placed"
    assert identity.settings["k1"] == 1.5
    assert identity.code == system_code(Placed) != system_code(BM25)
    assert identity.inputs == {"model": "digest"}
    assert identity.packages == {"numpy": package_version("numpy"), "no-such-distribution": "not installed"}
    assert identity.components == ()


def test_what_a_system_is_made_of_counts_however_deep_it_is() -> None:
    def fused(k1: float) -> RetrievalSystem[Any]:
        inner = Component(system="rrf", settings={"systems": [{"system": "bm25", "settings": {"k1": k1}}] * 2})
        return RRF(RRF.Config(systems=(inner, Component(system="bm25"))))

    one, other = system_identity(fused(0.9)), system_identity(fused(1.2))
    assert fingerprint(one) != fingerprint(other)
    assert [part.settings["k1"] for part in one.components[0].components] == [0.9, 0.9]
    assert one.components[1] == other.components[1] == system_identity(BM25(BM25.Config()))


@pytest.mark.parametrize(
    ("requires", "message"),
    [
        ("numpy", "`requires` of system 'placed' is 'numpy'"),
        ([1], r"`requires` of system 'placed' is \[1\]"),
        (["numpy", "no-such-distribution", "nor-this"], "system 'placed' needs no-such-distribution nor-this"),
    ],
)
def test_libraries_that_are_missing_or_not_listed_are_told(
    requires: Any, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Placed, "requires", requires)
    with pytest.raises(PluginError, match=message):
        require_packages(Placed)
