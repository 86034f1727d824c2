"""Deprecated things warn whoever uses them, and are gone in the version that their warning names."""

from __future__ import annotations

import ast
import linecache
import textwrap
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from packaging.version import Version

from clir_harness.harness.deprecation import ClirDeprecationWarning, warn_deprecated

ROOT = Path(__file__).parents[2]
PACKAGES = ("clir_harness/cli", "harness", "systems", "leaderboards")


def overdue(files: Iterable[Path], version: str) -> Iterator[str]:
    """Calls of `warn_deprecated` that have to go in or before a version, as `file:line: name`."""
    for path in files:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "warn_deprecated":
                given = {one.arg: ast.literal_eval(one.value) for one in node.keywords}
                assert Version(given["since"]) < Version(given["removed_in"])
                if Version(version) >= Version(given["removed_in"]):
                    yield f"{path}:{node.lineno}: {ast.unparse(node.args[0])}"


def test_nothing_deprecated_outlives_the_version_that_removes_it() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    assert len(files) > 200
    assert list(overdue([*files, ROOT / "clir_harness" / "__init__.py"], version)) == []


@pytest.mark.parametrize(("version", "found"), [("0.9.3", []), ("0.10", [2]), ("1.0", [2, 4])])
def test_what_outlives_its_version_is_found_by_file_and_line(tmp_path: Path, version: str, found: list[int]) -> None:
    path = tmp_path / "old.py"
    path.write_text(
        textwrap.dedent("""\
            def old():
                warn_deprecated("old()", since="0.9", removed_in="0.10", instead="call new()")
            def older(name):
                deprecation.warn_deprecated(f"{name}.b", since="0.9", removed_in="1.0", instead="set `c`")
        """)
    )
    assert [int(one.split(":")[1]) for one in overdue([path], version)] == found


def old_name() -> None:
    warn_deprecated("old_name()", since="0.9", removed_in="0.10", instead="call new_name()")


def test_the_warning_names_the_line_that_uses_the_old_form_and_the_new_one() -> None:
    with pytest.warns(ClirDeprecationWarning) as caught:
        old_name()
    (warning,) = caught
    assert linecache.getline(warning.filename, warning.lineno).strip() == "old_name()"
    message = "old_name() is deprecated since version 0.9 and will be removed in version 0.10: call new_name()"
    assert str(warning.message) == message
