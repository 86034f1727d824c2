"""Text files of others: any compression by content, lines as editors count them, and what is no text is named."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from clir_harness.harness.errors import DataError
from clir_harness.harness.runs.run import Run
from clir_harness.harness.textio import compression, lines_of, numbered_lines, open_text, shown


def zst(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return bytes(sink.getvalue())


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zst,
}


@pytest.mark.parametrize("ending", PACKERS)
def test_frames_follow_one_another_and_a_cut_file_is_refused(tmp_path: Path, ending: str) -> None:
    text = b"line\n" * 5000
    whole = PACKERS[ending](text)
    path = tmp_path / "no-ending"
    path.write_bytes(whole + whole)
    assert sum(1 for _ in numbered_lines(path)) == 10_000
    path.write_bytes(whole[:-8])
    with pytest.raises(DataError, match="is truncated or damaged"):
        list(numbered_lines(path))


@pytest.mark.parametrize("ending", PACKERS)
def test_a_second_part_that_is_damaged_is_not_taken_for_the_end(tmp_path: Path, ending: str) -> None:
    first, second = (PACKERS[ending](f"{number} Q0 a 1 2.5 t\n".encode()) for number in (1, 2))
    path = tmp_path / "x.run"
    path.write_bytes(first + second)
    assert Run.read(path).query_ids == ("1", "2")
    for rest in (b"X" + second[1:], b"plain text", second[:4]):
        path.write_bytes(first + rest)
        with pytest.raises(DataError, match="is truncated or damaged"):
            list(numbered_lines(path))
        with pytest.raises(DataError, match="is truncated or damaged"):
            Run.read(path)


@pytest.mark.parametrize("ending", PACKERS)
def test_a_file_cut_anywhere_is_refused(tmp_path: Path, ending: str) -> None:
    whole = PACKERS[ending](b"1\tukame\n")
    path = tmp_path / "topics.tsv"
    for length in range(8, len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match="is truncated or damaged"):
            list(numbered_lines(path))


def test_padding_and_frames_to_skip_are_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(lzma.compress(b"a\n") + bytes(8) + lzma.compress(b"b\n") + bytes(4))
    assert list(numbered_lines(path)) == [(1, "a"), (2, "b")]
    path.write_bytes(b"\x50\x2a\x4d\x18\4\0\0\0size" + zst(b"a\n"))
    assert list(numbered_lines(path)) == [(1, "a")]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("привет\tмир\n".encode("utf-16-le"), "is UTF-16, or not text"),
        ("привет\tмир\n".encode("utf-16-be"), "is UTF-16, or not text"),
        ("привет\tмир\n".encode("utf-32-le"), "is UTF-16, or not text"),
        (b"PK\x05\x06".ljust(22, b"\0"), "is an empty zip archive"),
        (b"PK\x03\x04rest", "is a zip archive"),
        (b"PAR1rest", "is a Parquet file"),
        (b"7z\xbc\xaf\x27\x1crest", "is a 7z archive"),
        ("1\tx\n".encode("utf-16"), "is UTF-16"),
        ("1\tx\n".encode("utf-16-be"), "is UTF-16, or not text"),
        ("1\tx\n".encode("utf-16-le"), "is UTF-16, or not text"),
        ("1\tx\n".encode("utf-32"), "is UTF-32"),
        (b"name".ljust(257, b"\x20") + b"ustar\x0000", "is a tar archive"),
        (gzip.compress(b"PK\x03\x04rest", mtime=0), "is a zip archive"),
        (bz2.compress("1\tx\n".encode("utf-16")), "is UTF-16"),
    ],
)
def test_other_formats_are_named_for_what_they_are(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "topics.tsv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"topics\.tsv: {complaint}"):
        list(numbered_lines(path))


def test_only_line_feeds_end_lines_and_blank_lines_count_though_they_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes("\ufeffone\r\n\r\n\n  \ntwo\u2028still\x85two\x0b\x0cand\rtwo\n\ufefflast".encode())
    assert list(numbered_lines(path)) == [
        (1, "one"),
        (4, "  "),
        (5, "two\u2028still\x85two\x0b\x0cand\rtwo"),
        (6, "\ufefflast"),
    ]


@pytest.mark.parametrize("pack", [bytes, *PACKERS.values()], ids=["plain", *PACKERS])
def test_the_line_that_is_no_utf8_is_named_however_far_it_is_and_those_before_it_are_read(
    pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "x"
    path.write_bytes(pack("é\n".encode() * 20_000 + b"\n" + "é\n".encode("latin-1") + "é\n".encode()))
    read = []
    with pytest.raises(DataError, match="x:20002: is not UTF-8"):
        read.extend(numbered_lines(path))
    lines = numbered_lines(path)
    assert [next(lines) for _ in range(20_000)][-1] == (20_000, "é")


def test_lines_of_several_files_have_each_their_own_numbers(tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in "abc")
    first.write_text("one\n\nthree")
    second.write_bytes(gzip.compress(b"one\n"))
    third.write_text("")
    assert list(lines_of([first, third, second])) == [(first, 1, "one"), (first, 3, "three"), (second, 1, "one")]


def test_a_file_is_known_by_its_first_bytes_and_not_by_its_name(tmp_path: Path) -> None:
    for name, pack in PACKERS.items():
        (tmp_path / "plain.txt").write_bytes(pack(b"text"))
        assert compression(tmp_path / "plain.txt") == {"gz": "gzip"}.get(name, name)
    for name in ("plain.gz", "empty.gz"):
        (tmp_path / name).write_text("text" if name == "plain.gz" else "")
        assert compression(tmp_path / name) is None
        assert open_text(tmp_path / name).read() == ("text" if name == "plain.gz" else "")


def test_open_text_leaves_line_ends_as_they_are_and_a_byte_order_mark_out(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xef\xbb\xbfone\r\ntwo\rtwo\n")
    with open_text(tmp_path / "x") as file:
        assert list(file) == ["one\r\n", "two\rtwo\n"]


@pytest.mark.parametrize("name", ["none", "."])
def test_what_cannot_be_opened_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: ") as error:
        next(numbered_lines(tmp_path / name))
    assert error.value.path == tmp_path / name


@pytest.mark.parametrize(
    ("text", "longest", "said"),
    [
        ("abcdefgh", 8, "'abcdefgh'"),
        ("abcdefghi", 8, "'abcd…fghi'"),
        ("\x1b[2J\u202e", 60, r"'\x1b[2J\u202e'"),
        ("it's", 60, '"it\'s"'),
        ("\ud800", 60, r"'\ud800'"),
    ],
)
def test_untrusted_text_is_shown_short_and_harmless(text: str, longest: int, said: str) -> None:
    assert shown(text, longest) == said
