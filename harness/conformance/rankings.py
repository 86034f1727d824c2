"""Requirements on rankings: well-formed each, equal when compared."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from difflib import get_close_matches
from itertools import pairwise
from numbers import Real

from clir_harness.harness.collections.base import Query
from clir_harness.harness.conformance.check import ConformanceError
from clir_harness.harness.conformance.subject import DEPTH
from clir_harness.harness.system import Ranking

TOLERANCE = 1e-4
"""Tolerated difference of scores, relative to the largest of a ranking: rounding of sums in single precision."""


def require_known_ids(queries: Sequence[Query], rankings: Sequence[Ranking], indexed: Collection[str]) -> None:
    """Require that every document is one of those indexed, byte for byte.

    Args:
        queries: the queries.
        rankings: one per query.
        indexed: ids of the indexed documents.

    Raises:
        ConformanceError: another id was returned; names query and id.
    """
    for query, ranking in zip(queries, rankings, strict=True):
        for document, _ in ranking:
            if not isinstance(document, str) or document not in indexed:
                folded = {known.casefold(): known for known in indexed}
                close = get_close_matches(str(document).casefold(), folded, n=1)
                meant = f"; the closest that was is {folded[close[0]]!a}" if close else ""
                raise ConformanceError(
                    f"{_name(query)}: expected ids of indexed documents, found {document!a}, "
                    f"which was not indexed{meant}"
                )


def require_depth(queries: Sequence[Query], rankings: Sequence[Ranking], depth: int) -> None:
    """Require that no ranking is longer than asked for.

    Args:
        queries: the queries.
        rankings: one per query.
        depth: the maximum length.

    Raises:
        ConformanceError: a ranking is longer; names the query.
    """
    for query, ranking in zip(queries, rankings, strict=True):
        if len(ranking) > depth:
            raise ConformanceError(f"{_name(query)}: expected at most {depth} documents, found {len(ranking)}")


def require_no_duplicates(queries: Sequence[Query], rankings: Sequence[Ranking]) -> None:
    """Require that each document is ranked at most once.

    Args:
        queries: the queries.
        rankings: one per query.

    Raises:
        ConformanceError: a document is ranked twice; names query and document.
    """
    for query, ranking in zip(queries, rankings, strict=True):
        ids = [document for document, _ in ranking]
        twice = next((document for document in ids if ids.count(document) > 1), None)
        if twice is not None:
            raise ConformanceError(
                f"{_name(query)}: expected each document once, found {twice!a} {ids.count(twice)} times"
            )


def require_finite_sorted_scores(queries: Sequence[Query], rankings: Sequence[Ranking]) -> None:
    """Require finite scores, highest first.

    Args:
        queries: the queries.
        rankings: one per query.

    Raises:
        ConformanceError: a score is not finite or out of order; names query and document.
    """
    for query, ranking in zip(queries, rankings, strict=True):
        for document, score in ranking:
            if not isinstance(score, Real) or not math.isfinite(score):
                raise ConformanceError(
                    f"{_name(query)}: expected finite numbers as scores, found {score!r} for {document!a}"
                )
        for (first, higher), (second, lower) in pairwise(ranking):
            if lower > higher:
                raise ConformanceError(
                    f"{_name(query)}: expected the best first, found {first!a} ({higher}) before {second!a} ({lower})"
                )


def require_well_formed(
    queries: Sequence[Query], rankings: Sequence[Ranking], indexed: Collection[str], depth: int = DEPTH
) -> None:
    """Require everything above.

    Args:
        queries: the queries.
        rankings: one per query.
        indexed: ids of the indexed documents.
        depth: maximum length of a ranking.

    Raises:
        ConformanceError: a ranking is malformed.
    """
    require_known_ids(queries, rankings, indexed)
    require_depth(queries, rankings, depth)
    require_no_duplicates(queries, rankings)
    require_finite_sorted_scores(queries, rankings)


def require_identical(queries: Sequence[Query], expected: Sequence[Ranking], found: Sequence[Ranking]) -> None:
    """Require the same rankings, tied documents in the same order included: they decide what a shallow ranking holds.

    Args:
        queries: the queries.
        expected: one ranking per query.
        found: one ranking per query.

    Raises:
        ConformanceError: two rankings differ; names query and document.
    """
    require_same(queries, expected, found)
    for query, before, after in zip(queries, expected, found, strict=True):
        scores, places = dict(after), {document: place for place, (document, _) in enumerate(after)}
        for (first, higher), (second, lower) in pairwise(before):
            if higher == lower and scores[first] == scores[second] and places[first] > places[second]:
                raise ConformanceError(
                    f"{_name(query)}: expected {first!a} before {second!a}, as they were the first time, "
                    f"found them the other way round (both have {lower:.6g})"
                )


def require_same(
    queries: Sequence[Query], expected: Sequence[Ranking], found: Sequence[Ranking], depth: int = DEPTH
) -> None:
    """Require the same documents with the same scores, up to rounding and to the order of ties.

    Args:
        queries: the queries.
        expected: one ranking per query.
        found: one ranking per query.
        depth: depth of both; of documents tied there, any may be missing.

    Raises:
        ConformanceError: two rankings differ; names query and document.
    """
    for query, before, after in zip(queries, expected, found, strict=True):
        if difference := _difference(before, after, depth):
            raise ConformanceError(f"{_name(query)}: expected {_shown(before)}, found {_shown(after)}; {difference}")


def _difference(before: Ranking, after: Ranking, depth: int) -> str | None:
    """The first difference between two rankings."""
    if len(before) != len(after):
        return "their lengths differ"
    slack = TOLERANCE * max((abs(score) for _, score in (*before, *after)), default=0.0)
    for one, other in ((before, dict(after)), (after, dict(before))):
        # Of documents tied at the depth asked for, any may be cut off.
        absent = one[-1][1] if one and len(one) == depth else math.nan
        for document, score in one:
            if not abs(other.get(document, absent) - score) <= slack:
                return f"{document!a} has {score:.6g} in one and {other.get(document, 'no score')} in the other"
    return None


def _name(query: Query) -> str:
    text = query.text if len(query.text) <= 40 else query.text[:40] + "…"
    return f"query {text!r}"


def _shown(ranking: Ranking) -> str:
    first = ", ".join(f"{document[:20]} {score:.6g}" for document, score in ranking[:4])
    return f"[{first}{', …' if len(ranking) > 4 else ''}] ({len(ranking)} documents)"
