"""Output folders of commands: replaced as a whole, atomically, and only if the command wrote them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

from clir_harness.harness.atomic_files import atomic_folder
from clir_harness.harness.content_store import read_json
from clir_harness.harness.errors import UsageError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FolderKind:
    """What a folder is.

    Attributes:
        what: e.g. "site".
        command: that writes it.
        head: JSON file in it that says so: `schema`, and under `files` the paths of all files.
        schema: name of the schema.
    """

    what: str
    command: str
    head: str
    schema: str


def replace_folder(folder: Path | str, kind: FolderKind, fill: Callable[[Path], T], *, force: bool) -> T:
    """Fill a folder, replacing an earlier one of the same kind.

    A kill at any moment leaves the old one or the new one, under the folder's name or, when it comes between the two
    renames, to be put back by the next call.

    Args:
        folder: a new or empty folder, or one of the kind to replace.
        kind: what it is.
        fill: writes its files, the head included, into an empty folder.
        force: whether to replace a folder although it holds other files, which are lost.

    Returns:
        What `fill` returns.

    Raises:
        UsageError: the folder holds other files, is not a folder, or cannot be written.
    """
    place = Path(folder).resolve()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with _locked(place.with_name(f".{place.name}.lock")), atomic_folder(place) as made:
            _check_replaceable(place, kind, force)
            return fill(made)
    except OSError as error:
        raise UsageError(
            f"the {kind.what} {place} cannot be written: {error.strerror} ({error.filename})",
            hint="name a folder you may write beside, with space left",
        ) from error


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.touch()  # where this is impossible, it fails; a lock would wait
    with FileLock(path):
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _check_replaceable(place: Path, kind: FolderKind, force: bool) -> None:
    if place.exists() and not place.is_dir():
        raise UsageError(f"{place} is not a folder", hint="name a new or empty folder")
    if force or not place.exists() or not any(place.iterdir()):
        return
    head = read_json(place / kind.head) if (place / kind.head).is_file() else None
    if not isinstance(head, dict) or head.get("schema") != kind.schema:
        raise UsageError(
            f"{place} is not empty, and is no {kind.what} that `{kind.command}` wrote",
            hint="name a new or empty folder; --force replaces this one, and what is in it is lost",
        )
    known = {kind.head, *head.get("files", ())}
    found = (path.relative_to(place).as_posix() for path in place.rglob("*") if not path.is_dir() or path.is_symlink())
    if others := sorted(name for name in found if name not in known):
        shown = ", ".join(others[:5]) + (f" and {len(others) - 5} more" if len(others) > 5 else "")
        raise UsageError(
            f"{place} holds files that `{kind.command}` did not write: {shown}",
            hint="move them elsewhere; --force replaces the folder, and they are lost",
        )
