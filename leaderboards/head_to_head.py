"""One system against another, query by query: scores, the query's words, and the top documents of both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from clir_harness.harness.errors import UnknownNameError, UsageError
from clir_harness.harness.record import CellState
from clir_harness.harness.store import Store
from clir_harness.leaderboards.entries import Column, Entry
from clir_harness.leaderboards.leaderboard import Leaderboard
from clir_harness.leaderboards.reading import open_store
from clir_harness.leaderboards.statistics.results import Comparison
from clir_harness.leaderboards.statistics.significance import compare_systems

TOP = 10
"""Documents shown of a ranking."""


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A document at the top of a ranking; its grade is None when nobody judged it."""

    document: str
    score: float
    grade: int | None


@dataclass(frozen=True, slots=True)
class QueryOutcome:
    """One query under two systems. Pairs are (first system, second system).

    Attributes:
        query: its id.
        texts: what each system was given; None when the store does not have the words.
        scores: by the measure.
        tops: the first documents of each ranking, at most `TOP`; () when it was not answered.
    """

    query: str
    texts: tuple[str | None, str | None]
    scores: tuple[float, float]
    tops: tuple[tuple[Retrieved, ...], tuple[Retrieved, ...]]

    @property
    def difference(self) -> float:
        """Score of the first minus score of the second, rounded to 12 decimals so that equal scores tie."""
        return round(self.scores[0] - self.scores[1], 12)


@dataclass(frozen=True, slots=True)
class HeadToHead:
    """Two systems on one collection.

    Attributes:
        systems: labels of the two rows.
        column: the collection.
        measure: that the scores are of.
        comparison: of the first with the second: difference, tests (a family of one), wins, ties, losses.
        outcomes: all judged queries; largest differences first, those won by the first before those it lost by as
            much, ties last.
    """

    systems: tuple[str, str]
    column: Column
    measure: str
    comparison: Comparison
    outcomes: tuple[QueryOutcome, ...]


def compare_two(
    store: Store | Path | str, board: Leaderboard, systems: tuple[str, str], pair: str, measure: str | None = None
) -> HeadToHead:
    """Compare two rows of a board query by query.

    Args:
        store: the store of the board.
        board: the board with both rows.
        systems: labels of the two rows.
        pair: language pair, or id of a collection.
        measure: one of the board's; the first when None.

    Returns:
        The comparison, with all judged queries.

    Raises:
        UnknownNameError: no such row, pair or measure on the board.
        UsageError: the same row twice, or a row without a result on the collection; says why.
    """
    opened = open_store(store)
    measure = measure or board.measures[0]
    if measure not in board.measures:
        raise UnknownNameError("measure of this board", measure, board.measures)
    first, second = systems
    if first == second:
        raise UsageError(f"'{first}' cannot be compared with itself", hint="name two rows of the board")
    column = board.column(pair)
    sides = [_Side(opened, _finished(board, label, column), measure) for label in systems]
    scores = {label: {column.id: dict(side.scores)} for label, side in zip(systems, sides, strict=True)}
    compared = compare_systems(scores, second).systems[first].against_baseline
    assert compared is not None
    outcomes = [
        QueryOutcome(
            query,
            (sides[0].text(query), sides[1].text(query)),
            (sides[0].scores[query], sides[1].scores[query]),
            (sides[0].top(query), sides[1].top(query)),
        )
        for query in sides[0].scores
    ]
    outcomes.sort(key=lambda outcome: (-abs(outcome.difference), -outcome.difference, outcome.query))
    return HeadToHead(systems, column, measure, compared.pairs[column.id], tuple(outcomes))


def _finished(board: Leaderboard, label: str, column: Column) -> Entry:
    entry = board.entry(label, column.id)
    if entry.state is not CellState.DONE:
        reason = f": {entry.reason}" if entry.reason else ""
        raise UsageError(f"'{label}' has no result on {column.id} ({entry.state.value}{reason})")
    return entry


class _Side:
    """What one system did."""

    def __init__(self, store: Store, entry: Entry, measure: str) -> None:
        assert entry.record is not None
        record = entry.record
        self.scores = dict(zip(entry.query_ids, entry.scores[measure].tolist(), strict=True))
        self.run = store.run(record.key)
        self.qrels = store.qrels(record.collection.qrels_digest)
        self.texts = store.query_texts(record.identity.queries.digest) or {}

    def text(self, query: str) -> str | None:
        return self.texts.get(query)

    def top(self, query: str) -> tuple[Retrieved, ...]:
        judged = self.qrels.get(query, {})
        ranking = self.run.ranking(query)[:TOP]
        return tuple(Retrieved(document, score, judged.get(document)) for document, score in ranking)
