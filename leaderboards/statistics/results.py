"""Results of comparing systems: means with intervals, and each system against the baseline and the best system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Mean:
    """Mean score with its 95 % bootstrap percentile interval.

    Attributes:
        mean: over the queries of a pair, or over the means of all pairs.
        low, high: ends of the interval; NaN when there are fewer than two queries in a pair.
        queries: queries behind the mean.
    """

    mean: float
    low: float
    high: float
    queries: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """A system against a reference on the queries that both have, in one pair or macro-averaged.

    Attributes:
        difference: mean of system minus reference; NaN, like all that follows from it, without a common query.
        low, high: ends of its 95 % bootstrap percentile interval; NaN with fewer than two queries in a pair.
        permutation_p: of the paired permutation test.
        t_test_p: of the paired t-test; NaN with fewer than two queries, and for the macro average, which has none.
        holm_p: `permutation_p` corrected for all comparisons made.
        effect_size: Cohen's d of the differences; may be infinite or NaN, see `cohens_d`.
        wins, ties, losses: queries on which the system is better, equal, worse.
        missing: queries that only one of the two has; they are left out.
    """

    difference: float
    low: float
    high: float
    permutation_p: float
    t_test_p: float
    holm_p: float
    effect_size: float
    wins: int
    ties: int
    losses: int
    missing: int

    @property
    def queries(self) -> int:
        """Queries that both have."""
        return self.wins + self.ties + self.losses

    def mirrored(self) -> Comparison:
        """The same comparison with system and reference exchanged."""
        return replace(
            self,
            difference=0.0 - self.difference,  # and not -0.0
            low=0.0 - self.high,
            high=0.0 - self.low,
            effect_size=0.0 - self.effect_size,
            wins=self.losses,
            losses=self.wins,
        )


@dataclass(frozen=True, slots=True)
class Comparisons:
    """A system against one reference.

    Attributes:
        reference: name of the other system.
        pairs: for each pair in which both have results.
        macro: None unless the two have a query in common in every pair.
    """

    reference: str
    pairs: Mapping[str, Comparison]
    macro: Comparison | None

    def mirrored(self, reference: str) -> Comparisons:
        """The same comparisons, seen from the other system."""
        pairs = {pair: comparison.mirrored() for pair, comparison in self.pairs.items()}
        return Comparisons(reference, pairs, self.macro and self.macro.mirrored())


@dataclass(frozen=True, slots=True)
class SystemSignificance:
    """Statistics of one system.

    Attributes:
        pairs: means, for each pair in which it has results.
        macro: None unless it has results in every pair.
        against_baseline: None for the baseline itself, and when there is no baseline.
        against_best: None for the best system itself, and when there is no best system.
    """

    pairs: Mapping[str, Mean]
    macro: Mean | None
    against_baseline: Comparisons | None
    against_best: Comparisons | None


@dataclass(frozen=True, slots=True)
class Significance:
    """Means and comparisons of several systems.

    Attributes:
        systems: by name, in the order given.
        baseline: name of the baseline, if there is one.
        best: system with the highest macro average, the alphabetically first of equal ones; None when no system
            has results in every pair. It is chosen by the scores it is then tested on, so p-values against it
            understate the part of chance in its being the best.
        tests: size of the family that Holm's correction is for. A system against the best one and against the
            baseline in the same pair are two tests; the best system against the baseline is one, though shown twice.
        permutations, resamples, seed: as given, or as many permutations as were chosen.
    """

    systems: Mapping[str, SystemSignificance]
    baseline: str | None
    best: str | None
    tests: int
    permutations: int
    resamples: int
    seed: int

    @property
    def resolution(self) -> float:
        """The smallest corrected p-value that sampled permutations can give.

        When it is above the level of significance, no comparison can be significant whatever the scores are, and
        more permutations are needed: at least `tests` / level.
        """
        return min(1.0, self.tests / (1 + self.permutations))
