"""Text files in: UTF-8, gzipped or not, with line numbers for errors."""

from __future__ import annotations

import codecs
import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

import yaml

from harness.errors import DataError


def open_text(path: Path) -> TextIO:
    """Open a UTF-8 text file for reading, gunzipped when its first bytes say gzip; line ends are left alone.

    Raises:
        DataError: when the file cannot be opened.
    """
    return io.TextIOWrapper(_open_binary(path), encoding="utf-8-sig", newline="\n")


def _open_binary(path: Path) -> BinaryIO:
    try:
        with path.open("rb") as head:
            zipped = head.read(2) == b"\x1f\x8b"
        if zipped:
            return cast(BinaryIO, io.BufferedReader(gzip.open(path, "rb")))
        return path.open("rb")
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}", path=path) from error


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines of a text file with their numbers from 1, without line ends; blank lines are left out.

    Raises:
        DataError: when the file cannot be opened or is not UTF-8 or not whole.
    """
    number = 0
    with _open_binary(path) as handle:
        try:
            # Decoded one by one, and not in blocks as a text file is: the line that is not UTF-8 is known exactly.
            for number, raw in enumerate(handle, start=1):
                line = raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw
                if stripped := line.decode().rstrip("\r\n"):
                    yield number, stripped
        except UnicodeDecodeError as error:
            raise DataError("is not UTF-8", path=path, line=number, hint="convert it with iconv") from error
        except (EOFError, gzip.BadGzipFile, OSError) as error:
            raise DataError(f"is cut short or damaged: {error}", path=path, line=number + 1) from error


def read_yaml(path: Path) -> Any:
    """The value in a YAML file.

    Raises:
        DataError: when the file cannot be read, is not UTF-8 or not YAML; names the line where it is known.
    """
    try:
        return yaml.safe_load(path.read_text("utf-8"))
    except UnicodeDecodeError as error:
        raise DataError("is not UTF-8", path=path, hint="convert it with iconv") from error
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}", path=path) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or error
        raise DataError(f"is not YAML: {problem}", path=path, line=mark.line + 1 if mark else None) from None


def shown(text: str, longest: int = 60) -> str:
    r"""Text of others for a message: quoted, control characters escaped, the middle left out when it is long.

    >>> print(shown("d\x1b[1m"), shown("a" * 90, longest=9))
    'd\x1b[1m' 'aaaa…aaaa'
    """
    half = longest // 2
    return repr(text if len(text) <= longest else f"{text[:half]}…{text[-half:]}")
