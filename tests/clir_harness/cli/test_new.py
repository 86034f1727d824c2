import os
import subprocess
import sys
from pathlib import Path

import pytest

from clir_harness import cli

ROOT = Path(__file__).parents[3]


@pytest.fixture
def clir(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """Runs `clir` with arguments in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["clir", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return int(end.value.code or 0), *capsys.readouterr()

    return call


def python(*arguments: object, cwd: Path, path: tuple[Path, ...] = ()) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, *path)))}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_a_new_system_passes_its_tests_and_the_check_before_it_is_installed(clir, tmp_path: Path) -> None:
    code, out, _ = clir("new", "system", "first-try")
    assert code == 0
    assert "clir check first-try --plugin clir-first-try/src/clir_first_try/system.py" in out
    package = tmp_path / "clir-first-try"
    assert sorted(str(file.relative_to(package)) for file in package.rglob("*") if file.is_file()) == [
        "README.md",
        "pyproject.toml",
        "src/clir_first_try/__init__.py",
        "src/clir_first_try/system.py",
        "tests/test_conformance.py",
    ]
    assert not any("$" in file.read_text() for file in package.rglob("*") if file.is_file())
    tests = python("-m", "pytest", "-q", cwd=package)
    assert tests.returncode == 0, tests.stdout
    assert "failed" not in tests.stdout
    plugin = package / "src/clir_first_try/system.py"
    check = python("-m", "clir_harness.cli", "check", "first-try", "--plugin", plugin, cwd=tmp_path)
    assert check.returncode == 0, check.stdout
    assert all(line.startswith("ok") for line in check.stdout.splitlines())


def test_an_installed_new_system_is_known_by_its_name_and_no_check_is_skipped(clir, tmp_path: Path) -> None:
    pytest.importorskip("setuptools", minversion="77", reason="building a package needs setuptools")
    clir("new", "system", "second-try", "--directory", tmp_path / "code")
    package, site = tmp_path / "code" / "clir-second-try", tmp_path / "site"
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--target", site]
    install = python("-m", "pip", "install", *offline, package, cwd=tmp_path)
    assert install.returncode == 0, install.stderr
    systems = python("-m", "clir_harness.cli", "systems", cwd=tmp_path, path=(site,))
    assert "package clir-second-try" in systems.stdout
    tests = python("-m", "pytest", "-q", cwd=package, path=(site,))
    assert tests.returncode == 0, tests.stdout
    assert "skipped" not in tests.stdout


def test_what_is_there_is_never_overwritten(clir, tmp_path: Path) -> None:
    (tmp_path / "clir-mine").mkdir()
    (tmp_path / "clir-mine" / "thesis.txt").write_text("all of it")
    code, _, err = clir("new", "system", "mine")
    assert code == 2
    assert "clir-mine exists already" in err
    assert [file.name for file in (tmp_path / "clir-mine").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("name", ["My-System", "7th", "two--hyphens", "under_score", "../up", "ends-", ""])
def test_names_that_could_not_be_a_package_are_refused(clir, tmp_path: Path, name: str) -> None:
    code, _, err = clir("new", "system", name)
    assert code == 2
    assert "write lower-case letters, digits and single hyphens" in err
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_is_refused(clir, tmp_path: Path) -> None:
    code, _, err = clir("new", "system", "bm25")
    assert code == 2
    assert "the name 'bm25' is taken by system 'bm25' (built-in)" in err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said(clir, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, _, err = clir("new", "system", "mine", "--directory", tmp_path / "file" / "inside")
    assert code == 2
    assert "cannot write" in err
