"""Reliability of probabilities of relevance: Brier score, reliability diagram, expected calibration error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from clir_harness.harness.errors import DataError, UsageError
from clir_harness.harness.measures import Floats


@dataclass(frozen=True, slots=True)
class Bin:
    """One point of a reliability diagram.

    Attributes:
        documents: how many have a probability in this bin; 1 or more.
        probability: their mean probability of relevance, 0 to 1.
        relevant: share of them that is relevant, 0 to 1.
    """

    documents: int
    probability: float
    relevant: float


def brier_score(probabilities: ArrayLike, relevant: ArrayLike) -> float:
    """Mean squared difference of probability and relevance (Brier 1950); lower is better.

    Args:
        probabilities: 0 to 1; shape (documents,).
        relevant: whether each document is relevant; shape (documents,).

    Returns:
        The score, 0 to 1.

    Raises:
        DataError: there are no probabilities, one of them is outside 0 to 1, or the lengths differ.

    >>> round(brier_score([0.9, 0.2, 0.4], [True, False, True]), 4)
    0.1367
    """
    predicted, truth = _checked(probabilities, relevant)
    return float(np.mean((predicted - truth) ** 2))


def reliability_diagram(
    probabilities: ArrayLike, relevant: ArrayLike, bins: int = 10, *, equal_mass: bool = False
) -> tuple[Bin, ...]:
    """Mean probability and share of relevant documents, bin by bin; empty bins are left out.

    A bin holds the probabilities above its lower edge up to its upper one, the first also its lower edge, as in
    scikit-learn's `calibration_curve`.

    Args:
        probabilities: 0 to 1; shape (documents,).
        relevant: whether each document is relevant; shape (documents,).
        bins: number of bins; 1 or more.
        equal_mass: whether edges are quantiles of the probabilities, instead of equally wide. Equal probabilities are
            in one bin, so bins may differ in size and be fewer.

    Returns:
        The bins that hold documents, by increasing probability.

    Raises:
        DataError: as for `brier_score`.
        UsageError: fewer than one bin.

    >>> reliability_diagram([0.1, 0.3, 0.8, 0.9], [False, True, True, True], bins=2)
    (Bin(documents=2, probability=0.2, relevant=0.5), Bin(documents=2, probability=0.8500000000000001, relevant=1.0))
    """
    predicted, truth = _checked(probabilities, relevant)
    if bins < 1:
        raise UsageError(f"a reliability diagram cannot have {bins} bins", hint="give 1 or more")
    edges = np.linspace(0.0, 1.0, bins + 1)
    if equal_mass:
        edges = np.percentile(predicted, edges * 100)
    place = np.searchsorted(edges[1:-1], predicted)
    sizes, sums, hits = (np.bincount(place, weights, minlength=bins) for weights in (None, predicted, truth))
    there = np.flatnonzero(sizes)
    return tuple(Bin(int(sizes[i]), float(sums[i] / sizes[i]), float(hits[i] / sizes[i])) for i in there)


def expected_calibration_error(
    probabilities: ArrayLike, relevant: ArrayLike, bins: int = 10, *, equal_mass: bool = False
) -> float:
    """Mean distance of a reliability diagram's points from the diagonal, weighted by their documents.

    Naeini, Cooper and Hauskrecht (2015), with bins of equal width or, as Nixon et al. (2019) propose, of equal mass.

    Args:
        probabilities: 0 to 1; shape (documents,).
        relevant: whether each document is relevant; shape (documents,).
        bins: number of bins; 1 or more.
        equal_mass: whether edges are quantiles of the probabilities, instead of equally wide.

    Returns:
        The error, 0 (best) to 1.

    Raises:
        DataError: as for `brier_score`.
        UsageError: fewer than one bin.

    >>> round(expected_calibration_error([0.1, 0.3, 0.8, 0.9], [False, True, True, True], bins=2), 3)
    0.225
    """
    return distance_from_diagonal(reliability_diagram(probabilities, relevant, bins, equal_mass=equal_mass))


def distance_from_diagonal(diagram: tuple[Bin, ...]) -> float:
    """The expected calibration error that a reliability diagram shows, 0 to 1."""
    total = sum(one.documents for one in diagram)
    return sum(one.documents * abs(one.relevant - one.probability) for one in diagram) / total


def _checked(probabilities: ArrayLike, relevant: ArrayLike) -> tuple[Floats, Floats]:
    predicted, truth = np.asarray(probabilities, np.float64), np.asarray(relevant, np.bool_).astype(np.float64)
    if predicted.ndim != 1 or predicted.shape != truth.shape or not len(predicted):
        raise DataError(
            f"expected a probability for each of one or more documents, found shapes {predicted.shape}, {truth.shape}"
        )
    if not ((predicted >= 0) & (predicted <= 1)).all():
        fault = int(np.flatnonzero(~((predicted >= 0) & (predicted <= 1)))[0])
        raise DataError(f"expected probabilities from 0 to 1, found {predicted[fault]} at index {fault}")
    return predicted, truth
