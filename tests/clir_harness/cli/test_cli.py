import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from clir_harness import cli
from clir_harness.cli import COMMANDS
from clir_harness.leaderboards.schema import read_board


class Result:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def clir(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """Runs `clir` with arguments in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLIR_DATA", raising=False)

    def call(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["clir", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        out, err = capsys.readouterr()
        return Result(int(end.value.code or 0), out, err)

    return call


def test_help_names_every_command_and_the_exit_codes(clir) -> None:
    result = clir("--help")
    assert result.code == 0
    assert all(name in result.out for name in COMMANDS)
    assert "Exit codes" in result.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(clir, name: str) -> None:
    result = clir(name, "--help")
    assert result.code == 0
    assert "Usage: clir" in result.out
    assert name == "doctor" or "Examples:" in result.out


@pytest.mark.parametrize("arguments", [["--help"], ["systems"]])
def test_nothing_heavy_is_imported_for_help_and_lists(arguments: list[str]) -> None:
    program = (
        "import sys; sys.argv = ['clir', *sys.argv[1:]]\n"
        "from clir_harness.cli import main\n"
        "try: main()\n"
        "except SystemExit: print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    heavy = {"torch", "numpy", "pyarrow", "ir_datasets", "ir_measures", "pyserini", "jnius", "bm25s", "transformers"}
    assert not heavy & set(done.stderr.split())


def test_a_run_prints_the_board_and_a_second_one_reuses_it(clir, tiny: Path, tiny_suite: Path) -> None:
    first = clir("run", "--suite", tiny_suite, "--data", tiny)
    assert first.code == 0
    assert "sw→en" in first.out
    assert "4 cells computed, 0 reused, 0 failed, 2 without data" in first.err
    second = clir("run", "--suite", tiny_suite, "--data", tiny)
    assert "0 cells computed, 4 reused" in second.err
    assert second.out == first.out


def test_a_dry_run_runs_nothing(clir, tiny: Path, tiny_suite: Path, tmp_path: Path) -> None:
    result = clir("run", "--suite", tiny_suite, "--data", tiny, "--dry-run", "--json")
    states = [cell["state"] for cell in json.loads(result.out)["cells"]]
    assert states.count("to do") == 4
    assert not (tmp_path / "results" / "cells").exists()


def test_failed_cells_end_with_exit_code_1_and_their_reason(clir, tiny: Path, tiny_suite: Path, plugin: Path) -> None:
    result = clir("run", "--suite", tiny_suite, "--data", tiny, "--plugin", plugin, "--systems", "raises,constant")
    assert result.code == 1
    assert "made of cheese" in result.err
    assert "failed" in result.out


def test_settings_and_pairs_narrow_and_change_a_run(clir, tiny: Path, tiny_suite: Path, tmp_path: Path) -> None:
    options = ["--set", "BM25.k1=1.5", "--pairs", "sw-en", "--systems", "BM25", "--json"]
    result = json.loads(clir("run", "--suite", tiny_suite, "--data", tiny, *options).out)
    (cell,) = result["cells"]
    record = json.loads((tmp_path / "results" / "cells" / cell["key"] / "cell.json").read_text())
    assert record["identity"]["system"]["settings"]["k1"] == 1.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rnu"], "did you mean 'run'"),
        (["run", "--suite", "embeded"], "did you mean 'embedded'"),
        (["run", "--suite", "embedded", "--systems", "bm52"], "did you mean 'bm25'"),
        (["run", "--suite", "embedded", "--pairs", "xx-en"], "unknown language 'xx'"),
        (["run", "--suite", "embedded", "--pairs", "de-en"], "unknown language pair of this suite 'de-en'"),
        (["run", "--suite", "embedded", "--set", "bm25.k=1"], "unknown setting of system 'bm25' 'k'"),
        (["run", "--suite", "afriqa", "--data", "nowhere"], "masakhane-io/afriqa"),
        (["run", "--suite", "xquad"], "--data"),
        (["run", "--suite", "embedded", "--sytems", "x"], "--systems"),
        (["systems", "bm26"], "did you mean 'bm25'"),
        (["collections", "squat"], "did you mean 'squad'"),
        (["suites", "xqad"], "did you mean 'xquad'"),
        (["leaderboard", "--suite", "embedded"], "no results store"),
        (["submit", "none.run", "--system", "x", "--collection", "embedded/sw-en"], "no run file none.run"),
    ],
)
def test_wrong_requests_end_with_exit_code_2_and_say_what_would_be_right(
    clir, arguments: list[str], message: str
) -> None:
    result = clir(*arguments)
    assert result.code == 2
    assert message in result.err
    assert "Traceback" not in result.err


def test_an_unknown_measure_is_refused_with_a_suggestion(clir, tiny: Path, tiny_suite: Path) -> None:
    clir("run", "--suite", tiny_suite, "--data", tiny, "--pairs", "sw-en")
    result = clir("leaderboard", "--suite", "tiny", "--measure", "nDGC@10")
    assert result.code == 2
    assert "nDCG" in result.err


def test_a_board_is_written_in_every_format_with_any_measure(
    clir, tiny: Path, tiny_suite: Path, tmp_path: Path
) -> None:
    clir("run", "--suite", tiny_suite, "--data", tiny)
    assert "P@1" in clir("leaderboard", "--suite", "tiny", "--measure", "P@1").out
    assert json.loads(clir("leaderboard", "--suite", "tiny", "--json").out)["suite"]
    assert clir("leaderboard", "--suite", "tiny", "--format", "csv", "--output", "board.csv").code == 0
    assert "BM25 human" in (tmp_path / "board.csv").read_text()
    assert r"\toprule" in clir("leaderboard", "--suite", "tiny", "--format", "latex").out
    clir("leaderboard", "--suite", "tiny", "--json", "--per-query", "--baseline", "BM25", "--output", "board.json")
    document = read_board(tmp_path / "board.json")
    assert document.tests["AP"].baseline == "BM25"
    assert document.queries == {"tiny/sw-en": ("q1", "q2", "q3"), "tiny/so-en": ("q1", "q2", "q3")}


def test_a_board_can_be_of_one_pair_without_tests_and_tested_in_other_measures(
    clir, tiny: Path, tiny_suite: Path
) -> None:
    clir("run", "--suite", tiny_suite, "--data", tiny)
    board = clir("leaderboard", "--suite", "tiny", "--pair", "so-en", "--no-tests", "--rank", "borda").out
    assert "so→en" in board
    assert "sw→en" not in board
    assert "Holm" not in board
    board = clir("leaderboard", "--suite", "tiny", "--test", "RR,nDCG@10").out
    assert "not distinguishable from the best row in RR" in board
    assert "in nDCG@10" in board
    assert "in AP." not in board


def test_two_rows_are_compared_query_by_query(clir, tiny: Path, tiny_suite: Path) -> None:
    clir("run", "--suite", tiny_suite, "--data", tiny)
    arguments = ["leaderboard", "--suite", "tiny", "--against", "BM25", "BM25 human", "--pair", "sw-en"]
    page = clir(*arguments, "--queries", 1).out
    assert page.startswith("# BM25 against BM25 human\n")
    assert page.count("\n### ") == 1
    assert len(json.loads(clir(*arguments, "--json").out)["queries"]) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--against", "BM25", "BM25 human"], "add --pair"),
        (["--against", "BM25", "BM25 human", "--pair", "sw-en", "--format", "csv"], "--against has no csv"),
        (["--no-tests", "--baseline", "BM25"], "--test and --baseline need tests"),
        (["--per-query"], "add --format json"),
        (["--baseline", "BM26"], "did you mean 'BM25'"),
        (["--pair", "sw-fr"], "unknown language pair of this board 'sw-fr'"),
        (["--published", "none.yaml"], "no file of published figures none.yaml"),
    ],
)
def test_options_of_boards_that_do_not_fit_are_explained(
    clir, tiny: Path, tiny_suite: Path, options: list[str], message: str
) -> None:
    clir("run", "--suite", tiny_suite, "--data", tiny, "--pairs", "sw-en")
    result = clir("leaderboard", "--suite", "tiny", *options)
    assert result.code == 2
    assert message in result.err


def test_a_run_of_another_tool_is_submitted_and_shown(clir, tiny: Path, tiny_suite: Path, tmp_path: Path) -> None:
    (tmp_path / "their.run").write_text("q1 Q0 d1 1 2.0 t\nq2 Q0 d2 1 2.0 t\nq3 Q0 d3 1 2e0 t\n")
    where = ["--suite", tiny_suite, "--data", tiny, "--collection", "tiny/sw-en", "--system", "Theirs"]
    assert clir("submit", "their.run", *where, "--dry-run").code == 0
    assert not (tmp_path / "results").exists()
    result = clir("submit", "their.run", *where)
    assert result.code == 0
    assert re.search(r"RR +1\.000", result.out)
    assert "warning: their.run:3: score '2e0' is in scientific notation" in result.err
    assert "kept as a submitted row" in result.err
    assert "Theirs †" in clir("leaderboard", "--suite", "tiny").out
    again = json.loads(clir("submit", "their.run", *where, "--json").out)
    assert (again["state"], again["means"]["RR"], again["errors"]) == ("unchanged", 1.0, [])


def test_a_submission_with_errors_ends_with_exit_code_1_and_names_the_lines(
    clir, tiny: Path, tiny_suite: Path, tmp_path: Path
) -> None:
    (tmp_path / "their.run").write_text("q1 Q0 d1 1 2.0 t\n" + "q2 Q0 d7 1 2.0\n" * 9)
    where = ["--suite", tiny_suite, "--data", tiny, "--collection", "tiny/sw-en", "--system", "Theirs"]
    result = clir("submit", "their.run", *where)
    assert result.code == 1
    assert "error: their.run:2: expected 6 columns" in result.err
    assert "lines: 2, 3, 4, 5, 6 and 4 more" in result.err
    assert "refused; nothing was kept" in result.err
    assert not (tmp_path / "results").exists()
    (error,) = json.loads(clir("submit", "their.run", *where, "--json").out)["errors"]
    assert (error["kind"], error["count"], error["lines"]) == ("columns", 9, [2, 3, 4, 5, 6])


def test_systems_are_listed_and_described(clir, plugin: Path) -> None:
    listed = json.loads(clir("systems", "--json", "--plugin", plugin).out)
    origins = {system["name"]: system["origin"] for system in listed["systems"]}
    assert origins["bm25"] == "built-in"
    assert origins["constant"].startswith("file ")
    described = clir("systems", "bm25").out
    assert re.search(r"k1 .*0\.9 .*saturation", described)


def test_suites_and_collections_say_what_is_there(clir, tiny: Path, tiny_suite: Path) -> None:
    assert "embedded" in clir("suites").out
    described = clir("suites", tiny_suite, "--data", tiny).out
    assert re.search(r"tiny/sw-en .*there", described)
    assert re.search(r"tiny/ha-en .*missing", described)
    looked_at = json.loads(clir("collections", "--suite", tiny_suite, "--data", tiny, "--json").out)
    assert looked_at[0]["documents"] == 4
    assert looked_at[2]["missing"]


def test_the_doctor_finds_a_working_installation(clir) -> None:
    result = clir("doctor", "--json")
    findings = {finding["what"]: finding for finding in json.loads(result.out)}
    assert result.code == 0
    assert findings["Java"]["state"] == findings["Lucene"]["state"] == "ok"


def test_the_doctor_says_how_to_mend_what_is_wrong(clir, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = clir("doctor", "--data", "nowhere", "--store", "file/store")
    assert result.code == 2
    assert "WRONG    data" in result.out
    assert "WRONG    store" in result.out
    assert "fix:" in result.out
