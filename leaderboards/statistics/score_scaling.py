"""Scaling of retrieval scores to probabilities of relevance, fitted on other queries than they are applied to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from clir_harness.harness.collections.base import Qrels
from clir_harness.harness.errors import DataError, UnknownNameError, UsageError
from clir_harness.harness.measures import Floats
from clir_harness.harness.runs.run import Run

Method = Literal["isotonic", "platt"]
METHODS: tuple[Method, ...] = get_args(Method)

Booleans = NDArray[np.bool_]
Scaling = Callable[[Floats], Floats]
"""From scores to probabilities, element by element."""


@dataclass(frozen=True)
class ScoredDocuments:
    """Retrieved documents of judged queries, one after another.

    Attributes:
        query_ids: judged queries with a retrieved document, sorted.
        queries: per document, index into `query_ids`; shape (documents,).
        scores: per document, as the system gave it.
        relevant: per document, whether its grade is above 0; unjudged documents are not relevant.
    """

    query_ids: tuple[str, ...]
    queries: NDArray[np.int64]
    scores: Floats
    relevant: Booleans


def scored_documents(run: Run, qrels: Qrels, depth: int = 100) -> ScoredDocuments:
    """The top documents of every judged query of a run, with their relevance.

    Args:
        run: the run.
        qrels: the judgements; queries of the run without any are left out.
        depth: maximum number of documents per query; 1 or more.

    Returns:
        Documents, query by query.

    Raises:
        UsageError: the depth is below 1.

    >>> run = Run.from_rankings([("q1", [("d1", 3.0), ("d2", 2.0), ("d3", 1.0)]), ("q2", [("d1", 1.0)])])
    >>> found = scored_documents(run, {"q1": {"d2": 1, "d3": 0}}, depth=2)
    >>> found.query_ids, found.scores.tolist(), found.relevant.tolist()
    (('q1',), [3.0, 2.0], [False, True])
    """
    if depth < 1:
        raise UsageError(f"calibration at depth {depth} uses no documents", hint="the depth is 1 or more")
    run = run.at_depth(depth)
    query_ids = tuple(sorted(query for query in run.query_ids if qrels.get(query)))
    rankings = [run.ranking(query) for query in query_ids]
    return ScoredDocuments(
        query_ids,
        np.repeat(np.arange(len(query_ids)), [len(ranking) for ranking in rankings]),
        np.array([score for ranking in rankings for _, score in ranking], np.float64),
        np.array(
            [qrels[q].get(doc, 0) > 0 for q, ranking in zip(query_ids, rankings, strict=True) for doc, _ in ranking],
            np.bool_,
        ),
    )


def cross_fitted(documents: ScoredDocuments, method: Method = "isotonic", *, folds: int = 5, seed: int = 0) -> Floats:
    """Probability of relevance of every document, by a scaling fitted on the queries of the other folds.

    Queries are assigned to folds at random; all documents of a query are in the same fold. The result does not depend
    on the order of queries in the run.

    Args:
        documents: of one system in one language pair.
        method: see `fit_isotonic` and `fit_platt`.
        folds: 2 or more; as many as there are queries when there are fewer.
        seed: of the folds; 0 or more.

    Returns:
        Probabilities, 0 to 1; shape (documents,).

    Raises:
        UnknownNameError: no such method.
        UsageError: fewer than two folds, or a negative seed.
        DataError: fewer than two queries.
    """
    if method not in METHODS:
        raise UnknownNameError("calibration method", method, METHODS)
    if folds < 2 or seed < 0:
        raise UsageError(
            f"cannot cross-fit with {folds} folds and seed {seed}", hint="give 2 folds or more, and a seed of 0 or more"
        )
    count = len(documents.query_ids)
    if count < 2:
        raise DataError("calibration needs two judged queries with retrieved documents")
    fit = fit_isotonic if method == "isotonic" else fit_platt
    folds = min(folds, count)
    fold_of_query = np.random.default_rng(seed).permutation(count) % folds
    fold = fold_of_query[documents.queries]
    probabilities = np.empty(len(fold))
    for held_out in range(folds):
        rest = fold != held_out
        scaling = fit(documents.scores[rest], documents.relevant[rest])
        probabilities[~rest] = scaling(documents.scores[~rest])
    return probabilities


def fit_isotonic(scores: Floats, relevant: Booleans | Sequence[bool]) -> Scaling:
    """Fit isotonic regression: the non-decreasing function closest to relevance (Zadrozny, Elkan 2002).

    It is linear between fitted scores and constant beyond them: scikit-learn's `IsotonicRegression`, clipped.

    Args:
        scores: shape (documents,).
        relevant: whether each document is relevant; shape (documents,).

    Returns:
        The function from scores to probabilities.
    """
    from sklearn.isotonic import IsotonicRegression

    model = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(scores, np.asarray(relevant, np.float64))

    def scaling(values: Floats) -> Floats:
        return np.asarray(model.predict(values), np.float64)

    return scaling


def fit_platt(scores: Floats, relevant: Booleans | Sequence[bool]) -> Scaling:
    """Fit Platt scaling: the logistic function of the score with the highest likelihood (Platt 1999).

    Targets are Platt's, (N+ + 1) / (N+ + 2) for relevant documents and 1 / (N- + 2) for others, so that the slope stays
    finite for scores that separate the two perfectly. The slope may be negative.

    Args:
        scores: shape (documents,).
        relevant: whether each document is relevant; shape (documents,).

    Returns:
        The function from scores to probabilities.
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    truth = np.asarray(relevant, np.bool_)
    positive, negative = truth.sum(), (~truth).sum()
    targets = np.where(truth, (positive + 1) / (positive + 2), 1 / (negative + 2))
    centre, spread = scores.mean(), scores.std() or 1.0

    def design(values: Floats) -> Floats:
        return np.stack([(values - centre) / spread, np.ones(len(values))], axis=1)

    rows = design(scores)

    def loss(weights: Floats) -> float:
        logits = rows @ weights
        return float(np.mean(np.logaddexp(0.0, logits) - targets * logits))

    def gradient(weights: Floats) -> Any:
        return rows.T @ (expit(rows @ weights) - targets) / len(rows)

    def hessian(weights: Floats) -> Any:
        share = expit(rows @ weights)
        return (rows.T * (share * (1 - share))) @ rows / len(rows)

    best = minimize(loss, np.zeros(2), jac=gradient, hess=hessian, method="trust-exact", options={"gtol": 1e-10})
    return lambda values: np.asarray(expit(design(values) @ best.x), np.float64)
