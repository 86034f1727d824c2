"""Resampling of per-query values: sign-flip permutation tests and bootstrap intervals, stratified by language pair.

Values come as `{pair: array}`, an array of shape (queries, columns) for each pair; a column is a system, or the
difference of two. NaN marks a query that a column lacks. Columns of the same queries share all random draws, so many
of them cost little more than one; each further set of queries costs as much again. Signs and resamples of a pair
follow from the seed, the pair's name and the number of its queries: neither other columns nor other pairs change a
result. Products of matrices are made on one core, so that their rounding does not depend on the number of cores.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from threadpoolctl import threadpool_limits

from clir_harness.harness.errors import UsageError
from clir_harness.harness.measures import Floats
from clir_harness.harness.progress import Progress, no_progress

CONFIDENCE = 0.95
_CHUNK = 1 << 20
"""Signs or weights held in memory at a time."""
_TIE = 1e-10
"""Statistics count as equal when they differ by at most this share of the sum of the absolute terms."""


@dataclass(frozen=True, slots=True)
class Stratified:
    """Results for each pair and for the macro average, the unweighted mean of the pairs' means.

    Attributes:
        pairs: by pair; the last axis is the columns.
        macro: of the same shape; NaN for a column that has no result in one of the pairs.
        combinations: other weighted sums of the pairs' means, by name, of the same shape; NaN for a column that has
            no result in a pair of the sum.
    """

    pairs: Mapping[str, Floats]
    macro: Floats
    combinations: Mapping[str, Floats] = field(default_factory=dict)


def permutation_test(
    differences: Mapping[str, Floats], permutations: int, seed: int, progress: Progress = no_progress
) -> Stratified:
    """Paired permutation test, two-sided: p-values of mean differences under random flips of the differences' signs.

    The share of sign patterns whose mean is at least as far from 0 as the observed one (Fisher, The Design of
    Experiments, 1935; for retrieval: Smucker, Allan and Carterette, CIKM 2007). All patterns are enumerated where
    there are no more of them than `permutations`; differences of 0 have no sign and do not count. Otherwise p is
    (1 + as far) / (1 + permutations) (Phipson and Smyth, 2010), hence never 0. The macro average is tested with
    signs drawn within each pair.

    Args:
        differences: by pair, shape (queries, columns).
        permutations: random sign patterns, at least 1.
        seed: 0 or more.
        progress: called after each pair.

    Returns:
        p-values in (0, 1], shape (columns,); NaN for a column without queries.

    Raises:
        UsageError: `permutations` or `seed` is too small.

    >>> permutation_test({"sw-en": np.array([[0.1], [0.2], [0.3]])}, permutations=10_000, seed=0).pairs["sw-en"]
    array([0.25])
    """
    _check(permutations, "permutations", seed)
    pairs: dict[str, Floats] = {}
    all_terms: list[Floats] = []
    flipped_macro: Floats | float = 0.0
    for done, pair in enumerate(sorted(differences), start=1):
        values = differences[pair]
        flipped = np.full((permutations, values.shape[1]), np.nan)
        for places, complete in _without_gaps(values):
            generator = _generator(seed, pair, "signs")
            with threadpool_limits(1, "blas"):
                flipped[:, places] = _flipped_means(complete, permutations, generator)
        terms = np.nan_to_num(values) / np.maximum(np.count_nonzero(~np.isnan(values), axis=0), 1)
        pairs[pair] = _p_values([terms], flipped)
        all_terms.append(terms / len(differences))
        flipped_macro = flipped_macro + flipped / len(differences)
        progress(done, len(differences), "permutation tests")
    return Stratified(pairs, _p_values(all_terms, np.asarray(flipped_macro)))


def bootstrap_intervals(
    values: Mapping[str, Floats],
    resamples: int,
    seed: int,
    combinations: Mapping[str, Mapping[str, float]] | None = None,
    progress: Progress = no_progress,
) -> Stratified:
    """Percentile intervals of means, at `CONFIDENCE` (Efron and Tibshirani, An Introduction to the Bootstrap, 1993).

    A pair's queries are drawn with replacement within the pair, as many as it has, so every resample of the macro
    average has all pairs at their weight.

    Args:
        values: by pair, shape (queries, columns).
        resamples: at least 1.
        seed: 0 or more.
        combinations: weighted sums of the pairs' means that intervals are wanted for: weight by pair, by name.
        progress: called after each pair.

    Returns:
        lower and upper ends, shape (2, columns); NaN for a column with fewer than two queries in a pair.

    Raises:
        UsageError: `resamples` or `seed` is too small.

    >>> heads = np.repeat([0.0, 1.0], 50)[:, None]
    >>> bootstrap_intervals({"sw-en": heads}, resamples=10_000, seed=0).pairs["sw-en"].round(2).tolist()
    [[0.4], [0.6]]
    """
    _check(resamples, "resamples", seed)
    pairs: dict[str, Floats] = {}
    macro: Floats | float = 0.0
    wanted = combinations or {}
    sums: dict[str, Floats] = {}
    for done, pair in enumerate(sorted(values), start=1):
        means = np.full((resamples, values[pair].shape[1]), np.nan)
        for places, complete in _without_gaps(values[pair]):
            if len(complete) > 1:
                generator = _generator(seed, pair, "resamples")
                with threadpool_limits(1, "blas"):
                    means[:, places] = _resampled_means(complete, resamples, generator)
        pairs[pair] = _percentiles(means)
        macro = macro + means / len(values)
        for name, weights in wanted.items():
            if pair in weights:
                sums[name] = sums.get(name, 0.0) + weights[pair] * means
        progress(done, len(values), "bootstrap intervals")
    return Stratified(
        pairs, _percentiles(np.asarray(macro)), {name: _percentiles(found) for name, found in sums.items()}
    )


def _check(samples: int, name: str, seed: int) -> None:
    if samples < 1:
        raise UsageError(f"{samples} {name} are too few", hint="1,000 are a minimum, 10,000 are customary")
    if seed < 0:
        raise UsageError(f"{seed} cannot be a seed", hint="a seed is 0 or more")


def _generator(seed: int, pair: str, purpose: str) -> np.random.Generator:
    digest = hashlib.sha256(f"{purpose} {pair}".encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:16], "big")])


def _without_gaps(values: Floats) -> Iterator[tuple[list[int], Floats]]:
    """Columns that have the same queries, together: their places, and their values of shape (queries, places)."""
    present = ~np.isnan(values)
    places: dict[bytes, list[int]] = {}
    for column in range(values.shape[1]):
        places.setdefault(present[:, column].tobytes(), []).append(column)
    for columns in places.values():
        rows = np.flatnonzero(present[:, columns[0]])
        if len(rows):
            yield columns, values[rows][:, columns]


def _chunks(samples: int, queries: int) -> Iterator[slice]:
    rows = max(1, _CHUNK // queries)
    return (slice(start, min(start + rows, samples)) for start in range(0, samples, rows))


def _flipped_means(differences: Floats, permutations: int, generator: np.random.Generator) -> Floats:
    """Means under random signs, shape (permutations, columns)."""
    queries, columns = differences.shape
    positive = np.empty((permutations, columns))
    width = (queries + 31) // 32 * 4  # bytes with a bit for each query; a generator gives four at a time
    for chunk in _chunks(permutations, queries):
        drawn = np.frombuffer(generator.bytes((chunk.stop - chunk.start) * width), np.uint8).reshape(-1, width)
        positive[chunk] = np.unpackbits(drawn, axis=1, count=queries).astype(np.float64) @ differences
    flipped: Floats = (2 * positive - differences.sum(axis=0)) / queries
    return flipped


def _resampled_means(values: Floats, resamples: int, generator: np.random.Generator) -> Floats:
    """Means of resamples, shape (resamples, columns)."""
    queries, columns = values.shape
    means = np.empty((resamples, columns))
    for chunk in _chunks(resamples, queries):
        rows = chunk.stop - chunk.start
        drawn = generator.integers(queries, size=(rows, queries)) + np.arange(rows)[:, None] * queries
        counts = np.bincount(drawn.ravel(), minlength=rows * queries).reshape(rows, queries)
        means[chunk] = counts.astype(np.float64) @ values / queries
    return means


def _p_values(strata: list[Floats], flipped: Floats) -> Floats:
    """p-values by column, from the terms that each stratum adds to the statistic and the statistic's permutations."""
    permutations, columns = flipped.shape
    signed = sum(np.count_nonzero(terms, axis=0) for terms in strata)
    observed = np.abs(sum(terms.sum(axis=0) for terms in strata))
    tolerance = _TIE * sum(np.abs(terms).sum(axis=0) for terms in strata)
    as_far = np.count_nonzero(np.abs(flipped) >= observed - tolerance, axis=0)
    p_values: Floats = (1 + as_far) / (1 + permutations)
    p_values[np.isnan(flipped).any(axis=0)] = np.nan
    for column in range(columns):
        if signed[column] < permutations.bit_length() and not np.isnan(p_values[column]):
            terms = np.concatenate([stratum[:, column] for stratum in strata])
            p_values[column] = _exact_p_value(terms[terms != 0])
    return p_values


def _exact_p_value(terms: Floats) -> float:
    patterns = np.arange(1 << len(terms))[:, None] >> np.arange(len(terms)) & 1
    statistics = np.abs((1 - 2 * patterns) @ terms)
    return float((statistics >= abs(terms.sum()) - _TIE * np.abs(terms).sum()).mean())


def _percentiles(means: Floats) -> Floats:
    tail = (1 - CONFIDENCE) / 2
    return np.quantile(means, [tail, 1 - tail], axis=0)
