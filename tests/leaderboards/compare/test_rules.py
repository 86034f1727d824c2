"""Files of rules, read."""

from __future__ import annotations

from pathlib import Path

import pytest

from clir_harness.harness.errors import DataError, MissingDataError
from clir_harness.leaderboards.compare.rules import Rules, read_rules


def written(text: str, folder: Path) -> Path:
    path = folder / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_general_rules_and_overrides_are_read_and_later_overrides_win(tmp_path):
    text = """\
measures: [nDCG@20]
absolute: 0.01
latency_ratio: 2
overrides:
  - {rows: "OPTICAL*", absolute: 0.05, latency_ratio: null}
  - {collections: "*/so-en", measures: AP, absolute: 0.2}
"""
    rules = read_rules(written(text, tmp_path))
    assert rules.measures == ("nDCG@20",)
    assert rules.limits("PSQ", "embedded/sw-en", "AP").absolute == 0.01
    assert rules.limits("OPTICAL + PSQ", "embedded/sw-en", "AP").absolute == 0.05
    assert rules.limits("OPTICAL", "embedded/so-en", "AP").absolute == 0.2
    assert rules.limits("OPTICAL", "embedded/so-en", "RR").absolute == 0.05
    assert rules.limits("OPTICAL", "embedded/so-en", None).latency_ratio is None
    assert rules.limits("PSQ", "embedded/so-en", None).latency_ratio == 2


def test_options_replace_general_rules_and_leave_the_rest(tmp_path):
    rules = read_rules(written("absolute: 0.01\nrelative: 0.1\noverrides: [{rows: x, absolute: 0.5}]", tmp_path))
    changed = rules.changed({"absolute": 0.02, "relative": None, "allow_missing": True})
    assert (changed.absolute, changed.relative, changed.allow_missing) == (0.02, 0.1, True)
    assert changed.limits("x", "c", "AP").absolute == 0.5


def test_a_tolerance_can_be_turned_off(tmp_path):
    rules = read_rules(written("absolute: null\nrelative: 0.1", tmp_path))
    assert rules.tolerated(0.01) == pytest.approx(0.001)
    assert Rules().tolerated(0.01) == 0.005


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("absolut: 1", "rules.yaml:1: absolut: unknown key\n  hint: did you mean 'absolute'"),
        ("absolute: -1", "absolute: Input should be greater than or equal to 0"),
        ("measures: [AP]\nalpha: 1.5", "rules.yaml:2: alpha: Input should be less than 1"),
        ("absolute: .nan", "absolute: Input should be a finite number"),
        ("latency_ratio: 0.5", "latency_ratio: Input should be greater than or equal to 1"),
        ("overrides: [{row: x}]", "rules.yaml:1: overrides.0.row: unknown key\n  hint: did you mean 'rows'"),
        ("[1]", "rules.yaml:1: expected a mapping"),
        ("", "rules.yaml:1: expected a mapping"),
        ("a: [", "is not YAML"),
    ],
)
def test_mistakes_are_named(tmp_path, text, message):
    with pytest.raises(DataError) as error:
        read_rules(written(text, tmp_path))
    assert message in str(error.value)
    assert "rules.yaml" in str(error.value)


def test_a_file_that_is_not_there_is_said_to_be(tmp_path):
    with pytest.raises(MissingDataError, match="no file of rules"):
        read_rules(tmp_path / "none.yaml")
