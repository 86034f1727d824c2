"""The published GitHub action, its steps run with bash as a runner does; only the installation is left out."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from clir_harness import cli
from tests.conftest import write_collection

ROOT = Path(__file__).parents[3]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
EXPRESSION = re.compile(r"\$\{\{\s*inputs\.([a-z-]+)\s*\}\}")
SUITE = """\
name: tiny
title: Four documents
measures: [AP]
depth: 10
rows:
  - {system: bm25, label: BM25, settings: {backend: bm25s}}
  - {system: constant, label: Constant}
collections:
  - {source: jsonl, path: tiny, pairs: [sw-en, so-en]}
"""


class Runner:
    """Runs the action's steps in a folder.

    Attributes:
        folder: the workspace, with a suite, its data and a baseline.
        summary: what the steps wrote to the summary of the job.
    """

    def __init__(self, folder: Path, plugin: Path) -> None:
        self.folder, self.plugin, self.summary = folder, plugin, ""

    def change_plugin(self, name: str, old: str, new: str) -> None:
        """Write the plugin with a changed line into the workspace."""
        text = self.plugin.read_text("utf-8")
        assert old in text
        (self.folder / name).write_text(text.replace(old, new), encoding="utf-8")

    def __call__(self, **inputs: str) -> tuple[int, str]:
        """Exit code and output of the last step; an input's name has `_` for `-`."""
        known = {name: str(value.get("default", "")) for name, value in ACTION["inputs"].items()}
        given = {"suite": "suite.yaml", "against": "baseline.json", "data": "data", "plugins": f"{self.plugin}\n"}
        values = known | given | {name.replace("_", "-"): value for name, value in inputs.items()}
        steps = [step for step in ACTION["runs"]["steps"] if "run" in step and step["name"] != "Install"]
        assert steps
        file = self.folder / "step-summary"
        code, output = 0, ""
        for step in steps:
            assert step["shell"] == "bash"
            own = {name: EXPRESSION.sub(lambda found: values[found[1]], text) for name, text in step["env"].items()}
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                cwd=self.folder,
                env={
                    **{name: value for name, value in os.environ.items() if not name.startswith("CLIR_")},
                    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
                    "PYTHONPATH": str(ROOT),
                    "GITHUB_STEP_SUMMARY": str(file),
                    **own,
                },
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
            code, output = done.returncode, done.stdout + done.stderr
            if code:
                break
        self.summary = file.read_text("utf-8")
        file.unlink()
        return code, output


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, plugin: Path) -> Path:
    """A workspace with a suite, its data, and the baseline of a store that is not there any more."""
    folder = tmp_path_factory.mktemp("made")
    for pair in ("sw.en", "so.en"):
        write_collection(folder / "data" / "tiny", pair)
    (folder / "suite.yaml").write_text(SUITE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for arguments in (
            ("run", "--suite", "suite.yaml", "--data", "data", "--plugin", str(plugin), "--store", "first"),
            ("baseline", "freeze", "baseline.json", "--suite", "tiny", "--store", "first"),
        ):
            patch.setattr(sys, "argv", ["clir", *arguments])
            with pytest.raises(SystemExit) as end:
                cli.main()
            assert end.value.code == 0
    shutil.rmtree(folder / "first")
    return folder


@pytest.fixture
def action(made: Path, tmp_path: Path, plugin: Path) -> Runner:
    if not (Path(sys.executable).parent / "clir").is_file():
        pytest.skip("needs the clir command beside the interpreter: install the project")
    return Runner(Path(shutil.copytree(made, tmp_path / "work")), plugin)


def test_what_users_write_is_no_part_of_a_program() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
    used = {name for step in ACTION["runs"]["steps"] for name in EXPRESSION.findall(str(step))}
    assert used == set(ACTION["inputs"])


def test_a_board_that_is_as_before_passes_and_says_so(action: Runner) -> None:
    code, output = action()
    assert code == 0, output
    assert action.summary.startswith("## ✅ Passed: 4 unchanged")
    assert (action.folder / "clir-comparison.xml").is_file()


def test_a_failed_cell_fails_the_job_and_the_summary_says_why(action: Runner) -> None:
    action.change_plugin("lost.py", "return Constant((", "raise OSError('the disk is gone')\n        return Constant((")
    code, output = action(plugins="lost.py")
    assert code == 1, output
    assert "2 missing" in action.summary
    assert "the disk is gone" in action.summary
    assert ElementTree.parse(action.folder / "clir-comparison.xml").getroot().get("failures") != "0"


def test_a_regression_fails_the_job(action: Runner) -> None:
    action.change_plugin("worse.py", "self.ids[:depth]", "self.ids[:1]")
    code, output = action(plugins="worse.py", markdown="a summary.md")
    assert code == 1, output
    assert "regressed" in action.summary.splitlines()[0]
    assert (action.folder / "a summary.md").read_text("utf-8") == action.summary


def test_a_run_that_cannot_start_is_in_the_summary_and_an_old_one_is_not(action: Runner) -> None:
    (action.folder / "clir-comparison.md").write_text("## ✅ Passed: of yesterday\n")
    code, _ = action(systems="bm52")
    assert code == 2
    assert action.summary.startswith("## ❌ Nothing was compared")
    assert "    error: unknown system 'bm52'" in action.summary
    assert "yesterday" not in action.summary


def test_part_of_the_suite_is_compared_with_that_part(action: Runner) -> None:
    code, output = action(systems="BM25", pairs="sw-en")
    assert code == 0, output
    assert action.summary.startswith("## ✅ Passed: 1 unchanged")


@pytest.mark.parametrize("text", ['"; touch broken; "', "$(touch broken)", "`touch broken`", "x\ntouch broken"])
def test_text_of_a_user_is_never_run(action: Runner, text: str) -> None:
    code, _ = action(suite=text, settings=text)
    assert code == 2
    assert not (action.folder / "broken").exists()


def test_settings_are_given_one_a_line(action: Runner) -> None:
    code, output = action(settings="BM25.k1=0.1\nBM25.b=0.9\n", systems="BM25")
    assert "BM25.k1" not in action.summary.splitlines()[0]
    assert code in (0, 1), output
    assert "2 cells computed" in output
