"""The distribution as it is installed from its wheel, used from a folder with packages of the same names as its own."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("clir_harness", "harness", "systems", "leaderboards")

JOBS = """
import harness, systems.bm25
import clir_harness as clir

report = clir.run("tiny.yaml", "results", data="data", plugins=["plugin.py"], quiet=True)
print("failed:", [cell.reason for cell in report.failed])
board = clir.read_leaderboard("results", "tiny")
print([round(entry.means["AP"], 3) for entry in board.row("bm25").entries])
print(len(board.row("mine").entries), clir.__file__, systems.bm25.__file__, harness.__file__)
"""

PLUGIN = '''
import clir_harness as clir
from systems.bm25 import ANSWER

class Same(clir.Searcher):
    """The same document for every query."""

    def search(self, queries, depth):
        return [[(ANSWER, 1.0)] for _ in queries]

@clir.register_system("mine")
class Mine(clir.RetrievalSystem):
    summary = "a system of the folder"

    def index(self, documents, folder, context):
        list(documents)

    def open(self, folder, context):
        return Same()
'''


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the wheel is installed into."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    source = folder / "source"
    source.mkdir()
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, source)
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder / "wheels", source]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = (folder / "wheels").iterdir()
    subprocess.run([*pip, "install", "--no-deps", "--target", folder / "site", wheel], check=True, capture_output=True)
    return folder


@pytest.fixture
def folder(tmp_path: Path, tiny: Path, tiny_suite: Path) -> Path:
    """A folder like those of many retrieval projects, with packages `systems`, `harness` and `leaderboards`."""
    for package in PACKAGES[1:]:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("")
    (tmp_path / "systems" / "bm25.py").write_text('ANSWER = "d1"\n')
    (tmp_path / "plugin.py").write_text(PLUGIN)
    rows = "rows:\n  - {system: bm25, settings: {backend: bm25s}}\n  - {system: mine}\ncollections:"
    before, _, rest = tiny_suite.read_text().partition("rows:")
    tiny_suite.write_text(before + rows + rest.partition("collections:")[2])
    return tmp_path


def python(installed: Path, folder: Path, *arguments: str, cells: str | None = None) -> str:
    """Run Python in the folder, which its plugin file imports from in worker processes, too."""
    path = os.pathsep.join(map(str, (installed / "site", folder)))
    environment = {"PYTHONPATH": path, "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        input=cells,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("kind", ["script", "notebook"])
def test_the_three_jobs_run_from_a_folder_with_packages_of_the_same_names(
    installed: Path, folder: Path, kind: str
) -> None:
    if kind == "script":
        (folder / "jobs.py").write_text(JOBS)
        out = python(installed, folder, "jobs.py")
    else:  # as a notebook's kernel does: code comes in from outside, the folder is the first place of imports
        out = python(installed, folder, "-", cells=JOBS)
    failed, scores, places = out.strip().splitlines()
    assert failed == "failed: []"
    assert scores == "[0.5, 0.5]"
    count, ours, theirs, other = places.split()
    assert count == "2"
    assert Path(ours) == installed / "site" / "clir_harness" / "__init__.py"
    assert (Path(theirs), Path(other)) == (folder / "systems" / "bm25.py", folder / "harness" / "__init__.py")


def test_the_wheel_has_one_package_with_all_of_its_files(installed: Path) -> None:
    (wheel,) = (installed / "wheels").iterdir()
    names = set(zipfile.ZipFile(wheel).namelist())
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"clir_harness"}
    source = installed / "source"
    folders = {"clir_harness/cli": "clir_harness/cli", **{f"clir_harness/{name}": name for name in PACKAGES[1:]}}
    ours = {
        f"{place}/{file.relative_to(source / folder)}"
        for place, folder in folders.items()
        for file in (source / folder).rglob("*")
        if file.is_file()
    }
    assert len(ours) > 200
    assert ours <= names


@pytest.mark.parametrize("name", PACKAGES[1:])
def test_a_checkout_on_the_path_gives_no_second_copy_of_a_package(name: str) -> None:
    command = [sys.executable, "-c", f"import {name}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert f"ImportError: import clir_harness.{name} instead of {name}" in done.stderr
