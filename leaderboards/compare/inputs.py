"""Reading of the two sides of a comparison from files and stores."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from clir_harness.harness.errors import MissingDataError, StoreError, UnknownNameError, UsageError
from clir_harness.harness.evaluation import parse_measures
from clir_harness.harness.store import Store
from clir_harness.harness.suite import load_suite
from clir_harness.leaderboards.compare.board_sides import side_of_document, side_of_store
from clir_harness.leaderboards.compare.run_sides import RunReader
from clir_harness.leaderboards.compare.sides import Kind, Side
from clir_harness.leaderboards.schema import BoardDocument, read_board


@dataclass(frozen=True)
class Selection:
    """What of the two sides is compared; empty or None for all of it.

    Attributes:
        measures: in ir-measures' language; the first one of the base when empty.
        suite: name of a suite, for run files also its file.
        collection: id; the one that run files are of.
        row: label; the one that a run file is compared with.
        data: folder of the data, for the judgements of run files.
        cells: only these, by row and collection; all when None.
    """

    measures: Sequence[str] = ()
    suite: str | None = None
    collection: str | None = None
    row: str | None = None
    data: Path | None = None
    cells: Collection[tuple[str, str]] | None = None


def read_sides(base: Path | str, current: Path | str, selection: Selection) -> tuple[Side, Side]:
    """Read the two sides of a comparison: stores, JSON documents of boards, or run files, in any combination.

    Args:
        base: path of the earlier side.
        current: path of the side that is judged.
        selection: which suite, measures, rows and collections to read.

    Returns:
        Both sides, read for the same measures.

    Raises:
        MissingDataError: there is no such file or folder, or the data of a run's collection are missing.
        UnknownNameError: no such suite, row, collection or measure.
        UsageError: what to compare is ambiguous; says which option decides.
        DataError: a file is malformed, or of another version of the schema.
        StoreError: a store cannot be read, or its cells cannot be on one board.
    """
    opened = [_Opened.at(Path(path)) for path in (base, current)]
    suite = _suite(opened, selection.suite)
    runs = [one for one in opened if one.kind == "run"]
    if runs and selection.collection is None:
        raise UsageError(
            f"{runs[0].path} is a run: its collection has to be known", hint="add --collection, e.g. embedded/sw-en"
        )
    if len(runs) == 1 and selection.row is None:
        raise UsageError(f"which row is {runs[0].path} compared with?", hint="add --row LABEL")
    of_runs = load_suite(_named(selection.suite or suite)) if runs else None
    known = (found for one in opened if suite and (found := one.measures(suite)))
    first = next(known, of_runs.measures if of_runs else ())[:1]
    measures = tuple(map(str, parse_measures(selection.measures or first)))
    boards = {one.path: one.side(suite, measures) for one in opened if suite and one.kind != "run"}
    _check_names(list(boards.values()), selection)
    if of_runs:
        assert selection.collection is not None
        reader = RunReader(of_runs, selection.collection, selection.data and selection.data.resolve())
        row = selection.row or opened[1].path.name
        boards |= {one.path: reader.read(one.path, row, measures) for one in runs}
    before, after = (_selected(boards[one.path], selection) for one in opened)
    return before, after


def check_base(path: Path, suite: str) -> None:
    """Refuse a base that a suite's board cannot be compared with, before the board is computed.

    Args:
        path: a results store or a board as JSON.
        suite: name of the suite.

    Raises:
        MissingDataError: there is no such file or folder.
        UsageError: it is a run, not a board.
        UnknownNameError: it has no board of the suite.
        DataError: the file is malformed, or of another version of the schema.
        StoreError: the store cannot be read.
    """
    opened = _Opened.at(path)
    if opened.kind == "run":
        raise UsageError(
            f"{path} is not a board", hint="name a results store or a board as JSON (`clir baseline freeze`)"
        )
    _suite([opened], suite)


def _named(suite: str | None) -> str:
    if suite is None:
        raise UsageError("the suite of two runs has to be known", hint="add --suite NAME, or its file")
    return suite


@dataclass(frozen=True)
class _Opened:
    """What a path leads to."""

    path: Path
    kind: Kind
    store: Store | None = None
    document: BoardDocument | None = None

    @classmethod
    def at(cls, path: Path) -> _Opened:
        if path.is_dir():
            return cls(path, "store", store=Store(path, create=False))
        if not path.is_file():
            raise MissingDataError(
                f"there is no {path}", hint="name a results store, a board as JSON (`clir baseline freeze`), or a run"
            )
        with path.open("rb") as handle:
            head = handle.read(512).lstrip(b"\xef\xbb\xbf \t\r\n")
        if head[:1] in (b"{", b"[") or path.suffix == ".json":
            return cls(path, "board", document=read_board(path))
        return cls(path, "run")

    @property
    def suites(self) -> list[str]:
        """Names of the suites it has boards of."""
        if self.document:
            return [self.document.suite.name]
        return self.store.boards() if self.store else []

    def measures(self, suite: str) -> Sequence[str]:
        """Names of the measures of its board; none when it is a run."""
        if self.document:
            return self.document.measures
        board = self.store.board(suite) if self.store else None
        return board.suite.measures if board else ()

    def side(self, suite: str, measures: Sequence[str]) -> Side:
        """Its cells; it is not a run."""
        if self.document:
            return side_of_document(self.document, measures, self.path)
        assert self.store is not None
        return side_of_store(self.store, suite, measures, str(self.path))


def _suite(opened: Sequence[_Opened], wanted: str | None) -> str | None:
    """Name of the requested suite, otherwise of the only one that all boards have; None without boards."""
    boards = [one for one in opened if one.kind != "run"]
    for one in boards:
        if not one.suites:
            raise StoreError(f"the store {one.path} holds no results", hint="`clir run` makes some")
    if wanted is not None:
        name = load_suite(wanted).name if Path(wanted).suffix in (".yaml", ".yml") else wanted
        for one in boards:
            if name not in one.suites:
                raise UnknownNameError(f"suite in {one.path}", name, one.suites)
        return name
    if not boards:
        return None
    common = set.intersection(*(set(one.suites) for one in boards))
    if len(common) == 1:
        return common.pop()
    has = "; ".join(f"{one.path} has {', '.join(one.suites)}" for one in boards)
    if not common:
        raise UsageError(f"no suite is on both sides ({has})", hint="compare boards of the same suite")
    raise UsageError(f"several suites could be compared ({has})", hint="say which with --suite NAME")


def _check_names(sides: Sequence[Side], selection: Selection) -> None:
    """Refuse a row or collection that no board has."""
    if not sides:
        return
    places = [place for side in sides for place in side.cells]
    for kind, name, known in (
        ("row of these boards", selection.row, [row for row, _, _ in places]),
        ("collection of these boards", selection.collection, [collection for _, collection, _ in places]),
    ):
        if name is not None and name not in known:
            raise UnknownNameError(kind, name, known)


def _selected(side: Side, selection: Selection) -> Side:
    """The side with only the row and the collection asked for."""
    cells = {
        place: cell
        for place, cell in side.cells.items()
        if selection.row in (None, place[0])
        and selection.collection in (None, place[1])
        and (selection.cells is None or place[:2] in selection.cells)
    }
    return dataclasses.replace(side, cells=cells)
