"""The results store: one folder per cell and per artefact, addressed by content, published atomically.

Layout::

    STORE/store.json                   the store's format version
    STORE/cells/KEY/cell.json          what was run, how, on what, and what it cost; or why it failed
    STORE/cells/KEY/run.trec.gz        the run (absent when the cell failed)
    STORE/cells/KEY/scores.json        per-query scores of the suite's measures, with versions
    STORE/artefacts/KIND/KEY/          indexes, encodings, models: `artefact.json` and `content/`
    STORE/documents/KEY.json           counts and digest of documents seen before
    STORE/collections/KEY.json         what validation said of a collection
    STORE/qrels/DIGEST.trec            judgements that scores were computed with
    STORE/queries/DIGEST.json          texts of queries, by id
    STORE/experiments/SUITE.json       which cells make up a suite's board
    STORE/staging/                     work in progress; nothing in here counts

Everything is written in `staging` and renamed into its place, so a kill at any moment leaves nothing or the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from filelock import FileLock
from pydantic import ValidationError

from clir_harness.harness.atomic_files import atomic_path
from clir_harness.harness.collections.base import Qrels
from clir_harness.harness.collections.qrels import format_qrels, qrels_digest, read_qrels
from clir_harness.harness.content_store import ContentStore, explained, read_json, write_json
from clir_harness.harness.errors import StoreError
from clir_harness.harness.record import FORMAT, Board, CellRecord, KeptScores
from clir_harness.harness.record_identity import Record
from clir_harness.harness.settings import faults

if TYPE_CHECKING:  # loads numpy and more, which naming a system does not need
    from clir_harness.harness.runs.run import Run

_RUN = "run.trec.gz"
_SCORES = "scores.json"
_BOARDS = "experiments"
PLACE_OF_SCORES = f"cells/KEY/{_SCORES}"
"""Where in the store the scores of a cell are, for messages."""
_REMEMBERED = {"report": "collections", "summary": "documents"}
R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class CellFiles:
    """The files of a cell while it is being filled."""

    folder: Path

    def keep_run(self, run: Run, metadata: Mapping[str, Any], tag: str | None = None) -> None:
        """Write the run, with its provenance.

        Args:
            run: the run.
            metadata: its provenance.
            tag: replaces the run's tag, if given.

        Raises:
            DataError: the file cannot be written.
        """
        run.write(self.folder / _RUN, metadata=metadata, tag=tag)

    def keep_scores(self, scores: KeptScores) -> None:
        """Write the scores of the queries."""
        write_json(self.folder / _SCORES, scores.plain())


class Store(ContentStore):
    """A results store: the one place that knows its folders and files.

    Args:
        root: the folder.
        create: whether to make it when it does not exist.

    Raises:
        StoreError: when the folder cannot be used, is not a store, or is of a newer format.
    """

    def __init__(self, root: Path | str, *, create: bool = True) -> None:
        super().__init__(root, create=create)
        self._qrels: dict[str, Qrels] = {}

    # -- cells -----------------------------------------------------------------------------------------------

    def cell_folder(self, key: str) -> Path:
        """Where the cell of a key is, or would be."""
        return self.root / "cells" / key

    def cell(self, key: str) -> CellRecord | None:
        """The record of a cell, done or failed; None when it was never finished.

        Raises:
            StoreError: it is damaged, or of a newer format.
        """
        return _record(CellRecord, self.cell_folder(key) / "cell.json", "run the suite again")

    def publish_cell(self, key: str, fill: Callable[[CellFiles], CellRecord]) -> CellRecord:
        """Store a cell.

        A failed cell is replaced by a later result under the same key; a finished one never is.

        Args:
            key: identity of the cell.
            fill: writes the files of the cell and returns its record.

        Returns:
            The record.

        Raises:
            StoreError: the store cannot be written.
        """
        with self.staging() as folder:
            record = fill(CellFiles(folder))
            write_json(folder / "cell.json", record.plain())
            old = self.cell(key)
            self._publish(folder, self.cell_folder(key), replace=old is not None and not old.done)
        return record

    def has_run(self, key: str) -> bool:
        """Whether the run of a cell is there."""
        return (self.cell_folder(key) / _RUN).is_file()

    def run(self, key: str) -> Run:
        """The run of a cell that is done.

        Raises:
            StoreError: it is not there.
            DataError: it is damaged.
        """
        from clir_harness.harness.runs.run import Run

        path = self.cell_folder(key) / _RUN
        if not self.has_run(key):
            raise StoreError(f"the store has no {path}", hint=f"delete {path.parent} and run the suite again")
        return Run.read(path)

    def scores(self, key: str) -> KeptScores | None:
        """The scores of a cell's queries; None when they were not kept, and are to be computed from the run."""
        return _record(KeptScores, self.cell_folder(key) / _SCORES, "scores are then computed from the run")

    def work_folder(self, key: str) -> Path:
        """A folder where the training of a model keeps what it needs to resume; made when it is not there."""
        folder = self.root / "checkpoints" / key
        with explained(self.root):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    # -- boards ----------------------------------------------------------------------------------------------

    def boards(self) -> list[str]:
        """Names of the suites that have a board, sorted."""
        return sorted(path.stem for path in (self.root / _BOARDS).glob("*.json"))

    def board(self, suite: str) -> Board | None:
        """The board of a suite, None when there is none.

        Raises:
            StoreError: it is damaged, or of a newer format.
        """
        return _record(Board, self._note(_BOARDS, suite), "run the suite again")

    def change_board(self, suite: str, change: Callable[[Board | None], Board]) -> bool:
        """Change the board of a suite; one process changes it at a time.

        Args:
            suite: name of the suite.
            change: returns the new board for the old one, which may be None.

        Returns:
            Whether the board has changed.

        Raises:
            StoreError: the store cannot be read or written.
        """
        old = self.board(suite)
        if change(old) == old:
            return False
        with explained(self.root):
            locks = self.root / "staging"
            locks.mkdir(exist_ok=True)
            with FileLock(locks / f"{_BOARDS}-{suite}.note"):
                old = self.board(suite)
                new = change(old)
                if new != old:
                    write_json(self._note(_BOARDS, suite), new.plain())
        return new != old

    # -- collections -----------------------------------------------------------------------------------------

    def qrels(self, digest: str) -> Qrels:
        """The judgements of a digest.

        Raises:
            StoreError: they are not there, or not as they were written.
        """
        if digest not in self._qrels:
            path = self.root / "qrels" / f"{digest}.trec"
            found = read_qrels(path) if path.is_file() else None
            if found is None or qrels_digest(found) != digest:
                raise StoreError(
                    f"{path} is not there, or not as it was written", hint="delete it; running the suite again keeps it"
                )
            self._qrels[digest] = found
        return self._qrels[digest]

    def keep_qrels(self, qrels: Qrels) -> str:
        """Keep judgements; their digest."""
        digest = qrels_digest(qrels)
        path = self.root / "qrels" / f"{digest}.trec"
        if not path.exists():
            with explained(self.root):
                path.parent.mkdir(exist_ok=True)
                with atomic_path(path) as part:
                    part.write_text(format_qrels(qrels), encoding="utf-8")
        return digest

    def query_texts(self, digest: str) -> dict[str, str] | None:
        """Texts of queries by id, None when they were not kept."""
        found: dict[str, str] | None = read_json(self._note("queries", digest))
        return found

    def keep_query_texts(self, digest: str, texts: Mapping[str, str]) -> None:
        """Store the texts of queries.

        Args:
            digest: digest of the queries.
            texts: text by query id.

        Raises:
            StoreError: the store cannot be written.
        """
        self._keep("queries", digest, dict(texts))

    def remembered(self, what: Literal["report", "summary"], key: str) -> dict[str, Any] | None:
        """What was found out about a collection or its documents before.

        Args:
            what: the report of validation on a collection, or counts and digest of documents.
            key: digest of everything it depends on.

        Returns:
            Plain values, None when there are none.
        """
        found: dict[str, Any] | None = read_json(self._note(_REMEMBERED[what], key))
        return found

    def remember(self, what: Literal["report", "summary"], key: str, value: Mapping[str, Any]) -> None:
        """Keep what `remembered` gives back.

        Args:
            what, key: as there.
            value: of plain values.
        """
        self._keep(_REMEMBERED[what], key, dict(value))

    def _note(self, kind: str, name: str) -> Path:
        return self.root / kind / f"{name}.json"

    def _keep(self, kind: str, name: str, value: Any) -> None:
        """Store a JSON value, replacing the previous one; writes only changes."""
        path = self._note(kind, name)
        if read_json(path) != value:
            with explained(self.root):
                write_json(path, value)


def _record(kind: type[R], path: Path, remedy: str) -> R | None:
    """A record from its file, None when there is none.

    Raises:
        StoreError: it is damaged, or of a newer format.
    """
    value = read_json(path)
    if value is None:
        return None
    found = value.get("format") if isinstance(value, dict) else None
    if isinstance(found, int) and found > FORMAT:
        raise StoreError(f"{path} has format {found}, this version reads up to {FORMAT}", hint="upgrade clir-harness")
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise StoreError(f"{path} is damaged: {faults(error, kind)[0]}", hint=f"delete it; {remedy}") from None
