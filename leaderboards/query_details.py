"""Details of single queries on a page: their words, and the top documents of every row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from clir_harness.harness.errors import UsageError
from clir_harness.harness.progress import Progress, no_progress
from clir_harness.harness.record import CellState
from clir_harness.harness.store import Store
from clir_harness.leaderboards.head_to_head import TOP
from clir_harness.leaderboards.leaderboard import Leaderboard
from clir_harness.leaderboards.schema import BoardDocument

WORDS = 300_000
"""UTF-8 bytes of ids and words of queries that a page holds at most."""
RANKINGS = 10_000
"""Rankings whose first documents a page holds at most."""
MOST_SCORES = 100_000
"""Scores of a measure up to which runs are read for their first documents; reading more takes minutes."""

Words = Mapping[int, str]
"""By place of the query in the document's list."""
Ranked = tuple[tuple[str, int | None], ...]
"""Document ids, the first retrieved first, with grades; None where nobody judged."""


@dataclass(frozen=True, slots=True)
class CollectionDetails:
    """Single queries of one collection. Queries are named by their place in the document's list, rows by theirs.

    Attributes:
        ids: of the queries with words.
        texts: words by digest of the queries that a cell had.
        tops: by row and query.
    """

    ids: Words = field(default_factory=dict)
    texts: Mapping[str, Words] = field(default_factory=dict)
    tops: Mapping[int, Mapping[int, Ranked]] = field(default_factory=dict)


def read_details(
    store: Store, board: Leaderboard, document: BoardDocument, progress: Progress = no_progress
) -> dict[str, CollectionDetails]:
    """Words and top documents of queries by collection, as many as a page has room for.

    If there are more, those of the queries on which the rows differ most in the first measure are included.

    Args:
        store: the store of the board.
        board: the board.
        document: the board as a document, with the score of every query.
        progress: called after each collection.

    Returns:
        Details by collection id.

    Raises:
        UsageError: the document lacks the scores of queries.
    """
    if document.queries is None:
        raise UsageError("details of queries need a document with the score of every query", hint="per_query=True")
    scores = len(document.rows) * sum(map(len, document.queries.values()))
    cells = sum(entry.record is not None for row in board.rows for entry in row.entries)
    tops = RANKINGS // max(cells, 1) if scores <= MOST_SCORES else 0
    found = {}
    for part, (collection, ids) in enumerate(document.queries.items(), start=1):
        order = _most_different(document, collection)
        words = WORDS // len(document.queries)
        found[collection] = _Reader(store, board, document, collection, ids).details(order, words, tops)
        progress(part, len(document.queries), "queries")
    return found


def _most_different(document: BoardDocument, collection: str) -> list[int]:
    """Places of a collection's queries, those with the largest range of scores over the rows first."""
    measure = document.measures[0]
    scores = [
        cell.scores[measure]
        for row in document.rows
        for cell in row.cells
        if cell.collection == collection and cell.scores is not None
    ]
    return np.argsort(-np.ptp(np.array(scores), axis=0), kind="stable").tolist() if scores else []


class _Reader:
    """Reads one collection's part of the store."""

    def __init__(
        self, store: Store, board: Leaderboard, document: BoardDocument, collection: str, ids: tuple[str, ...]
    ) -> None:
        self.store = store
        self.ids = ids
        entries = ((place, board.entry(row.label, collection)) for place, row in enumerate(document.rows))
        self.records = {
            place: entry.record for place, entry in entries if entry.record and entry.state is CellState.DONE
        }

    def details(self, order: list[int], words: int, tops: int) -> CollectionDetails:
        digests = dict.fromkeys(record.identity.queries.digest for record in self.records.values())
        notes = {digest: self.store.query_texts(digest) or {} for digest in digests}
        chosen = []
        for place in order:
            query = self.ids[place]
            words -= sum(len(text.encode()) for text in (query, *(note.get(query, "") for note in notes.values())))
            if words < 0:
                break
            chosen.append(place)
        return CollectionDetails(
            ids={place: self.ids[place] for place in chosen},
            texts={
                digest: {place: note[self.ids[place]] for place in chosen if self.ids[place] in note}
                for digest, note in notes.items()
            },
            tops=self.tops(chosen[:tops]),
        )

    def tops(self, chosen: list[int]) -> dict[int, dict[int, Ranked]]:
        found = {}
        for row, record in self.records.items() if chosen else ():
            if not self.store.has_run(record.key):
                continue
            run, qrels = self.store.run(record.key), self.store.qrels(record.collection.qrels_digest)
            found[row] = {
                place: tuple(
                    (document, qrels.get(self.ids[place], {}).get(document))
                    for document, _ in run.ranking(self.ids[place])[:TOP]
                )
                for place in chosen
            }
        return found
