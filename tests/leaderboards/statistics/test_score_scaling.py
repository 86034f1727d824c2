"""Scores as probabilities: equal to scikit-learn's scalings, and never fitted on the query they are for."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from clir_harness.harness.errors import DataError, UnknownNameError, UsageError
from clir_harness.harness.runs.run import Run
from clir_harness.leaderboards.statistics.score_scaling import (
    ScoredDocuments,
    cross_fitted,
    fit_isotonic,
    fit_platt,
    scored_documents,
)


def sample(queries: int = 12, documents: int = 30, seed: int = 3) -> ScoredDocuments:
    """Documents whose chance of relevance rises with the score."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(10.0, 4.0, queries * documents)
    relevant = rng.random(len(scores)) < 1 / (1 + np.exp(-(scores - 12) / 2))
    return ScoredDocuments(
        tuple(f"q{i:02}" for i in range(queries)), np.repeat(np.arange(queries), documents), scores, relevant
    )


RUN = Run.from_rankings(
    [
        ("q2", [("d1", 9.0), ("d2", 8.0), ("d3", 7.0)]),
        ("q1", [("d3", 2.0), ("d1", 1.0)]),
        ("unjudged", [("d1", 1.0)]),
    ]
)
QRELS = {"q1": {"d1": 2, "d3": 0}, "q2": {"d2": -1, "d3": 1}, "unanswered": {"d1": 1}}


class TestScoredDocuments:
    def test_only_judged_queries_count_and_documents_without_a_judgement_are_not_relevant(self) -> None:
        found = scored_documents(RUN, QRELS)
        assert found.query_ids == ("q1", "q2")
        assert found.queries.tolist() == [0, 0, 1, 1, 1]
        assert found.scores.tolist() == [2.0, 1.0, 9.0, 8.0, 7.0]
        assert found.relevant.tolist() == [False, True, False, False, True]

    def test_documents_below_the_depth_do_not_count(self) -> None:
        assert scored_documents(RUN, QRELS, depth=1).scores.tolist() == [2.0, 9.0]
        with pytest.raises(UsageError, match="depth 0"):
            scored_documents(RUN, QRELS, depth=0)


class TestScalings:
    def test_isotonic_is_the_pooled_step_function_worked_by_hand(self) -> None:
        scaling = fit_isotonic(np.array([1.0, 2.0, 3.0, 4.0]), [False, True, False, True])
        assert scaling(np.array([0.0, 1.0, 2.0, 3.0, 3.5, 4.0, 9.0])).tolist() == [0, 0, 0.5, 0.5, 0.75, 1, 1]

    @pytest.mark.parametrize("seed", range(4))
    def test_platt_scaling_is_that_of_scikit_learn(self, seed: int) -> None:
        documents = sample(seed=seed)
        scores, relevant = documents.scores[:, None], documents.relevant
        base = LogisticRegression().fit(scores, relevant)
        theirs = CalibratedClassifierCV(FrozenEstimator(base), method="sigmoid").fit(scores, relevant)
        decisions = base.decision_function(scores)
        expected = theirs.calibrated_classifiers_[0].calibrators[0].predict(decisions)
        assert fit_platt(decisions, relevant)(decisions) == pytest.approx(expected, abs=2e-4)

    def test_platt_scaling_does_not_depend_on_the_scale_of_scores(self) -> None:
        documents = sample()
        ours = fit_platt(documents.scores, documents.relevant)(documents.scores)
        moved = documents.scores * 1e6 - 5e8
        assert fit_platt(moved, documents.relevant)(moved) == pytest.approx(ours, abs=1e-6)

    def test_perfectly_parted_scores_reach_platts_targets_and_not_certainty(self) -> None:
        scaling = fit_platt(np.array([0.0, 0.0, 1.0]), [False, False, True])
        # One relevant document, (1 + 1) / (1 + 2); two others, 1 / (2 + 2).
        assert scaling(np.array([0.0, 1.0])) == pytest.approx([1 / 4, 2 / 3], abs=1e-6)

    @pytest.mark.parametrize("relevant", [[False] * 3, [True] * 3])
    def test_documents_of_one_kind_have_one_probability(self, relevant: list[bool]) -> None:
        scores = np.array([1.0, 2.0, 3.0])
        expected = 4 / 5 if relevant[0] else 1 / 5
        assert fit_platt(scores, relevant)(scores) == pytest.approx([expected] * 3, abs=1e-6)
        assert fit_isotonic(scores, relevant)(scores).tolist() == [float(relevant[0])] * 3

    def test_constant_scores_have_one_probability(self) -> None:
        scores = np.full(4, 7.0)
        assert fit_platt(scores, [True, False, False, False])(scores).std() == pytest.approx(0.0)
        assert fit_isotonic(scores, [True, False, False, False])(scores).tolist() == [0.25] * 4


class TestCrossFitting:
    def test_each_query_is_scaled_by_the_others_as_worked_with_scikit_learn(self) -> None:
        documents = sample(queries=3)
        found = cross_fitted(documents, folds=3, seed=1)
        for query in range(3):
            mine = documents.queries == query
            model = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
            model.fit(documents.scores[~mine], documents.relevant[~mine])
            assert found[mine] == pytest.approx(model.predict(documents.scores[mine]))

    @pytest.mark.parametrize("method", ["isotonic", "platt"])
    def test_relevance_of_a_query_does_not_reach_its_own_probabilities(self, method) -> None:
        documents = sample(queries=8)
        mine = documents.queries == 5
        flipped = ScoredDocuments(
            documents.query_ids,
            documents.queries,
            documents.scores,
            np.where(mine, ~documents.relevant, documents.relevant),
        )
        before, after = cross_fitted(documents, method), cross_fitted(flipped, method)
        assert before[mine].tolist() == after[mine].tolist()
        assert (before[~mine] != after[~mine]).any()

    def test_the_seed_deals_the_queries_out_and_the_order_of_the_run_does_not(self) -> None:
        documents = sample()
        rankings = [
            (query, [(f"d{line}", documents.scores[line]) for line in np.flatnonzero(documents.queries == place)])
            for place, query in enumerate(documents.query_ids)
        ]
        qrels = {
            query: {document: int(documents.relevant[int(document[1:])]) for document, _ in ranking}
            for query, ranking in rankings
        }

        def fitted(order, seed: int = 0) -> list[float]:
            return cross_fitted(scored_documents(Run.from_rankings(order), qrels), seed=seed).tolist()

        assert fitted(rankings) == fitted(rankings[::-1])
        assert fitted(rankings) != fitted(rankings, seed=1)

    def test_fewer_queries_than_folds_are_folds_of_their_own_and_one_query_is_too_few(self) -> None:
        assert len(cross_fitted(sample(queries=2), folds=5)) == 60
        with pytest.raises(DataError, match="two judged queries"):
            cross_fitted(sample(queries=1))

    def test_wrong_requests_are_refused(self) -> None:
        with pytest.raises(UnknownNameError, match="did you mean 'platt'"):
            cross_fitted(sample(), "plat")  # type: ignore[arg-type]
        with pytest.raises(UsageError, match="1 folds"):
            cross_fitted(sample(), folds=1)
        with pytest.raises(UsageError, match="seed -1"):
            cross_fitted(sample(), seed=-1)
