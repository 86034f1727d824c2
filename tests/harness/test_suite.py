from pathlib import Path

import pytest

from clir_harness.harness.errors import DataError, MissingDataError, UnknownNameError, UsageError
from clir_harness.harness.suite import Suite, builtin_suites, load_suite


@pytest.mark.parametrize("name", builtin_suites())
def test_every_built_in_suite_is_valid_and_named_like_its_file(name: str) -> None:
    assert load_suite(name).name == name


def test_an_unknown_suite_suggests_the_closest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'embedded'"):
        load_suite("embeded")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"mine\.yaml"):
        load_suite(tmp_path / "mine.yaml")


GOOD = """\
name: mine
title: Mine
measures: [AP]
rows:
  - {system: bm25}
collections:
  - {source: embedded}
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("title: Mine", "title: Mine: yours", 2, "is not YAML: mapping values are not allowed here"),
        ("measures: [AP]", "measures: []", 3, "at least 1"),
        ("measures: [AP]", "measures: [AP]\ndepht: 10", 4, "unknown key"),
        ("{system: bm25}", "{system: bm25, query: human}", 5, "unknown key"),
        ("{system: bm25}", "{system: bm25}\n  - {system: bm25}", 1, "share the label 'bm25'"),
        ("name: mine", "name: 'mine/../yours'", 1, "pattern"),
    ],
)
def test_a_malformed_suite_names_file_line_and_fault(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(DataError, match=message) as error:
        load_suite(path)
    assert str(error.value).startswith(f"{path}:{line}:")


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace("{system: bm25}", "{system: bm25}\n  - {system: bm25, queries: human}"))
    return load_suite(path)


def test_rows_are_chosen_by_label_or_system(suite: Suite) -> None:
    assert [row.label for row in suite.with_rows(["bm25 (human queries)"]).rows] == ["bm25 (human queries)"]
    assert [row.label for row in suite.with_rows(["BM25 (Human Queries)"]).rows] == ["bm25 (human queries)"]
    assert len(suite.with_rows(["bm25"]).rows) == 2


def test_choosing_an_unknown_row_suggests_the_closest(suite: Suite) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'bm25'"):
        suite.with_rows(["bm52"])


def test_settings_are_changed_for_every_row_of_a_system(suite: Suite) -> None:
    changed = suite.with_settings(["bm25.k1=1.2", "bm25.backend=bm25s"])
    assert [row.settings for row in changed.rows] == [{"k1": 1.2, "backend": "bm25s"}] * 2


@pytest.mark.parametrize("text", ["bm25", "bm25.k1", "k1=3", "=", "bm25.=3"])
def test_a_malformed_setting_is_refused(suite: Suite, text: str) -> None:
    with pytest.raises(UsageError, match=r"SYSTEM\.FIELD=VALUE"):
        suite.with_settings([text])


def test_a_setting_of_no_row_of_the_suite_is_refused(suite: Suite) -> None:
    with pytest.raises(UnknownNameError, match="unknown system in this suite 'psq'"):
        suite.with_settings(["psq.k1=1"])


def test_a_suite_that_is_not_utf8_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes(GOOD.replace("Mine", "Mélange").encode("latin-1"))
    with pytest.raises(DataError, match=r"latin\.yaml: is not UTF-8"):
        load_suite(path)


def test_rows_are_found_by_name_by_label_and_by_alias() -> None:
    suite = load_suite("embedded")
    for name in ("dense", "mDPR", "mdpr"):
        (row,) = suite.with_rows([name]).rows
        assert (row.system, row.label) == ("dense", "mDPR")
        changed = suite.with_settings([f"{name}.passage_length=7"])
        assert [row.label for row in changed.rows if "passage_length" in row.settings] == ["mDPR"]
    (row,) = load_suite("embedded").with_rows(["nmt"]).rows
    assert row.system == "bm25-nmt"
