"""`clir run --against`: run, show the board, compare with one kept before, in one command."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from clir_harness import cli
from tests.conftest import write_collection

SUITE = """\
name: tiny
title: Four documents
measures: [AP]
depth: 10
rows:
  - {system: steady, label: Steady}
  - {system: fragile, label: Fragile}
collections:
  - {source: jsonl, path: tiny, pairs: [sw-en, so-en]}
"""


FRAGILE = """\
import os, signal
from clir_harness.harness.system import RetrievalSystem, Searcher, register_system

class Constant(Searcher):
    def search(self, queries, depth):
        return [[("d1", 2.0), ("d2", 1.0)][:depth] for _ in queries]

@register_system("steady")
class Steady(RetrievalSystem):
    summary = "the same two documents for every query"
    def index(self, documents, folder, context):
        for _ in documents:
            pass
    def open(self, folder, context):
        return Constant()

@register_system("fragile")
class Fragile(Steady):
    def open(self, folder, context):
        if context.pair.query == "so" and os.path.exists("broken"):
            os.kill(os.getpid(), signal.SIGKILL)
        return Constant()
"""


@pytest.fixture(scope="module")
def fragile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plugin file with a system that is killed on Somali queries while there is a file `broken`."""
    path = tmp_path_factory.mktemp("plugin") / "fragile.py"
    path.write_text(FRAGILE)
    return path


@pytest.fixture
def clir(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, fragile: Path):
    """Runs `clir run` in a folder with a suite, its data and a baseline: exit code, output, messages."""
    write_collection(tmp_path / "data" / "tiny", "sw.en")
    write_collection(tmp_path / "data" / "tiny", "so.en")
    (tmp_path / "suite.yaml").write_text(SUITE)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["clir", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, err

    def run(*arguments: object) -> tuple[int, str, str]:
        return call("run", "--suite", "suite.yaml", "--data", "data", "--plugin", fragile, *arguments)

    assert run()[0] == 0
    assert call("baseline", "freeze", "base.json", "--suite", "tiny")[0] == 0
    shutil.rmtree("results")
    (tmp_path / "broken").touch()
    return run


def test_a_failed_cell_is_compared_and_every_file_is_written(clir, tmp_path) -> None:
    code, out, err = clir("--against", "base.json", "--junit", "junit.xml", "--markdown", "summary.md")
    assert code == 1
    assert out.index("# Four documents") < out.index("failed: 1 missing, 3 unchanged"), "the board, then the verdict"
    assert "SIGKILL" in err
    assert "SIGKILL" in (tmp_path / "summary.md").read_text("utf-8")
    assert ElementTree.parse(tmp_path / "junit.xml").getroot().get("failures") == "1"


def test_a_failed_cell_ends_with_1_although_rules_allow_it_to_be_missing(clir, tmp_path) -> None:
    (tmp_path / "rules.yaml").write_text("allow_missing: true\n")
    code, out, _ = clir("--against", "base.json", "--rules", "rules.yaml")
    assert "passed: 1 missing" in out
    assert code == 1


def test_only_what_was_asked_for_is_compared(clir) -> None:
    code, out, _ = clir("--against", "base.json", "--pairs", "sw-en")
    assert code == 0, out
    assert "passed: 2 unchanged" in out
    code, out, _ = clir("--against", "base.json", "--systems", "steady", "--json")
    assert code == 0
    assert json.loads(out)["comparison"]["counts"]["unchanged"] == 2


def test_a_row_that_the_suite_has_lost_is_missing(clir, tmp_path) -> None:
    (tmp_path / "suite.yaml").write_text(SUITE.replace("  - {system: fragile, label: Fragile}\n", ""))
    code, out, _ = clir("--against", "base.json")
    assert code == 1
    assert "failed: 2 missing" in out
    assert "2 unchanged" in out


def test_nothing_to_compare_ends_with_2_and_its_files_are_written(clir, tmp_path) -> None:
    (tmp_path / "suite.yaml").write_text(SUITE.replace("depth: 10", "depth: 2"))
    code, out, err = clir("--against", "base.json", "--markdown", "summary.md")
    assert code == 2
    assert "# Four documents" in out
    assert "nothing could be compared" in err
    assert "not comparable" in (tmp_path / "summary.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--against", "none.json"], "there is no none.json"),
        (["--against", "other.json"], "other.json"),
        (["--against", "some.run"], "some.run is not a board"),
        (["--against", "base.json", "--rules", "none.yaml"], "none.yaml"),
        (["--against", "base.json", "--junit", "-"], "--junit needs a file"),
        (["--markdown", "summary.md"], "--markdown: nothing to compare with"),
    ],
)
def test_what_cannot_be_compared_with_is_told_before_anything_runs(clir, tmp_path, options, message) -> None:
    (tmp_path / "other.json").write_text((tmp_path / "base.json").read_text("utf-8").replace('"tiny"', '"other"'))
    (tmp_path / "some.run").write_text("q1 Q0 d1 1 0.5 tag\n")
    code, _, err = clir(*options)
    assert code == 2
    assert message in err
    assert not (tmp_path / "results" / "cells").exists()


def test_a_dry_run_says_that_it_compares_nothing(clir) -> None:
    code, out, err = clir("--against", "base.json", "--dry-run")
    assert code == 0
    assert "to do" in out
    assert "nothing is compared with base.json" in err
