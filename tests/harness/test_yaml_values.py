"""YAML in suites, rules, figures, run headers and settings: text stays text, or the message says what to do."""

from pathlib import Path

import pytest
import yaml

from clir_harness.harness.errors import DataError, UsageError
from clir_harness.harness.settings import parse_settings, read_yaml
from clir_harness.harness.suite import Suite, load_suite
from clir_harness.harness.yaml_values import load_yaml
from clir_harness.leaderboards.compare.rules import read_rules
from clir_harness.leaderboards.published import read_published

SUITE = """\
name: mine
title: Mine
measures: [AP]
rows:
  - {system: bm25}
collections:
  - {source: jsonl, path: here, pairs: [no-en, no], codes: {no: nob, en: on}}
"""


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"), ("NO", "NO"), ("yes", "yes"), ("on", "on"), ("Off", "Off"), ("y", "y"), ("n", "n"),
        ("1_0", "1_0"), ("1:30", "1:30"), ("190:20:30", "190:20:30"), ("2024-01-01", "2024-01-01"),
        ("2024-01-01T10:00:00Z", "2024-01-01T10:00:00Z"), ("=", "="), ("0b101", "0b101"), ("1.2.3", "1.2.3"),
        ("012", 12), ("0o14", 12), ("0x1F", 31), ("-7", -7), ("1e3", 1000.0), ("1.10", 1.1), (".5", 0.5), ("5.", 5.0),
        ("true", True), ("False", False), ("~", None), ("null", None), ("''", ""), ("'1.10'", "1.10"), ("", None),
        ("-.inf", float("-inf")), ("+", "+"), (".", "."), ("e3", "e3"),
    ],
)  # fmt: skip
def test_a_scalar_is_what_yaml_1_2_says(written: str, value: object) -> None:
    assert load_yaml(f"a: {written}") == {"a": value}
    assert type(load_yaml(f"a: {written}")["a"]) is type(value)


def test_keys_are_text_as_written() -> None:
    assert load_yaml("{no: 1, 2024: 2, 1.10: 3, ~: 4, true: 5}") == {"no": 1, "2024": 2, "1.10": 3, "~": 4, "true": 5}


@pytest.mark.parametrize(
    ("text", "line", "fault"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "the key 'a' occurs twice"),
        ("x:\n  - {a: 1}\n  - {b: 1, b: 1}\n", 3, "the key 'b' occurs twice"),
        ("a: 1\n'a': 2\n", 2, "the key 'a' occurs twice"),
        ("a: 1\n? [b, c]\n: 2\n", 2, "a list or a mapping cannot be a key"),
        ("a:\n\tb: 1\n", 2, "cannot start any token"),
        ("a: 1\n---\na: 2\n", 2, "another document"),
        ("a: !!python/name:os.system x\n", 1, "could not determine a constructor"),
        ("a: !!int x\n", None, "is not YAML"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(tmp_path: Path, text: str, line: int | None, fault: str) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(text)
    with pytest.raises(DataError, match=fault) as error:
        read_yaml(path)
    assert error.value.line == line


def test_merged_keys_give_way_to_those_of_the_mapping_however_deep_they_are() -> None:
    text = "d: {e: {f: &f {<<: &x {k: 1, l: 2}, k: 3}}}\ng: {<<: *f, l: 4}\nh: {<<: [*x, *f]}\n"
    value = load_yaml(text)
    assert value["d"]["e"]["f"] == {"k": 3, "l": 2}
    assert value["g"] == {"k": 3, "l": 4}
    assert value["h"] == {"k": 1, "l": 2}


def test_norwegian_is_a_language_in_suites(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SUITE)
    (collection,) = load_suite(path).collections
    assert collection.settings == {"path": "here", "pairs": ["no-en", "no"], "codes": {"no": "nob", "en": "on"}}


@pytest.mark.parametrize(
    ("old", "new", "line", "read"),
    [
        ("title: Mine", "title: 2024", 2, "2024"),
        ("title: Mine", "title: 1.10", 2, "1.1"),
        ("measures: [AP]", "measures: [AP]\ndescription: true", 4, "true"),
        ("{system: bm25}", "{system: bm25, queries: ~}", 5, "null"),
    ],
)
def test_a_number_where_text_is_meant_is_to_be_quoted(tmp_path: Path, old: str, new: str, line: int, read: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SUITE.replace(old, new))
    with pytest.raises(DataError) as error:
        load_suite(path)
    assert error.value.line == line
    assert error.value.hint == f"YAML reads it as {read}, which is not text: put it in quotes"


def suite(tmp_path: Path) -> Suite:
    path = tmp_path / "mine.yaml"
    path.write_text(SUITE)
    return load_suite(path)


def test_norwegian_is_a_language_on_the_command_line(tmp_path: Path) -> None:
    (row,) = suite(tmp_path).with_settings(["bm25.analyser=no"]).rows
    assert row.settings == {"analyser": "no"}
    assert parse_settings(["analyser=no", "k1=1e3"]) == {"analyser": "no", "k1": 1000.0}


@pytest.mark.parametrize("value", ["[1", "{a: 1, a: 2}", "a: b: c"])
def test_a_setting_that_is_not_yaml_is_refused_everywhere(tmp_path: Path, value: str) -> None:
    with pytest.raises(UsageError, match="its value is not YAML"):
        suite(tmp_path).with_settings([f"bm25.k1={value}"])
    with pytest.raises(UsageError, match="its value is not YAML"):
        parse_settings([f"k1={value}"])


def test_rules_and_figures_are_read_by_the_same_loader(tmp_path: Path) -> None:
    rules, figures = tmp_path / "rules.yaml", tmp_path / "figures.yaml"
    rules.write_text("max_drop: 0.1\nmax_drop: 0.2\n")
    figures.write_text("- {system: a, system: b}\n")
    with pytest.raises(DataError, match="'max_drop' occurs twice"):
        read_rules(rules)
    with pytest.raises(DataError, match="'system' occurs twice"):
        read_published(figures)


def test_what_is_written_by_the_harness_reads_back(tmp_path: Path) -> None:
    value = {"tag": "no", "date": "2024-01-01", "k": 1e-5, "n": None, "t": True, "v": "1.10", "o": "012", "s": "1:30"}
    assert load_yaml(yaml.safe_dump(value)) == value
