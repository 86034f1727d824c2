"""`clir compare` and `clir baseline` as a build uses them: exit codes, files, messages."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from clir_harness import cli
from clir_harness.harness.content_store import read_json, write_json
from clir_harness.harness.execution.experiment import Experiment
from clir_harness.leaderboards.schema import SCHEMA_VERSION
from tests.conftest import SUITE, write_collection


@pytest.fixture
def clir(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """Runs `clir` with arguments in this process, in an empty folder: exit code, output, messages."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLIR_DATA", raising=False)

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["clir", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, err

    return call


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a suite, its data and a store that it was run into."""
    folder = tmp_path_factory.mktemp("made")
    for pair in ("sw.en", "so.en"):
        write_collection(folder / "data" / "tiny", pair)
    (folder / "suite.yaml").write_text(SUITE.replace(", ha-en", ""))
    Experiment.from_suite(folder / "suite.yaml", folder / "results", data=folder / "data").run()
    return folder


@pytest.fixture
def tiny(made: Path, tmp_path: Path) -> Path:
    """A copy of the data that a test may change."""
    return Path(shutil.copytree(made / "data", tmp_path / "data"))


@pytest.fixture
def tiny_suite(made: Path) -> Path:
    """The suite's file."""
    return made / "suite.yaml"


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    """A copy of the store."""
    return Path(shutil.copytree(made / "results", tmp_path / "results"))


@pytest.fixture
def worse(store: Path, tmp_path: Path) -> Path:
    """The same store with the first query of every cell lost."""
    shutil.copytree(store, tmp_path / "worse")
    for path in (tmp_path / "worse" / "cells").glob("*/scores.json"):
        kept = read_json(path)
        write_json(path, {**kept, "scores": {name: [0.0, *rest] for name, (_, *rest) in kept["scores"].items()}})
    return tmp_path / "worse"


def test_a_frozen_baseline_is_compared_with_the_store_it_came_from(clir, store) -> None:
    code, _, err = clir("baseline", "freeze", "baseline.json", "--store", store)
    assert code == 0
    assert "wrote baseline.json: suite tiny, 2 rows, 2 collections" in err
    code, out, _ = clir("compare", "baseline.json", store)
    assert code == 0
    assert "passed: 4 unchanged" in out
    assert "--all` also prints" in out
    assert clir("compare", "baseline.json", store, "--all")[1].count("\nunchanged ") == 6, "cells and macro averages"


def test_a_regression_ends_with_exit_code_1_and_every_output_says_so(clir, store, worse, tmp_path) -> None:
    code, out, _ = clir("compare", store, worse, "--junit", "junit.xml", "--markdown", "summary.md")
    assert code == 1
    assert out.startswith("verdict ")
    assert "failed: 4 regressed, 2 macro averages regressed" in out
    assert "\x1b" not in out
    assert (tmp_path / "summary.md").read_text("utf-8").startswith("## ❌ Failed: 4 regressed")
    assert ElementTree.parse(tmp_path / "junit.xml").getroot().get("failures") == "6"
    code, out, _ = clir("compare", store, worse, "--json")
    assert code == 1
    assert json.loads(out)["counts"]["regressed"] == 4
    assert clir("compare", worse, store)[0] == 0, "an improvement"


def test_rules_from_a_file_and_from_options_decide(clir, store, worse, tmp_path) -> None:
    (tmp_path / "rules.yaml").write_text("absolute: 0.9\nmeasures: [RR]\n")
    code, out, _ = clir("compare", store, worse, "--rules", "rules.yaml", "--all")
    assert code == 0
    assert " RR " in out
    assert clir("compare", store, worse, "--rules", "rules.yaml", "--absolute", "0.01")[0] == 1
    assert clir("compare", store, worse, "--alpha", "0.05")[0] == 0, "three queries are too few"


def test_what_is_missing_fails_unless_it_is_allowed(clir, store, tiny, tiny_suite, tmp_path) -> None:
    clir("run", "--suite", tiny_suite, "--data", tiny, "--pairs", "sw-en", "--store", "part", "--systems", "BM25")
    code, out, _ = clir("compare", store, "part")
    assert code == 1
    assert "failed: 3 missing, 1 unchanged" in out
    assert clir("compare", store, "part", "--allow-missing")[0] == 0
    assert clir("compare", "part", store)[0] == 0, "what is new never fails"


def test_other_judgements_fail_and_nothing_in_common_is_an_error(clir, store, tiny, tiny_suite, tmp_path) -> None:
    qrels = tiny / "tiny" / "qrels.sw.en.txt"
    qrels.write_text(qrels.read_text().replace("q1 0 007 1\n", ""))
    clir("run", "--suite", tiny_suite, "--data", tiny, "--store", "changed")
    code, out, _ = clir("compare", store, "changed")
    assert code == 1
    assert "other judgements: " in out
    assert clir("compare", store, "changed", "--allow-not-comparable")[0] == 0
    code, _, err = clir("compare", store, "changed", "--collection", "tiny/sw-en", "--allow-not-comparable")
    assert code == 2
    assert "nothing could be compared: other judgements: " in err


def test_runs_are_compared(clir, store, tiny, tiny_suite, tmp_path) -> None:
    (tmp_path / "old.run").write_text("q1 Q0 d1 1 2 x\nq2 Q0 d2 1 2 x\nq3 Q0 d3 1 2 x\n")
    (tmp_path / "new.run").write_text("q1 Q0 d1 1 2 x\nq2 Q0 d2 1 2 x\n")
    options = ["--suite", tiny_suite, "--data", tiny, "--collection", "tiny/sw-en"]
    code, out, _ = clir("compare", "old.run", "new.run", *options)
    assert code == 1
    assert "AP lost 0.3333" in out
    assert clir("compare", "old.run", "old.run", *options)[0] == 0
    code, out, _ = clir("compare", store, "old.run", *options, "--row", "BM25", "--json")
    (cell,) = json.loads(out)["cells"]
    assert (cell["row"], cell["collection"], cell["measures"]["AP"]["losses"]) == ("BM25", "tiny/sw-en", 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compare", "nowhere", "results"], "there is no nowhere"),
        (["compare", "results", "results", "--measure", "AAP"], "did you mean 'AP'"),
        (["compare", "results", "results", "--suite", "tyni"], "did you mean 'tiny'"),
        (["compare", "results", "results", "--row", "BM52"], "did you mean 'BM25'"),
        (["compare", "results", "results", "--absolute", "-1"], "--absolute: Input should be greater than"),
        (["compare", "results", "results", "--latency-ratio", "0.5"], "--latency-ratio: Input should be greater"),
        (["compare", "results", "results", "--rules", "none.yaml"], "no file of rules none.yaml"),
        (["compare", "results", "results", "--json", "--junit", "-"], "--json and --junit cannot both be printed"),
        (["compare", "results", "results", "--junit", "no/where.xml"], "no/where.xml: cannot be written"),
        (["compare", "results", "a.run"], "--collection"),
        (["compare", "results", "results", "--no-tests", "--alpha", "0.05"], "--alpha needs tests"),
        (
            ["compare", "newer.json", "results"],
            f"has version 99 of the schema, this program reads version {SCHEMA_VERSION}",
        ),
        (["compare", "broken.json", "results"], "broken.json:1: is not JSON"),
        (["baseline", "freeze", "x.json", "--store", "nowhere"], "no results store"),
        (["baseline", "freeze", "x.json", "--suite", "tyni"], "did you mean 'tiny'"),
    ],
)
def test_wrong_requests_end_with_exit_code_2_and_say_what_would_be_right(
    clir, store, tmp_path, arguments: list[str], message: str
) -> None:
    (tmp_path / "a.run").write_text("q1 Q0 d1 1 2 x\n")
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "newer.json").write_text('{"schema": "clir-harness/leaderboard", "schema_version": 99}')
    code, _, err = clir(*arguments)
    assert code == 2
    assert message in err
    assert "Traceback" not in err


def test_a_failed_cell_is_no_baseline_unless_asked_for(clir, tiny, tiny_suite, plugin) -> None:
    options = ["--suite", tiny_suite, "--data", tiny, "--plugin", plugin]
    assert clir("run", *options, "--systems", "constant,raises")[0] == 1
    code, _, err = clir("baseline", "freeze", "baseline.json")
    assert code == 2
    assert "'raises' on tiny/sw-en: failed" in err
    assert clir("baseline", "freeze", "baseline.json", "--partial")[0] == 0
    assert clir("compare", "baseline.json", "results")[0] == 0, "it failed before, too"


def test_hostile_names_are_inert_on_a_terminal(clir, store, tmp_path) -> None:
    clir("baseline", "freeze", "baseline.json")
    text = (tmp_path / "baseline.json").read_text("utf-8")
    hostile = json.dumps("[red]\x1b[2J\x07\u202e[/red]\n" + "x" * 10_000)
    (tmp_path / "hostile.json").write_text(text.replace('"label": "BM25"', f'"label": {hostile}'), encoding="utf-8")
    code, out, _ = clir("compare", "hostile.json", store)
    assert code == 1
    assert "missing  " in out
    assert "[red]" in out
    assert not set(out) & set("\x1b\x07\u202e")
    assert max(map(len, out.splitlines())) < 1000


def test_help_of_freezing_has_an_example(clir) -> None:
    code, out, _ = clir("baseline", "freeze", "--help")
    assert code == 0
    assert "Examples:" in out
