"""Files and folders written whole or not at all: after a failure, after a kill, and by several processes."""

import gzip
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from clir_harness.harness.atomic_files import atomic_file, atomic_folder, atomic_path, write_text
from clir_harness.harness.errors import DataError


def content(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_file_has_its_name_only_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with atomic_file(path) as file:
        file.write(b"one")
        file.flush()
        assert not path.exists()
    with atomic_file(path) as file:
        file.write(b"two")
        file.flush()
        assert path.read_text() == "one"
    assert content(tmp_path) == {"a.txt": "two"}


def test_a_failure_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "old")
    with pytest.raises(ZeroDivisionError), atomic_file(tmp_path / "a.txt") as file:
        file.write(b"%d" % (1 // 0))
    with pytest.raises(ZeroDivisionError), atomic_path(tmp_path / "b.txt") as part:
        part.write_text(str(1 / 0))
    assert content(tmp_path) == {"a.txt": "old"}


def test_the_same_content_gives_the_same_compressed_bytes(tmp_path: Path) -> None:
    write_text(tmp_path / "a.gz", "text")
    write_text(tmp_path / "b.gz", "text")
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == b"text"


def test_others_may_read_what_the_umask_lets_them_read(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write_text(tmp_path / "a.txt", "text")
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.txt").write_text("old")
    (tmp_path / "link").symlink_to("elsewhere/a.txt")
    write_text(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert content(tmp_path / "elsewhere") == {"a.txt": "new"}


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE, text=True) as reader:
        write_text(tmp_path / "pipe", "through")
        assert reader.communicate()[0] == "through"
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize("name", ["none/a.txt", ".", "a.txt/b"])
def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, name: str) -> None:
    write_text(tmp_path / "a.txt", "old")
    with pytest.raises(DataError, match="cannot be written") as raised:
        write_text(tmp_path / name, "text")
    assert raised.value.path == tmp_path / name
    assert content(tmp_path) == {"a.txt": "old"}


def test_a_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    for number in (1, 2):
        with atomic_folder(tmp_path / "up" / "made") as folder:
            assert not list(folder.iterdir())
            (folder / f"{number}.txt").write_text(f"{number}")
    assert content(tmp_path) == {"up/made/2.txt": "2"}


def test_a_failure_leaves_the_old_folder(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "made") as folder:
        (folder / "1.txt").write_text("1")
    with pytest.raises(ZeroDivisionError), atomic_folder(tmp_path / "made") as folder:
        (folder / "1.txt").write_text(str(1 / 0))
    assert content(tmp_path) == {"made/1.txt": "1"}


KILLED = """
import os, signal, sys
from pathlib import Path
from clir_harness.harness.atomic_files import atomic_folder
rename, left = Path.rename, int(sys.argv[2])

def counting(self, target):
    global left
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    return rename(self, target)

Path.rename = counting
with atomic_folder(Path(sys.argv[1])) as folder:
    (folder / "2.txt").write_text("2")
"""


@pytest.mark.parametrize("renames", [0, 1])
def test_a_folder_whose_replacement_was_killed_is_put_back(tmp_path: Path, renames: int) -> None:
    place = tmp_path / "made"
    with atomic_folder(place) as folder:
        (folder / "1.txt").write_text("1")
    done = subprocess.run([sys.executable, "-c", KILLED, place, str(renames)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert place.exists() == (renames == 0)
    with atomic_folder(place) as folder:
        assert content(place) == {"1.txt": "1"}
        (folder / "3.txt").write_text("3")
    assert content(tmp_path) == {"made/3.txt": "3"}
