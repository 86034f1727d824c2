"""Statistics of paired differences that need no resampling: t-test, effect size, correction for many tests."""

from __future__ import annotations

from collections.abc import Sequence
from math import copysign, inf, sqrt
from statistics import fmean

import numpy as np
from numpy.typing import ArrayLike

from clir_harness.harness.measures import Floats


def paired_t_test(differences: Floats) -> float:
    """Two-sided p-value of the paired t-test (Student, The Probable Error of a Mean, 1908).

    Args:
        differences: per query, shape (queries,).

    Returns:
        p in [0, 1]: 1 when all differences are 0, 0 when they are one other constant, NaN below two queries.

    >>> round(paired_t_test(np.array([0.1, 0.2, 0.3])), 4)
    0.0742
    """
    from scipy.special import stdtr

    queries = len(differences)
    if queries < 2:
        return float("nan")
    mean, variance = _mean_and_variance(differences)
    if variance == 0:
        return 1.0 if mean == 0 else 0.0
    return float(2 * stdtr(queries - 1, -abs(mean) / sqrt(variance / queries)))


def cohens_d(strata: Sequence[Floats]) -> float:
    """Effect size of paired samples: mean difference over the standard deviation of the differences.

    Cohen's d_z (Cohen, Statistical Power Analysis for the Behavioral Sciences, 1988, section 2.3.5). Over several
    strata, mean and variance are unweighted means of those of the strata; the variance is the one within strata.

    Args:
        strata: differences of each language pair, each of shape (queries,); one array for one pair.

    Returns:
        0 when all differences are 0; plus or minus infinity when they do not vary within any stratum but their mean
        is not 0; NaN when a stratum has fewer than two queries or there is none.

    >>> round(cohens_d([np.array([0.1, 0.2, 0.3])]), 4)
    2.0
    """
    if not strata or min(map(len, strata)) < 2:
        return float("nan")
    means, variances = zip(*map(_mean_and_variance, strata), strict=True)
    mean, variance = fmean(means), fmean(variances)
    if variance == 0:
        return 0.0 if mean == 0 else copysign(inf, mean)
    return mean / sqrt(variance)


def _mean_and_variance(differences: Floats) -> tuple[float, float]:
    """The variance is the unbiased one. Those of a constant are exact, as computed ones need not be."""
    if np.ptp(differences) == 0:
        return float(differences[0]), 0.0
    return float(differences.mean()), float(differences.var(ddof=1))


def holm(p_values: ArrayLike) -> Floats:
    """p-values corrected for the number of tests, so that the family-wise error rate is kept.

    The step-down method of Holm (A Simple Sequentially Rejective Multiple Test Procedure, 1979): the i-th smallest
    of m is multiplied by m - i + 1, and none is smaller than those before it.

    Args:
        p_values: of the family, in any shape; NaN is a test that could not be made and is not counted.

    Returns:
        corrected values in [0, 1] of the same shape, NaN where there was NaN.

    >>> holm([0.01, float("nan"), 0.04, 0.03]).round(4).tolist()
    [0.03, nan, 0.06, 0.06]
    """
    family = np.array(p_values, np.float64)
    made = ~np.isnan(family)
    tests = family[made]
    order = np.argsort(tests)
    corrected = np.empty_like(tests)
    corrected[order] = np.maximum.accumulate(tests[order] * np.arange(len(tests), 0, -1)).clip(max=1)
    family[made] = corrected
    return family
