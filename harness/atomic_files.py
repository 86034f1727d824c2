"""Files and folders that are written completely or not at all.

They are made beside their final path and renamed to it: a kill at any moment leaves the old content or the new.
"""

from __future__ import annotations

import gzip
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from clir_harness.harness.errors import DataError


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield the name under which a file is made; when the block succeeds, the file is renamed to `path`.

    Several processes may write the same file: the last one's content stays. Where `path` is a link, the file that it
    names is replaced; what cannot be replaced, as `/dev/stdout`, is yielded itself.

    Raises:
        OSError: when the file cannot be written.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    path = path.resolve()
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield part
        sync(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO | gzip.GzipFile]:
    """Open a file that gets its name only when the block succeeds; gzipped when the name ends in `.gz`.

    The same content gives the same bytes: gzip's time stamp and file name are left out.

    Raises:
        DataError: when the file cannot be written.
    """
    try:
        with atomic_path(path) as part, part.open("wb") as raw:
            if path.suffix == ".gz":
                with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=6) as zipped:
                    yield zipped
            else:
                yield raw
    except OSError as error:
        raise DataError(f"cannot be written: {error.strerror or error}", path=path) from error


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, line ends as they are.

    Args:
        path: the file; gzipped when the name ends in `.gz`.
        text: its content.

    Raises:
        DataError: the file cannot be written.
    """
    with atomic_file(path) as file:
        file.write(text.encode())


@contextmanager
def atomic_folder(place: Path) -> Iterator[Path]:
    """Yield an empty folder; when the block succeeds, it replaces whatever folder is at `place`.

    Only one process at a time may make it. What a killed process left beside it is cleaned up first: an
    unfinished folder is deleted, a folder on its way out is put back when nothing has taken its place.

    Raises:
        OSError: when a folder cannot be made or renamed.
    """
    part, old = (place.with_name(f".{place.name}.{what}") for what in ("part", "old"))
    _put_back(old, place)
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        sync(part)
        if place.exists():
            place.rename(old)
        part.rename(place)
    finally:
        shutil.rmtree(part, ignore_errors=True)
        _put_back(old, place)


def _put_back(old: Path, place: Path) -> None:
    """Rename the old folder back when nothing is in its place, delete it otherwise."""
    if old.exists() and not place.exists():
        old.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def sync(path: Path) -> None:
    """Have the system write a file, or all files of a folder, to disk before it is renamed."""
    for file in [path, *path.rglob("*")] if path.is_dir() else [path]:
        if file.is_file():
            with file.open("rb") as handle:
                os.fsync(handle.fileno())
