"""Measures over judged rankings in columns, after trec_eval's definitions; all queries at once.

A measure is an ir-measures object; `native` returns the function for those that are computed here. Formulas: trec_eval
9.0 (`m_map.c`, `m_ndcg_cut.c`, `m_recip_rank.c`, `m_recall.c`, `m_P.c`, `m_success.c`); Judged@k: ir-measures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clir_harness.harness.collections.base import Qrels
from clir_harness.harness.errors import DataError
from clir_harness.harness.runs.run import Run

Measure = Any
"""An `ir_measures.Measure`: `NAME`, `params`, and a text form such as `nDCG@20` or `AP(rel=2)`."""

VERSION = 1
"""Incremented when the definition of a measure computed here changes; stored with scores."""

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class JudgedRankings:
    """A run joined with judgements, for each judged query. Only judged documents are listed.

    Attributes:
        queries: number of judged queries; they are numbered from 0.
        retrieved: documents retrieved per query; shape (queries,).
        judged_query: query of each judgement; shape (judgements,).
        judged_grade: grade of each judgement.
        query: query of each judged document that was retrieved, ascending; shape (retrieved and judged,).
        rank: its rank from 1, ascending within a query.
        rank_among_judged: its rank after documents without a judgement are removed.
        grade: its grade.
    """

    queries: int
    retrieved: Integers
    judged_query: Integers
    judged_grade: Integers
    query: Integers
    rank: Integers
    rank_among_judged: Integers
    grade: Integers

    def ranks(self, measure: Measure) -> Integers:
        """Ranks that a measure uses."""
        return self.rank_among_judged if measure.params.get("judged_only") else self.rank

    def hits(self, measure: Measure) -> tuple[Integers, Integers]:
        """Query and rank of each relevant document retrieved within the measure's cutoff."""
        ranks = self.ranks(measure)
        relevant = (self.grade >= measure.params.get("rel", 1)) & _within(ranks, measure)
        return self.query[relevant], ranks[relevant]

    def hit_count(self, measure: Measure) -> Floats:
        """Number of relevant documents retrieved within the measure's cutoff, per query."""
        return np.bincount(self.hits(measure)[0], minlength=self.queries).astype(np.float64)

    def relevant_count(self, measure: Measure) -> Floats:
        """Number of relevant documents per query, retrieved or not."""
        relevant = self.judged_grade >= measure.params.get("rel", 1)
        return np.bincount(self.judged_query[relevant], minlength=self.queries).astype(np.float64)


def judged_rankings(run: Run, judged: Qrels, same_documents: bool) -> JudgedRankings:
    """Join a run with judgements.

    Args:
        run: the run.
        judged: judgements of queries with at least one.
        same_documents: whether both are known to be of the same documents.

    Returns:
        The judged documents of each judged query in the run.

    Raises:
        DataError: run and judgements have no query or, unless `same_documents`, no document in common.
    """
    import pyarrow as pa
    from pyarrow import compute

    row_of = {query: row for row, query in enumerate(judged)}
    rows = np.array([row_of.get(query, -1) for query in run.query_ids], np.int64)
    if len(run) and (rows < 0).all():
        raise _mismatch("query", run.query_ids, judged)
    sizes = np.diff(run.offsets)
    retrieved = np.zeros(len(judged), np.int64)
    retrieved[rows[rows >= 0]] = sizes[rows >= 0]

    judgements = np.array([len(documents) for documents in judged.values()])
    total = int(judgements.sum())
    judged_query = np.repeat(np.arange(len(judged)), judgements)
    judged_grade = np.fromiter(chain.from_iterable(docs.values() for docs in judged.values()), np.int64, total)
    encoded = pa.array(list(chain.from_iterable(judged.values())), pa.string()).dictionary_encode()
    pairs = judged_query * len(encoded.dictionary) + encoded.indices.to_numpy()
    by_pair = np.argsort(pairs)

    code_of = compute.index_in(run.documents, value_set=encoded.dictionary).fill_null(-1).to_numpy()
    if not same_documents and len(code_of) and (code_of < 0).all():
        raise _mismatch("document", run.documents.to_pylist(), encoded.dictionary.to_pylist())
    codes = code_of[run.codes]
    row = np.repeat(rows, sizes)
    lines = np.flatnonzero((codes >= 0) & (row >= 0))
    wanted = row[lines] * len(encoded.dictionary) + codes[lines]
    place = by_pair[np.minimum(np.searchsorted(pairs, wanted, sorter=by_pair), total - 1)]
    found = pairs[place] == wanted
    lines, place = lines[found], place[found]
    # The run may hold its queries in another order than the judgements do.
    order = np.argsort(row[lines], kind="stable")
    lines, place = lines[order], place[order]
    query = row[lines]
    ranks = np.arange(1, len(run.codes) + 1) - np.repeat(run.offsets[:-1], sizes)
    return JudgedRankings(
        queries=len(judged),
        retrieved=retrieved,
        judged_query=judged_query,
        judged_grade=judged_grade,
        query=query,
        rank=ranks[lines],
        rank_among_judged=ordinals(query),
        grade=judged_grade[place],
    )


def _mismatch(kind: str, in_run: Iterable[str], in_qrels: Iterable[str]) -> DataError:
    def sample(ids: Iterable[str]) -> str:
        return ", ".join(repr(one) for one in islice(ids, 3))

    return DataError(
        f"run and judgements have no {kind} in common: the run has {sample(in_run)} ..., "
        f"the judgements have {sample(in_qrels)} ...",
        hint="check that both are of the same collection and use the same ids",
    )


def native(measure: Measure) -> Callable[[JudgedRankings, Measure], Floats] | None:
    """The function that computes a measure here; None when ir-measures computes it."""
    params = measure.params
    plain = params.get("rel", 1) >= 1 and params.get("cutoff", 1) >= 1
    if measure.NAME == "nDCG":
        plain = plain and params.get("dcg", "log2") == "log2" and "gains" not in params
    return _NATIVE.get(measure.NAME) if plain else None


def ordinals(groups: Integers) -> Integers:
    """Position, from 1, of each element within its group; `groups` is ascending.

    >>> ordinals(np.array([0, 0, 2, 2, 2])).tolist()
    [1, 2, 1, 2, 3]
    """
    return np.arange(1, len(groups) + 1) - np.searchsorted(groups, groups)


def _average_precision(rankings: JudgedRankings, measure: Measure) -> Floats:
    """Sum of the precisions at the relevant documents retrieved, divided by the number of relevant documents."""
    query, rank = rankings.hits(measure)
    return _ratio(_sums(query, ordinals(query) / rank, rankings.queries), rankings.relevant_count(measure))


def _ndcg(rankings: JudgedRankings, measure: Measure) -> Floats:
    """Sum of gains (grades above 0) over log2(rank + 1), divided by that of the ideal ranking."""
    ranks = rankings.ranks(measure)
    retrieved = _discounted(rankings.query, ranks, rankings.grade, rankings, measure)
    ideal = np.lexsort((-rankings.judged_grade, rankings.judged_query))
    query, grade = rankings.judged_query[ideal], rankings.judged_grade[ideal]
    return _ratio(retrieved, _discounted(query, ordinals(query), grade, rankings, measure))


def _discounted(query: Integers, rank: Integers, grade: Integers, rankings: JudgedRankings, measure: Measure) -> Floats:
    counts = (grade > 0) & _within(rank, measure)
    gains = grade[counts] / np.log2(rank[counts] + 1)
    return _sums(query[counts], gains, rankings.queries)


def _reciprocal_rank(rankings: JudgedRankings, measure: Measure) -> Floats:
    """One over the rank of the first relevant document."""
    query, rank = rankings.hits(measure)
    answered, first = np.unique(query, return_index=True)
    values = np.zeros(rankings.queries)
    values[answered] = 1.0 / rank[first]
    return values


def _recall(rankings: JudgedRankings, measure: Measure) -> Floats:
    """Share of the relevant documents that were retrieved within the cutoff."""
    return _ratio(rankings.hit_count(measure), rankings.relevant_count(measure))


def _precision(rankings: JudgedRankings, measure: Measure) -> Floats:
    """Relevant documents within the cutoff, divided by the cutoff."""
    return rankings.hit_count(measure) / float(measure.params["cutoff"])


def _success(rankings: JudgedRankings, measure: Measure) -> Floats:
    """1 when a relevant document was retrieved within the cutoff, else 0."""
    return (rankings.hit_count(measure) > 0).astype(np.float64)


def _judged(rankings: JudgedRankings, measure: Measure) -> Floats:
    """Share of the documents retrieved within the cutoff that have a judgement; 0 when nothing was retrieved."""
    count = np.bincount(rankings.query[_within(rankings.rank, measure)], minlength=rankings.queries)
    return _ratio(
        count.astype(np.float64), np.minimum(rankings.retrieved, measure.params.get("cutoff", rankings.retrieved))
    )


def _within(ranks: Integers, measure: Measure) -> NDArray[np.bool_]:
    return np.asarray(ranks <= measure.params.get("cutoff", np.inf))


def _sums(groups: Integers, values: Floats, count: int) -> Floats:
    return np.bincount(groups, weights=values, minlength=count).astype(np.float64)


def _ratio(part: Floats, whole: NDArray[Any]) -> Floats:
    values: Floats = np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
    return values


_NATIVE: dict[str, Callable[[JudgedRankings, Measure], Floats]] = {
    "AP": _average_precision,
    "nDCG": _ndcg,
    "RR": _reciprocal_rank,
    "R": _recall,
    "P": _precision,
    "Success": _success,
    "Judged": _judged,
}
