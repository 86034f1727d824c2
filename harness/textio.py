"""Text files in: UTF-8, gzipped or not, with line numbers for errors."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from harness.errors import DataError


def open_text(path: Path) -> TextIO:
    """Open a UTF-8 text file for reading, gunzipped when its first bytes say gzip; line ends are left alone.

    Raises:
        DataError: when the file cannot be opened.
    """
    try:
        with path.open("rb") as head:
            zipped = head.read(2) == b"\x1f\x8b"
        binary = gzip.open(path, "rb") if zipped else path.open("rb")  # noqa: SIM115 (the text wrapper closes it)
        return io.TextIOWrapper(binary, encoding="utf-8-sig", newline="\n")
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}", path=path) from error


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines of a text file with their numbers from 1, without line ends; blank lines are left out.

    Raises:
        DataError: when the file cannot be opened or is not UTF-8 or not whole.
    """
    number = 0
    with open_text(path) as handle:
        try:
            for number, line in enumerate(handle, start=1):
                if stripped := line.rstrip("\r\n"):
                    yield number, stripped
        except UnicodeDecodeError as error:
            raise DataError("is not UTF-8", path=path, line=number + 1, hint="convert it with iconv") from error
        except (EOFError, gzip.BadGzipFile, OSError) as error:
            raise DataError(f"is cut short or damaged: {error}", path=path, line=number + 1) from error
