"""Reading of text files: UTF-8, compressed or not, with line numbers for errors."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

from clir_harness.harness.errors import DataError

COMPRESSED = (".gz", ".bz2", ".xz", ".zst")
"""Suffixes of compressed files. Compression itself is recognised by a file's first bytes, not by its name."""

DAMAGE = (EOFError, OSError, lzma.LZMAError, zlib.error)
"""Exceptions raised while a truncated or damaged file is read."""

_SIGNATURES: dict[bytes, str] = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zst"}
_SIGNATURES |= {bytes([0x50 + kind]) + b"\x2a\x4d\x18": "zst" for kind in range(16)}  # a frame to skip, as pzstd begins
_REFUSED: dict[bytes, tuple[str, str]] = {
    b"PK\x03\x04": ("is a zip archive", "unpack it and name the files"),
    b"PK\x05\x06": ("is an empty zip archive", "name the files themselves"),
    b"7z\xbc\xaf\x27\x1c": ("is a 7z archive", "unpack it and name the files"),
    b"Rar!": ("is a rar archive", "unpack it and name the files"),
    b"PAR1": ("is a Parquet file", "write it as JSON lines, e.g. with pandas.read_parquet(...).to_json(lines=True)"),
    b"ARROW1": ("is an Arrow file", "write it as JSON lines"),
    b"\x1f\x9d": ("is compressed by `compress`", "unpack it with uncompress"),
    b"\x04\x22\x4d\x18": ("is compressed by lz4", "unpack it with lz4 -d"),
    b"\xff\xfe\0\0": ("is UTF-32", "convert it with iconv -f UTF-32 -t UTF-8"),
    b"\0\0\xfe\xff": ("is UTF-32", "convert it with iconv -f UTF-32 -t UTF-8"),
    b"\xff\xfe": ("is UTF-16", "convert it with iconv -f UTF-16 -t UTF-8"),
    b"\xfe\xff": ("is UTF-16", "convert it with iconv -f UTF-16 -t UTF-8"),
}
_HEAD = 512


def without_compression(name: str) -> str:
    """A file name without its compression suffix.

    >>> without_compression("docs.jsonl.zst"), without_compression("docs.tsv")
    ('docs.jsonl', 'docs.tsv')
    """
    return next((name.removesuffix(end) for end in COMPRESSED if name.endswith(end)), name)


def compression(path: Path) -> str | None:
    """Compression of a file, from its first bytes: gzip, bz2, xz or zst; None when it is not compressed.

    Raises:
        DataError: the file cannot be opened.
    """
    head = _head(path)
    return next((name for signature, name in _SIGNATURES.items() if head.startswith(signature)), None)


def open_text(path: Path) -> TextIO:
    """Open a UTF-8 text file for reading, decompressed as its first bytes say; line ends are kept.

    Raises:
        DataError: the file cannot be opened, or is not text but an archive, Parquet or UTF-16.
    """
    return io.TextIOWrapper(open_binary(path), encoding="utf-8-sig", newline="\n")


def open_binary(path: Path) -> BinaryIO:
    """Open a text file as bytes, decompressed as its first bytes say; reading a damaged file raises one of `DAMAGE`.

    Raises:
        DataError: the file cannot be opened, or is not text but an archive, Parquet or UTF-16.
    """
    content = _opened(path)
    try:
        _refuse_other_content(content.peek(_HEAD)[:_HEAD], path)
    except DataError:
        content.close()
        raise
    except DAMAGE:
        # The reader will meet the damage and report its line; it starts anew, since some decompressors treat a file
        # that they failed on before as ended.
        content.close()
        content = _opened(path)
    return content


def _opened(path: Path) -> io.BufferedReader:
    name = compression(path)
    raw = path.open("rb") if name is None else _OPENERS[name](path)
    return raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(raw)


def _refuse_other_content(head: bytes, path: Path) -> None:
    """Refuse a file whose first bytes show that it is not UTF-8 text."""
    for signature, (what, remedy) in _REFUSED.items():
        if head.startswith(signature):
            raise DataError(what, path=path, hint=remedy)
    if head[257:262] == b"ustar":
        raise DataError("is a tar archive", path=path, hint="unpack it and name the files")
    if b"\0" in head:  # anywhere: in UTF-16, letters of most scripts are bytes that pass for UTF-8, spaces are not
        raise DataError("is UTF-16, or not text", path=path, hint="convert it with iconv -f UTF-16LE -t UTF-8")


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(8)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}", path=path) from error


def _open_zst(path: Path) -> io.BufferedIOBase:
    import pyarrow as pa

    return cast(io.BufferedIOBase, pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"))


class _Streams(io.RawIOBase):
    """Concatenated compressed streams, up to the end of the file.

    `bz2.open` and `lzma.open` stop at the first bytes that do not begin a stream, and lose what follows.
    """

    def __init__(self, path: Path, start: Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor]) -> None:
        self._file = path.open("rb")
        self._start = start
        self._stream = start()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = b""
        while not data:
            if self._stream.eof:
                rest = self._stream.unused_data
                while not rest.lstrip(b"\0"):  # what streams may be padded with
                    if not (rest := self._file.read(io.DEFAULT_BUFFER_SIZE)):
                        return 0
                rest = rest.lstrip(b"\0")
                self._stream = self._start()
            else:
                rest = self._file.read(io.DEFAULT_BUFFER_SIZE) if self._stream.needs_input else b""
                if not rest and self._stream.needs_input:
                    raise EOFError("the compressed data end without an end marker")
            data = self._stream.decompress(rest, len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


_OPENERS: dict[str, Callable[[Path], Any]] = {
    "gzip": gzip.open,
    "bz2": lambda path: _Streams(path, bz2.BZ2Decompressor),
    "xz": lambda path: _Streams(path, lzma.LZMADecompressor),
    "zst": _open_zst,
}


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines of a text file with their numbers from 1, without line ends; blank lines are skipped.

    Raises:
        DataError: the file cannot be opened, is not text, is not UTF-8, or is truncated.
    """
    number = 0
    with open_binary(path) as handle:
        try:
            # Decoded one by one, and not in blocks as a text file is: the line that is not UTF-8 is known exactly.
            for number, raw in enumerate(handle, start=1):
                line = raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw
                if stripped := line.decode().rstrip("\r\n"):
                    yield number, stripped
        except UnicodeDecodeError as error:
            raise DataError("is not UTF-8", path=path, line=number, hint="convert it with iconv") from error
        except DAMAGE as error:
            raise DataError(f"is truncated or damaged: {error}", path=path, line=number + 1) from error


def lines_of(paths: Iterable[Path]) -> Iterator[tuple[Path, int, str]]:
    """Lines of several files in order, each with its file and number; see `numbered_lines`."""
    for path in paths:
        for number, line in numbered_lines(path):
            yield path, number, line


def shown(text: str, longest: int = 60) -> str:
    r"""Untrusted text, escaped for display: quoted, control characters escaped, the middle of a long text left out.

    Args:
        text: any text.
        longest: maximum number of characters before escaping.

    Returns:
        One line of text.

    >>> print(shown("d\x1b[1m"), shown("a" * 90, longest=9))
    'd\x1b[1m' 'aaaa…aaaa'
    """
    half = longest // 2
    return repr(text if len(text) <= longest else f"{text[:half]}…{text[-half:]}")
