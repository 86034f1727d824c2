"""`clir` on terminals and pipes of every encoding: no command ends over a character, and what is escaped is said."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.conftest import write_collection

LABEL = "BM25 é ƙasa 中文 العربية 😀"
TITLE = "Maswali ya Kiswahili – العربية"
NO_UTF8 = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
PLACES = {
    "cp1252": NO_UTF8 | {"PYTHONIOENCODING": "cp1252"},
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "ascii": NO_UTF8,
    "utf-8": {"PYTHONIOENCODING": "utf-8"},
}
SUITE = f"""\
name: tiny
title: {TITLE}
measures: [AP]
depth: 10
rows:
  - {{system: bm25, label: "{LABEL}", settings: {{backend: bm25s}}}}
collections:
  - {{source: jsonl, path: données, pairs: [sw-en]}}
"""


def clir(folder: Path, encoding: str, *arguments: str) -> tuple[int, str, str]:
    """Exit code, output and messages of `clir` in a folder, in a process whose streams have an encoding."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "PYTHONUTF8"))}
    root = str(Path(__file__).parents[3])
    done = subprocess.run(
        [sys.executable, "-m", "clir_harness.cli", *arguments],
        cwd=folder,
        env=environment | PLACES[encoding] | {"PYTHONPATH": root},
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding)


def escaped(text: str, encoding: str) -> str:
    """Text as a stream of an encoding shows it."""
    return "".join(
        char if char.encode(encoding, "ignore") else re.sub("(....)", r"\\u\1", char.encode("utf-16-be").hex())
        for char in text
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a suite, its data, and a store that it was run into."""
    folder = tmp_path_factory.mktemp("made")
    write_collection(folder / "data" / "données")
    (folder / "suite.yaml").write_text(SUITE, encoding="utf-8")
    code, _, err = clir(folder, "utf-8", "run", "--suite", "suite.yaml", "--data", "data", "--store", "results")
    assert code == 0, err
    return folder


@pytest.mark.parametrize("encoding", PLACES)
def test_a_run_ends_well_and_escapes_what_the_stream_lacks(made: Path, tmp_path: Path, encoding: str) -> None:
    store = str(tmp_path / "results")
    code, out, err = clir(made, encoding, "run", "--suite", "suite.yaml", "--data", "data", "--store", store)
    assert code == 0, err
    assert escaped(TITLE, encoding) in out
    assert escaped(LABEL, encoding) in out
    assert escaped(LABEL, encoding) in err, "progress"
    assert ("note: characters that " in err) == (encoding != "utf-8")


@pytest.mark.parametrize("encoding", PLACES)
def test_labels_and_files_named_on_the_command_line_are_understood(made: Path, encoding: str) -> None:
    (made / "bodi ya ƙasa.json").unlink(missing_ok=True)
    code, _, err = clir(made, encoding, "baseline", "freeze", "bodi ya ƙasa.json", "--store", "results")
    assert code == 0, err
    code, out, err = clir(made, encoding, "compare", "bodi ya ƙasa.json", "results", "--row", LABEL, "--all")
    assert code == 0, err
    assert escaped(LABEL[:20], encoding) in out
    assert (made / "bodi ya ƙasa.json").is_file()


@pytest.mark.parametrize("encoding", PLACES)
def test_documents_for_programs_hold_what_they_hold_in_utf_8(made: Path, encoding: str) -> None:
    code, out, err = clir(made, encoding, "leaderboard", "--suite", "tiny", "--json")
    assert code == 0, err
    assert json.loads(out)["suite"]["title"] == TITLE
    assert json.loads(out)["rows"][0]["label"] == LABEL
    code, out, err = clir(made, encoding, "compare", "results", "results", "--junit", "-")
    assert code == 0, err
    if encoding != "utf-8":
        assert out.isascii()
    cases = ElementTree.fromstring(out.split("?>", 1)[1]).iter("testcase")
    assert LABEL in {case.get("classname") for case in cases}


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_files_are_utf_8_whatever_the_streams_are(made: Path, tmp_path: Path, encoding: str) -> None:
    for form in ("csv", "html", "latex", "markdown"):
        file = str(tmp_path / f"bodi.{form}")
        code, _, err = clir(made, encoding, "leaderboard", "--suite", "tiny", "--format", form, "--output", file)
        assert code == 0, err
        assert "中文" in Path(file).read_text("utf-8")
    summary = tmp_path / "summary.md"
    assert clir(made, encoding, "compare", "results", "results", "--markdown", str(summary))[0] == 0
    assert "中文" in summary.read_text("utf-8")


@pytest.mark.parametrize("arguments", [("--help",), ("run", "--help"), ("systems",), ("suites", "suite.yaml")])
def test_help_and_lists_are_printed_in_ascii(made: Path, arguments: tuple[str, ...]) -> None:
    code, out, err = clir(made, "ascii", *arguments)
    assert code == 0, err
    assert out


@pytest.mark.parametrize("encoding", PLACES)
def test_an_error_about_a_name_that_no_encoding_has_is_shown(made: Path, encoding: str) -> None:
    code, _, err = clir(made, encoding, "compare", os.fsdecode(b"bodi-\xff.json"), "results")
    assert code == 2
    assert "there is no bodi-\\udcff.json" in err
    assert "Traceback" not in err
