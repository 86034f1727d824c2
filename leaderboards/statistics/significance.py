"""Significance of differences between systems: means with intervals, and paired comparisons.

Every number is from per-query scores of one measure. Macro averages are unweighted means of the pairs' means, and
queries are resampled and signs are flipped within pairs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, isfinite

import numpy as np

from clir_harness.harness.errors import DataError, UnknownNameError
from clir_harness.harness.measures import Floats
from clir_harness.harness.progress import Progress, no_progress
from clir_harness.leaderboards.statistics.paired_tests import cohens_d, holm, paired_t_test
from clir_harness.leaderboards.statistics.resampling import bootstrap_intervals, permutation_test
from clir_harness.leaderboards.statistics.results import Comparison, Comparisons, Mean, Significance, SystemSignificance

Scores = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Score by system, language pair and query id."""

SIGNIFICANT = 0.05
"""Corrected p-values below this are significant."""

_LEAST_PERMUTATIONS = 10_000
_RESOLUTION = 0.02
_DECIMALS = 12
"""Differences are rounded to this, so that equal scores tie although they were added up in another order."""


def compare_systems(
    scores: Scores,
    baseline: str | None = None,
    *,
    permutations: int | None = None,
    resamples: int = 10_000,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Significance:
    """Means of systems with intervals, and each system against the baseline and against the best system.

    The result does not depend on the order of systems, pairs and queries.

    Args:
        scores: score by system, pair and query id. A pair of a system without scores is one without a result.
        baseline: name of a system.
        permutations: random sign patterns per test; when None 10,000, or more for many comparisons, so that
            `Significance.resolution` is at most .02.
        resamples: number of bootstrap resamples.
        seed: seed of both; 0 or more.
        progress: called after each pair; each pair is processed twice, for the intervals and for the tests.

    Returns:
        Statistics of every system.

    Raises:
        UnknownNameError: the baseline is not one of the systems.
        DataError: there are no scores, or one of them is not a finite number.
        UsageError: too few permutations or resamples, or a negative seed.

    >>> bm25 = {"q1": 0.2, "q2": 0.4, "q3": 0.6}
    >>> psq = {"q1": 0.3, "q2": 0.6, "q3": 0.9}
    >>> result = compare_systems({"bm25": {"sw-en": bm25}, "psq": {"sw-en": psq}}, "bm25")
    >>> comparison = result.systems["psq"].against_baseline.pairs["sw-en"]
    >>> round(comparison.difference, 3), comparison.permutation_p, comparison.wins, result.best
    (0.2, 0.25, 3, 'psq')
    """
    if baseline is not None and baseline not in scores:
        raise UnknownNameError("system", baseline, scores)
    if not any(scores.values()):
        raise DataError("there are no scores to compare", hint="give scores of at least one system in one pair")
    work = _Calculation(scores, baseline, permutations, resamples, seed, progress)
    return Significance(
        systems={name: work.system(name) for name in scores},
        baseline=baseline,
        best=work.best,
        tests=work.tests,
        permutations=work.permutations,
        resamples=resamples,
        seed=seed,
    )


def enough_permutations(tests: int) -> int:
    """Random sign patterns for a number of tests: 10,000, or enough to allow a corrected p-value of .02.

    The smallest possible value has to be well below .05; otherwise a single pattern as extreme as the observed one
    would decide.

    >>> enough_permutations(37), enough_permutations(777)
    (10000, 38850)
    """
    return max(_LEAST_PERMUTATIONS, ceil(tests / _RESOLUTION))


class _Calculation:
    """The arrays behind one result. Columns are systems by name; contests are pairs of systems to be compared."""

    def __init__(
        self,
        scores: Scores,
        baseline: str | None,
        permutations: int | None,
        resamples: int,
        seed: int,
        progress: Progress,
    ) -> None:
        self.names = sorted(scores)
        self.baseline = baseline
        pairs = sorted({pair for name in self.names for pair in scores[name]})
        self.table = {pair: aligned(scores, self.names, pair) for pair in pairs}
        self.means = {pair: _column_means(values) for pair, values in self.table.items()}
        self.macro = np.mean([self.means[pair] for pair in pairs], axis=0)
        self.best = None if np.isnan(self.macro).all() else self.names[int(np.nanargmax(self.macro))]

        self.contests = _contests(self.names, [self.best, baseline])
        sides = np.array([[self.names.index(name) for name in contest] for contest in self.contests], np.int64)
        self.sides = sides.reshape(-1, 2)
        self.differences = {
            pair: np.round(values[:, self.sides[:, 0]] - values[:, self.sides[:, 1]], _DECIMALS)
            for pair, values in self.table.items()
        }
        self.intervals = bootstrap_intervals(
            {pair: np.hstack([self.table[pair], self.differences[pair]]) for pair in pairs},
            resamples,
            seed,
            progress=lambda done, _, text: progress(done, 2 * len(pairs), text),
        )
        # The macro average of a single pair is that pair's test over again.
        most_tests = len(self.contests) * (len(pairs) + (len(pairs) > 1))
        self.permutations = enough_permutations(most_tests) if permutations is None else permutations
        self.p_values = permutation_test(
            self.differences,
            self.permutations,
            seed,
            progress=lambda done, _, text: progress(len(pairs) + done, 2 * len(pairs), text),
        )
        family = np.array([*self.p_values.pairs.values(), *([self.p_values.macro] if len(pairs) > 1 else [])])
        self.tests = int(np.count_nonzero(~np.isnan(family)))
        corrected = holm(family)
        self.corrected = dict(zip(pairs, corrected, strict=False))
        self.corrected_macro = corrected[-1]

    def system(self, name: str) -> SystemSignificance:
        """Means and comparisons of one system."""
        column = self.names.index(name)
        queries = {pair: int(np.count_nonzero(~np.isnan(values[:, column]))) for pair, values in self.table.items()}
        pairs = {
            pair: _mean(self.means[pair][column], self.intervals.pairs[pair][:, column], count)
            for pair, count in queries.items()
            if count
        }
        macro = None
        if len(pairs) == len(queries):
            macro = _mean(self.macro[column], self.intervals.macro[:, column], sum(queries.values()))
        return SystemSignificance(
            pairs=pairs,
            macro=macro,
            against_baseline=self._against(name, self.baseline),
            against_best=self._against(name, self.best),
        )

    def _against(self, name: str, reference: str | None) -> Comparisons | None:
        if reference is None or reference == name:
            return None
        if (name, reference) in self.contests:
            return self._comparisons(self.contests.index((name, reference)))
        return self._comparisons(self.contests.index((reference, name))).mirrored(reference)

    def _comparisons(self, contest: int) -> Comparisons:
        column = len(self.names) + contest
        strata: dict[str, Floats] = {}
        missing: dict[str, int] = {}
        pairs: dict[str, Comparison] = {}
        for pair, values in self.table.items():
            present = ~np.isnan(values[:, self.sides[contest]])
            if present.any(axis=0).all():
                strata[pair] = self.differences[pair][present.all(axis=1), contest]
                missing[pair] = int(np.count_nonzero(present.any(axis=1) & ~present.all(axis=1)))
                pairs[pair] = _comparison(
                    [strata[pair]],
                    interval=self.intervals.pairs[pair][:, column],
                    permutation_p=self.p_values.pairs[pair][contest],
                    t_test_p=paired_t_test(strata[pair]),
                    holm_p=self.corrected[pair][contest],
                    missing=missing[pair],
                )
        macro = None
        if len(strata) == len(self.table) and all(map(len, strata.values())):
            macro = _comparison(
                list(strata.values()),
                interval=self.intervals.macro[:, column],
                permutation_p=self.p_values.macro[contest],
                t_test_p=float("nan"),
                holm_p=self.corrected_macro[contest],
                missing=sum(missing.values()),
            )
        return Comparisons(self.contests[contest][1], pairs, macro)


def aligned(scores: Scores, names: Sequence[str], pair: str) -> Floats:
    """Scores in a pair as a table.

    Args:
        scores: score by system, pair and query id.
        names: systems, in the order of the columns.
        pair: the pair.

    Returns:
        Shape (queries in order of their ids, systems), NaN where there is no score.

    Raises:
        DataError: a score is not a finite number; names system, pair and query.
    """
    found = [scores[name].get(pair, {}) for name in names]
    rows = {query: row for row, query in enumerate(sorted(set().union(*found)))}
    table = np.full((len(rows), len(names)), np.nan)
    for column, (name, by_query) in enumerate(zip(names, found, strict=True)):
        values = np.fromiter(by_query.values(), np.float64, len(by_query))
        if not np.isfinite(values).all():
            query = next(query for query, value in by_query.items() if not isfinite(value))
            raise DataError(
                f"'{name}' has the score {by_query[query]} for query '{query}' of {pair}",
                hint="scores are finite numbers; leave out a query that has none",
            )
        table[[rows[query] for query in by_query], column] = values
    return table


def _column_means(values: Floats) -> Floats:
    """Means of columns over the rows that are there, NaN where none is; shape (columns,)."""
    counts = np.count_nonzero(~np.isnan(values), axis=0)
    sums = np.nansum(values, axis=0)
    means: Floats = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
    return means


def _contests(names: Sequence[str], references: Sequence[str | None]) -> list[tuple[str, str]]:
    """Every system against every reference, as (system, reference); two systems meet once."""
    met: dict[frozenset[str], tuple[str, str]] = {}
    for reference in references:
        for name in names:
            if reference is not None and name != reference:
                met.setdefault(frozenset({name, reference}), (name, reference))
    return list(met.values())


def _mean(mean: float, interval: Floats, queries: int) -> Mean:
    return Mean(float(mean), float(interval[0]), float(interval[1]), queries)


def _comparison(
    strata: Sequence[Floats],
    *,
    interval: Floats,
    permutation_p: float,
    t_test_p: float,
    holm_p: float,
    missing: int,
) -> Comparison:
    means = [differences.mean() if len(differences) else np.nan for differences in strata]
    return Comparison(
        difference=float(np.mean(means)),
        low=float(interval[0]),
        high=float(interval[1]),
        permutation_p=float(permutation_p),
        t_test_p=t_test_p,
        holm_p=float(holm_p),
        effect_size=cohens_d(strata),
        wins=sum(int(np.count_nonzero(differences > 0)) for differences in strata),
        ties=sum(int(np.count_nonzero(differences == 0)) for differences in strata),
        losses=sum(int(np.count_nonzero(differences < 0)) for differences in strata),
        missing=missing,
    )
