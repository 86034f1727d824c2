"""Cache of translations: one SQLite file per user, shared by all stores and processes."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from platformdirs import user_cache_path

from clir_harness.harness.errors import DataError

_CHUNK = 500


def cache_folder() -> Path:
    """Where translations and converted models are kept, e.g. `~/.cache/clir-harness` (XDG_CACHE_HOME moves it)."""
    return user_cache_path("clir-harness")


class TranslationCache:
    """Translations by what made them.

    Args:
        path: the file; made when absent.
        maker: everything besides the text that a translation depends on: model, languages, decoding ...

    Raises:
        DataError: when the file is not such a cache.
    """

    def __init__(self, path: Path, maker: str) -> None:
        self._path, self._maker = path, maker
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, timeout=60, isolation_level=None)
        try:
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS translations"
                " (key BLOB PRIMARY KEY, translation TEXT NOT NULL) WITHOUT ROWID"
            )
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise self._damaged(error) from None

    def find(self, texts: Sequence[str]) -> dict[str, str]:
        """Cached translations, by text."""
        by_key = {self._key(text): text for text in texts}
        found: dict[str, str] = {}
        keys = list(by_key)
        try:
            for start in range(0, len(keys), _CHUNK):
                part = keys[start : start + _CHUNK]
                marks = ",".join("?" * len(part))
                rows = self._connection.execute(
                    f"SELECT key, translation FROM translations WHERE key IN ({marks})", part
                )
                found.update((by_key[key], translation) for key, translation in rows)
        except sqlite3.DatabaseError as error:
            raise self._damaged(error) from None
        return found

    def keep(self, translations: Mapping[str, str]) -> None:
        """Keep translations by text, all or none; the first one of a text stays."""
        rows = [(self._key(text), translation) for text, translation in translations.items()]
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT OR IGNORE INTO translations VALUES (?, ?)", rows)
            self._connection.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            raise self._damaged(error) from None

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _key(self, text: str) -> bytes:
        parts = f"{len(self._maker)} {self._maker}{text}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(parts, digest_size=16).digest()

    def _damaged(self, error: sqlite3.DatabaseError) -> DataError:
        return DataError(
            f"cannot be used as the cache of translations: {error}",
            path=self._path,
            hint="free space on its disk, or remove it: translations are then made again",
        )
