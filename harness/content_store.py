"""Folders of content addressed by keys, published atomically: the base of the results store.

Everything is written in `staging` and renamed into its place, so a kill at any moment leaves nothing or the whole.
"""

from __future__ import annotations

import contextlib
import errno
import json
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from clir_harness.harness.atomic_files import atomic_path, sync
from clir_harness.harness.errors import StoreError

STORE_FORMAT = 1
"""Of the layout of folders."""
_HEAD = "store.json"


@dataclass(frozen=True, slots=True)
class Artefact:
    """A piece of kept work that cells share.

    Attributes:
        content: the folder that was built.
        record: what was noted when it was built (seconds, bytes, peak memory ...).
        reused: whether it was there already.
    """

    content: Path
    record: Mapping[str, Any]
    reused: bool


@contextlib.contextmanager
def explained(root: Path) -> Iterator[None]:
    """Turn the operating system's refusals (no space, no permission) into errors a user can act on."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreError(
                f"no space left in the store {root}",
                hint="free space or choose another --store; finished results are kept, and the next run resumes",
            ) from error
        inside = str(error.filename or "").startswith(str(root))
        if inside and error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise StoreError(
                f"the store {root} cannot be written: {error.strerror} ({error.filename})",
                hint="choose a folder you may write to with --store",
            ) from error
        raise


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file atomically; its folder is created if missing.

    Args:
        path: the file.
        value: plain data.

    Raises:
        OSError: the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as part, part.open("w", encoding="utf-8") as handle:
        json.dump(value, handle, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)


def read_json(path: Path) -> Any:
    """Content of a JSON file of the store, None when there is none.

    Raises:
        StoreError: when it is damaged; says which file to delete.
    """
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise StoreError(f"{path} is damaged: {error}", hint="delete it; it will be made again") from error


def is_store(folder: Path | str) -> bool:
    """Whether a folder is a store."""
    return (Path(folder) / _HEAD).is_file()


class ContentStore:
    """A folder with a head file, work in progress and artefacts; see `Store`."""

    def __init__(self, root: Path | str, *, create: bool = True) -> None:
        self.root = Path(root).resolve()
        head = self.root / _HEAD
        if not is_store(self.root):
            if not create:
                raise StoreError(f"no results store in {self.root}", hint="`clir run --store DIR` makes one")
            if self.root.exists() and (not self.root.is_dir() or any(self.root.iterdir())):
                raise StoreError(
                    f"{self.root} is not a results store and not an empty folder", hint="choose another --store"
                )
            with explained(self.root):
                write_json(head, {"format": STORE_FORMAT})
        found = read_json(head)
        if not isinstance(found, dict) or not isinstance(found.get("format"), int):
            raise StoreError(f"{head} is not a store's head file", hint="choose another --store")
        if found["format"] > STORE_FORMAT:
            raise StoreError(
                f"store {self.root} has format {found['format']}, this version reads up to {STORE_FORMAT}",
                hint="upgrade clir-harness",
            )

    # -- folders in progress ---------------------------------------------------------------------------------

    @contextlib.contextmanager
    def staging(self) -> Iterator[Path]:
        """A new folder for work in progress; what is not published out of it is deleted."""
        base = self.root / "staging"
        with explained(self.root):
            base.mkdir(exist_ok=True)
            self._sweep(base)
            folder = base / secrets.token_hex(8)
            folder.mkdir()
            lock = FileLock(folder.with_suffix(".lock"))
            lock.acquire()
        try:
            with explained(self.root):
                yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            lock.release()
            Path(lock.lock_file).unlink(missing_ok=True)

    @staticmethod
    def _sweep(base: Path) -> None:
        """Delete what killed processes left: folders whose lock nobody holds."""
        for lock_file in base.glob("*.lock"):
            with contextlib.suppress(Timeout, OSError), FileLock(lock_file, timeout=0):
                shutil.rmtree(lock_file.with_suffix(""), ignore_errors=True)
                lock_file.unlink(missing_ok=True)

    @staticmethod
    def _publish(folder: Path, place: Path, *, replace: bool = False) -> None:
        """Rename a finished folder into its place; when another process was first, its result stays."""
        sync(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        if replace and place.exists():
            place.rename(folder.with_name(folder.name + ".old"))
            shutil.rmtree(folder.with_name(folder.name + ".old"), ignore_errors=True)
        try:
            folder.rename(place)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise

    # -- artefacts -------------------------------------------------------------------------------------------

    def artefact(self, kind: str, key: str) -> Artefact | None:
        """A stored artefact.

        Args:
            kind: e.g. "index".
            key: digest of everything the artefact depends on.

        Returns:
            The artefact; None when there is none.

        Raises:
            StoreError: its record cannot be read.
        """
        folder = self.root / "artefacts" / kind / key
        record = read_json(folder / "artefact.json")
        return None if record is None else Artefact(folder / "content", record, reused=True)

    def obtain(self, kind: str, key: str, build: Callable[[Path], Mapping[str, Any]]) -> Artefact:
        """The artefact of a key, built now if it does not exist; only one process builds it at a time.

        Args:
            kind: e.g. "index".
            key: digest of everything the artefact depends on.
            build: fills an empty folder and returns the record to store with it.

        Returns:
            The artefact.

        Raises:
            StoreError: the store cannot be read or written.
        """
        if kept := self.artefact(kind, key):
            return kept
        with explained(self.root):
            locks = self.root / "artefacts" / kind
            locks.mkdir(parents=True, exist_ok=True)
        with FileLock(locks / f"{key}.lock"):
            if kept := self.artefact(kind, key):
                return kept
            with self.staging() as folder:
                content = folder / "content"
                content.mkdir()
                record = dict(build(content))
                write_json(folder / "artefact.json", record)
                self._publish(folder, locks / key)
        (locks / f"{key}.lock").unlink(missing_ok=True)
        return Artefact(locks / key / "content", record, reused=False)
