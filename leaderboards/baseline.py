"""Baselines: a board with the scores of its queries in a file, for comparison with later boards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from clir_harness.harness.atomic_files import write_text
from clir_harness.harness.errors import UsageError
from clir_harness.harness.record import CellState
from clir_harness.harness.store import Store
from clir_harness.leaderboards.analysis import analyse
from clir_harness.leaderboards.leaderboard import Leaderboard
from clir_harness.leaderboards.reading import read_leaderboard, suites_of
from clir_harness.leaderboards.render.document import make_document

_SHOWN = 4


def freeze_baseline(path: Path, store: Store, suite: str | None = None, *, partial: bool = False) -> Leaderboard:
    """Write the board of a suite with the score of every query as a JSON document, atomically.

    Tests and intervals are left out: they concern that board alone.

    Args:
        path: the file; replaced if it exists.
        store: the store with the board.
        suite: name; may be None when the store has only one suite.
        partial: whether cells may lack a result.

    Returns:
        The board.

    Raises:
        StoreError: the store holds no results, or cannot be read.
        UsageError: the store has several suites and none is named, cells lack a result, or the name ends in `.gz`.
        DataError: the file cannot be written.
    """
    if path.suffix == ".gz":
        raise UsageError(f"{path} would be compressed", hint="name a file that ends in .json")
    board = read_leaderboard(store, _suite(store, suite))
    incomplete = list(_incomplete(board))
    if incomplete and not partial:
        more = f" and {len(incomplete) - _SHOWN} more" if len(incomplete) > _SHOWN else ""
        raise UsageError(
            f"the board has cells without a result: {'; '.join(incomplete[:_SHOWN])}{more}",
            hint="run the suite again, or freeze what there is with --partial",
        )
    write_text(path, make_document(analyse(board, resampling=False), per_query=True).to_json())
    return board


def _suite(store: Store, wanted: str | None) -> str:
    if wanted is not None:
        return wanted
    suites = suites_of(store)
    if len(suites) == 1:
        return suites[0]
    raise UsageError(f"the store has the suites {', '.join(suites)}", hint="say which with --suite NAME")


def _incomplete(board: Leaderboard) -> Iterator[str]:
    """Cells that could have a result and do not; a pair that a system refuses by design is none."""
    for column in board.absent:
        yield f"no data for {column.id}"
    for row in board.rows:
        for column, entry in zip(board.columns, row.entries, strict=True):
            if entry.state not in (CellState.DONE, CellState.NOT_APPLICABLE):
                yield f"'{row.label}' on {column.id}: {entry.state.value}"
    for track in board.tracks:
        if track.entry.state not in (CellState.DONE, CellState.NOT_APPLICABLE):
            yield f"'{track.row}' on {track.collection} with {track.label}: {track.entry.state.value}"
