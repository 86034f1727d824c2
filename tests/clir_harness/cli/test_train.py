"""`clir train`, and its arguments."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from clir_harness.harness.errors import MissingDataError, UnknownNameError, UsageError
from clir_harness.harness.training import bitext_path, parse_bitext, trainable_system

BITEXT = "daraja\tbridge\nwalimu\tteachers\nukame\tdrought\n"


def clir(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "clir_harness.cli", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_command_trains_into_a_folder_that_the_system_loads(tiny: Path, tmp_path: Path, lookup: Path) -> None:
    (tmp_path / "sw.tsv").write_text(BITEXT)
    done = clir("train", "lookup", "--plugin", lookup, "--bitext", "sw=sw.tsv", "--output", "m", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "m" / "model.json").read_text())["daraja"] == ["bridge"]
    assert sorted(path.name for path in tmp_path.glob("m*")) == ["m"], "no checkpoints are left"
    again = clir("train", "lookup", "--plugin", lookup, "--bitext", "sw=sw.tsv", "--output", "m", folder=tmp_path)
    assert again.returncode == 2
    assert "exists already" in again.stderr


def test_a_training_that_fails_at_once_leaves_nothing_behind(tmp_path: Path, lookup: Path) -> None:
    (tmp_path / "sw.tsv").write_text("one column\n")
    done = clir("train", "lookup", "--plugin", lookup, "--bitext", "sw=sw.tsv", "--output", "m", folder=tmp_path)
    assert done.returncode == 2
    assert "sw.tsv:1: expected two columns" in done.stderr
    assert not list(tmp_path.glob("m*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bm25", "--bitext", "sw=sw.tsv"], "is not trained"),
        (["lookup", "--bitext", "sw"], "LANGUAGE=FILE"),
        (["lookup", "--bitext", "sw=none.tsv"], "no parallel text none.tsv"),
        (["lookup", "--bitext", "sw=sw.tsv", "--set", "minimum=0"], "minimum"),
        (["lookup", "--bitext", "sw=sw.tsv", "--set", "maximum=1"], "minimum"),
        (["lookup", "--bitext", "sw=sw.tsv", "--teacher", "x"], "teacher"),
    ],
)
def test_wrong_requests_are_refused_before_any_work(
    tmp_path: Path, lookup: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "sw.tsv").write_text(BITEXT)
    done = clir("train", *arguments, "--plugin", lookup, "--output", "m", folder=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert not list(tmp_path.glob("m*"))


def test_a_file_of_settings_that_is_not_utf8_is_refused_by_name(tmp_path: Path, lookup: Path) -> None:
    (tmp_path / "sw.tsv").write_text(BITEXT)
    (tmp_path / "latin.yaml").write_bytes("minimum: 1  # é\n".encode("latin-1"))
    arguments = ["lookup", "--bitext", "sw=sw.tsv", "--config", "latin.yaml", "--plugin", lookup, "--output", "m"]
    done = clir("train", *arguments, folder=tmp_path)
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, "error: latin.yaml: is not UTF-8")


def test_bitext_is_gathered_by_canonical_language(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text("x\ty\n")
    a, b, c = (tmp_path / name for name in "abc")
    assert parse_bitext([f"swa={a},{b}", f"sw={c}"]) == {"sw": (a, b, c)}


def test_two_files_joined_by_a_plus_are_a_moses_pair_unless_one_file_has_that_name(tmp_path: Path) -> None:
    for name in ("a.sw", "a.en", "b+c.tsv"):
        (tmp_path / name).write_text("x\ty\n")
    assert bitext_path("a.sw+a.en", tmp_path) == (tmp_path / "a.sw", tmp_path / "a.en")
    assert bitext_path("b+c.tsv", tmp_path) == tmp_path / "b+c.tsv"
    with pytest.raises(MissingDataError, match=r"no parallel text .*a\.fr"):
        bitext_path("a.sw+a.fr", tmp_path)


def test_a_moses_pair_trains_the_same_table_as_the_same_sentences_in_columns(tmp_path: Path) -> None:
    lines = [line.split("\t") for line in BITEXT.splitlines()] * 3
    (tmp_path / "t.tsv").write_text("".join(f"{left}\t{right}\n" for left, right in lines))
    for side, name in enumerate(("t.sw", "t.en")):
        (tmp_path / name).write_text("".join(f"{line[side]}\n" for line in lines))
    for text, output in (("t.tsv", "columns"), ("t.sw+t.en", "moses")):
        done = clir("train", "psq", "--bitext", f"sw={text}", "--output", output, folder=tmp_path)
        assert done.returncode == 0, done.stderr
    one, other = (
        {file.name: file.read_bytes() for file in (tmp_path / name).glob("*.npy")} for name in ("columns", "moses")
    )
    assert one
    assert one == other


@pytest.mark.parametrize(
    ("text", "error"), [("sw", UsageError), ("=x", UsageError), ("sw=none", MissingDataError), ("xx=none", Exception)]
)
def test_malformed_bitext_arguments_are_refused(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse_bitext([text])


def test_an_unknown_system_is_refused_with_suggestions() -> None:
    with pytest.raises(UnknownNameError, match="bm25"):
        trainable_system("bm52")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "settings.yaml:2: training 'lookup': minimum: Input should be greater than or equal to 1 (found 0)"),
        (["--set", "minimum=-1"], "training 'lookup': minimum: Input should be greater than or equal to 1 (found -1)"),
    ],
)
def test_a_fault_in_the_file_of_settings_has_its_line_and_one_of_the_command_line_has_none(
    given: list[str], message: str, tmp_path: Path, lookup: Path
) -> None:
    (tmp_path / "sw.tsv").write_text(BITEXT)
    (tmp_path / "settings.yaml").write_text("# of a training\nminimum: 0\n")
    arguments = ["lookup", "--bitext", "sw=sw.tsv", "--config", "settings.yaml", "--plugin", lookup, "--output", "m"]
    done = clir("train", *arguments, *given, folder=tmp_path)
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, f"error: {message}")
