"""What surrounds the code says the same as the code: versions, the workflow, the Makefile."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
JOB: dict[str, Any] = WORKFLOW["jobs"]["commands"]


def test_the_citation_names_the_version_and_licence_of_the_package() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert (citation["version"], citation["license"]) == (PROJECT["version"], PROJECT["license"])


def test_the_workflow_runs_what_the_makefile_has_with_both_commands_of_the_readme() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), flags=re.MULTILINE)
    made = [step["run"].split()[1] for step in JOB["steps"] if step.get("run", "").startswith("make ")]
    assert set(made) <= set(targets)
    commands = re.findall(r"^make (\w+)", (ROOT / "README.md").read_text("utf-8"), flags=re.MULTILINE)
    assert commands == ["leaderboard", "test"]
    assert {*commands, "check"} <= set(made)


def test_the_workflow_runs_every_python_that_the_package_says_it_supports() -> None:
    prefix = "Programming Language :: Python :: 3."
    supported = [one.rpartition(" ")[2] for one in PROJECT["classifiers"] if one.startswith(prefix)]
    assert JOB["strategy"]["matrix"]["python"] == supported
    assert PROJECT["requires-python"].startswith(f">={supported[0]},")


def test_the_workflow_fails_without_a_browser_before_the_tests_that_would_skip() -> None:
    steps = [step.get("run", "") for step in JOB["steps"]]
    (browser,) = (place for place, step in enumerate(steps) if "chromedriver --version" in step)
    assert "chromium --version" in steps[browser]
    assert browser < steps.index("make test")
