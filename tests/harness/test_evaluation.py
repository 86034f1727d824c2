"""Evaluation: values of trec_eval and of ir-measures, every judged query counted, one order for all tools."""

from __future__ import annotations

import math
import random
import shutil
from pathlib import Path

import ir_measures
import numpy as np
import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from clir_harness.harness.errors import CollectionError, DataError, UnknownNameError, UsageError
from clir_harness.harness.evaluation import evaluate, is_count, parse_measures
from clir_harness.harness.runs.run import Run

TREC_NAMES = {
    "AP": "map",
    "AP@10": "map_cut_10",
    "nDCG": "ndcg",
    "nDCG@5": "ndcg_cut_5",
    "nDCG@20": "ndcg_cut_20",
    "RR": "recip_rank",
    "R@5": "recall_5",
    "R@100": "recall_100",
    "P@5": "P_5",
    "P@30": "P_30",
    "Success@1": "success_1",
    "Success@10": "success_10",
}
"""Measures computed by the harness, and what trec_eval calls them."""

needs_perl = pytest.mark.skipif(shutil.which("perl") is None, reason="ir-measures computes these measures with perl")

Rankings = dict[str, dict[str, float]]
Judgements = dict[str, dict[str, int]]


def as_run(rankings: Rankings) -> Run:
    return Run.from_rankings((query, list(ranking.items())) for query, ranking in rankings.items())


def made_up(seed: int, *, levels: int = 4, queries: int = 25) -> tuple[Rankings, Judgements]:
    """Rankings with few score levels, so mostly ties, and grades from -1 to 3; some queries on one side only."""
    rng = random.Random(seed)
    documents = [f"d{number}" for number in range(60)] + ["é", "007", "7", "Z"]
    rankings: Rankings = {}
    qrels: Judgements = {}
    for number in range(queries):
        retrieved = rng.sample(documents, rng.choice([1, 3, 20, 60]))
        judged = rng.sample(documents, rng.choice([1, 5, 40]))
        if number % 7:
            rankings[f"q{number}"] = {document: rng.randrange(levels) / 8 for document in retrieved}
        if number % 5:
            qrels[f"q{number}"] = {document: rng.choice([-1, 0, 0, 1, 2, 3]) for document in judged}
            qrels[f"q{number}"][judged[0]] = rng.choice([0, 1])  # trec_eval fails on a query of negative grades only
    order = sorted(qrels, key=lambda query: rng.random())
    return rankings, {query: qrels[query] for query in order}


def trec_eval(rankings: Rankings, qrels: Judgements, name: str, level: int = 1) -> dict[str, float]:
    evaluator = pytrec_eval.RelevanceEvaluator(qrels, [name], relevance_level=level)
    return {query: values[name] for query, values in evaluator.evaluate(rankings).items()}


class TestAgreementWithTrecEval:
    @pytest.mark.parametrize("seed", range(8))
    @pytest.mark.parametrize("levels", [1, 4, 1000])
    def test_every_value_is_trec_evals(self, seed: int, levels: int) -> None:
        rankings, qrels = made_up(seed, levels=levels)
        evaluation = evaluate(as_run(rankings), qrels, TREC_NAMES)
        for measure, trec_name in TREC_NAMES.items():
            expected = trec_eval(rankings, qrels, trec_name)
            assert expected.keys() == set(evaluation.query_ids) - set(evaluation.missing)
            for query, value in zip(evaluation.query_ids, evaluation.scores[measure], strict=True):
                assert value == pytest.approx(expected.get(query, 0.0), abs=1e-9), (measure, query)

    @pytest.mark.parametrize("level", [2, 3])
    def test_relevance_levels_are_trec_evals(self, level: int) -> None:
        rankings, qrels = made_up(17)
        names = {f"AP(rel={level})": "map", f"RR(rel={level})": "recip_rank", f"R(rel={level})@5": "recall_5"}
        evaluation = evaluate(as_run(rankings), qrels, names)
        for measure, trec_name in names.items():
            expected = trec_eval(rankings, qrels, trec_name, level)
            for query, value in zip(evaluation.query_ids, evaluation.scores[measure], strict=True):
                assert value == pytest.approx(expected.get(query, 0.0), abs=1e-9)

    @given(
        st.dictionaries(
            st.sampled_from("abcdefghij"), st.sampled_from([0.0, 0.5, 0.5 + 1e-12, 1 / 3, 2e-46]), min_size=1
        ),
        st.dictionaries(st.sampled_from("abcdefghij"), st.integers(-2, 4), min_size=1).filter(
            lambda judged: max(judged.values()) >= 0  # trec_eval fails on a query of negative grades only
        ),
    )
    @settings(max_examples=200)
    def test_any_single_query_with_ties_and_near_ties(self, ranking: dict[str, float], judged: dict[str, int]) -> None:
        # One judged document is retrieved for another query, so that run and judgements have one in common.
        rankings, qrels = {"q": ranking, "p": {"x": 1.0}}, {"q": judged, "p": {"x": 1}}
        evaluation = evaluate(as_run(rankings), qrels, TREC_NAMES)
        for measure, trec_name in TREC_NAMES.items():
            expected = trec_eval(rankings, qrels, trec_name)["q"]
            assert evaluation.scores[measure][0] == pytest.approx(expected, abs=1e-9), measure

    def test_a_run_from_a_file_is_evaluated_as_trec_eval_would_evaluate_the_file(self, tmp_path: Path) -> None:
        path = tmp_path / "near-ties.run"
        path.write_text("q Q0 a 1 1.000000001 t\nq Q0 b 2 1.000000000 t\np Q0 a 1 2 t\nq Q0 c 3 0.5 t\n")
        evaluation = evaluate(Run.read(path), {"q": {"a": 1, "c": 2}}, ["RR", "AP"])
        assert evaluation.scores["RR"].tolist() == [0.5]
        assert evaluation.scores["AP"].tolist() == [(1 / 2 + 2 / 3) / 2]


class TestAgreementWithIrMeasures:
    @pytest.mark.parametrize(
        "measure",
        [
            "RR@10", "RR(rel=2)@10", "Judged@20", "Judged", "Rprec", "Bpref", "IPrec@0.1", "SetP", "SetF", "NumRet",
            "NumRelRet", "nDCG(gains={1:5})@10", "nDCG(judged_only=True)@10", "AP(judged_only=True)",
            "P(rel=2,judged_only=True)@5", "infAP", "Compat", "Accuracy",
            pytest.param("ERR@20", marks=needs_perl), pytest.param("nDCG(dcg='exp-log2')@10", marks=needs_perl),
        ],
    )  # fmt: skip
    def test_values_without_ties_are_those_of_ir_measures(self, measure: str) -> None:
        rng = random.Random(3)
        documents = [f"d{number:02}" for number in range(40)]
        rankings: Rankings = {
            str(number): {document: 1.0 / (place + 1) for place, document in enumerate(rng.sample(documents, 30))}
            for number in range(12)
        }
        qrels = {query: {doc: rng.randrange(4) for doc in rng.sample(documents, 15)} for query in rankings}
        evaluation = evaluate(as_run(rankings), qrels, [measure])
        (parsed,) = parse_measures([measure])
        expected = {one.query_id: one.value for one in ir_measures.iter_calc([parsed], qrels, rankings)}
        assert evaluation.scores[str(parsed)].tolist() == pytest.approx([expected[q] for q in qrels], abs=1e-9)
        whole = np.sum if is_count(measure) else np.mean
        assert evaluation.mean(measure) == pytest.approx(whole(list(expected.values())), abs=1e-9)

    @needs_perl
    def test_tools_that_break_ties_otherwise_see_the_order_of_the_run(self) -> None:
        run = Run.from_rankings([("q", [("a", 1.0), ("b", 1.0), ("c", 1.0)])])
        qrels = {"q": {"c": 1, "a": 0}}
        measures = ["RR", "RR@10", "Judged@1", "ERR@20", "nDCG@1", "nDCG(dcg='exp-log2')@1"]
        scores = evaluate(run, qrels, measures).scores
        assert [scores[name].item() for name in measures] == [1.0, 1.0, 1.0, 0.0625, 1.0, 1.0]


class TestByHand:
    def test_average_precision(self) -> None:
        run = Run.from_rankings([("q", [(f"d{rank}", -float(rank)) for rank in range(1, 6)])])
        qrels = {"q": {"d1": 1, "d3": 2, "d5": 0, "never retrieved": 1}}
        assert evaluate(run, qrels, ["AP"]).mean("AP") == pytest.approx((1 / 1 + 2 / 3) / 3)

    def test_ndcg(self) -> None:
        run = Run.from_rankings([("q", [("d1", 3.0), ("d2", 2.0), ("d3", 1.0)])])
        qrels = {"q": {"d2": 3, "d3": 1, "d4": 2}}
        gained = 3 / math.log2(3) + 1 / math.log2(4)
        ideal = 3 / math.log2(2) + 2 / math.log2(3) + 1 / math.log2(4)
        evaluation = evaluate(run, qrels, ["nDCG@3", "nDCG@2"])
        assert evaluation.mean("nDCG@3") == pytest.approx(gained / ideal)
        assert evaluation.mean("nDCG@2") == pytest.approx((3 / math.log2(3)) / (3 + 2 / math.log2(3)))

    def test_judged_is_over_the_documents_there_are(self) -> None:
        run = Run.from_rankings([("q", [("d1", 3.0), ("d2", 2.0), ("d3", 1.0)])])
        scores = evaluate(run, {"q": {"d1": 0, "d3": -1}, "unanswered": {"d1": 1}}, ["Judged@2", "Judged@20"]).scores
        assert scores["Judged@2"].tolist() == [0.5, 0.0]
        assert scores["Judged@20"].tolist() == [2 / 3, 0.0]

    @pytest.mark.parametrize("grades", [(-1, -1), (-2, -3), (-1, -2)])
    def test_a_query_judged_with_negative_grades_only_scores_zero(self, grades: tuple[int, int]) -> None:
        run = Run.from_rankings([("q", [("spam", 2.0), ("d", 1.0)])])
        measures = ["AP", "nDCG@10", "RR", "P@1", "Rprec", "Bpref", "infAP", "RR@10", "nDCG(gains={1:5})@10"]
        evaluation = evaluate(run, {"q": {"spam": grades[0], "worse": grades[1]}}, measures)
        assert [evaluation.mean(name) for name in measures] == [0.0] * len(measures)

    def test_a_constant_scorer_gains_nothing_from_the_order_it_returned(self) -> None:
        # The relevant document is returned first; with equal scores its id decides, and here puts it last.
        ranking = [("a-relevant", 0.0)] + [(f"d{number}", 0.0) for number in range(9)]
        evaluation = evaluate(Run.from_rankings([("q", ranking)]), {"q": {"a-relevant": 1}}, ["RR", "Success@1"])
        assert (evaluation.mean("RR"), evaluation.mean("Success@1")) == (0.1, 0.0)


class TestCoverage:
    RUN = Run.from_rankings([("q3", [("d1", 1.0)]), ("q1", [("d1", 1.0)]), ("other", [("d9", 1.0)])])
    QRELS = {"q1": {"d1": 1}, "q2": {"d1": 1}, "q3": {"d1": 0, "d2": -1}, "q4": {}}  # noqa: RUF012

    def test_unanswered_queries_count_zero_and_unjudged_ones_are_left_out(self) -> None:
        evaluation = evaluate(self.RUN, self.QRELS, ["RR", "Bpref"])
        assert evaluation.query_ids == ("q1", "q2", "q3")
        assert (evaluation.missing, evaluation.unjudged) == (("q2",), ("other",))
        assert evaluation.scores["RR"].tolist() == [1.0, 0.0, 0.0]
        assert evaluation.scores["Bpref"].tolist() == [1.0, 0.0, 0.0]
        assert evaluation.mean("RR") == pytest.approx(1 / 3)

    def test_an_empty_run_scores_zero_everywhere(self) -> None:
        evaluation = evaluate(Run.from_rankings([]), self.QRELS, ["AP", "nDCG@10", "Judged@20", "Rprec", "RR@10"])
        assert evaluation.missing == ("q1", "q2", "q3")
        assert all(values.tolist() == [0.0, 0.0, 0.0] for values in evaluation.scores.values())

    def test_no_judgements_is_an_error(self) -> None:
        with pytest.raises(CollectionError, match="no judgements"):
            evaluate(self.RUN, {"q1": {}}, ["AP"])

    def test_no_common_query_is_an_error_with_samples_of_both(self) -> None:
        with pytest.raises(DataError, match=r"no query in common: the run has 'q3'.* the judgements have '1'"):
            evaluate(self.RUN, {"1": {"d1": 1}}, ["AP"])

    def test_no_common_document_is_an_error_with_samples_of_both(self) -> None:
        with pytest.raises(DataError, match=r"no document in common: the run has 'd1'.* the judgements have 'D-1'"):
            evaluate(self.RUN, {"q1": {"D-1": 1}}, ["AP"])

    def test_ids_are_told_apart_byte_for_byte(self) -> None:
        run = Run.from_rankings([("01", [("007", 3.0), ("n\u0303", 2.0), ("7", 1.0)])])
        qrels = {"01": {"7": 1}, "1": {"007": 1}, "ñ": {"ñ": 1}}
        evaluation = evaluate(run, qrels, ["RR"])
        assert evaluation.scores["RR"].tolist() == [pytest.approx(1 / 3), 0.0, 0.0]
        assert evaluation.missing == ("1", "ñ")

    def test_the_mean_of_a_measure_that_was_not_asked_for_is_an_error(self) -> None:
        with pytest.raises(UnknownNameError, match="unknown measure of this evaluation 'AP'"):
            evaluate(self.RUN, self.QRELS, ["RR"]).mean("AP")


class TestNames:
    def test_names_become_ir_measures_objects_once_each(self) -> None:
        measures = parse_measures(["nDCG@20", "MAP", "AP", "MRR@10", ir_measures.R @ 100, "AP(rel=2)"])
        assert measures == [ir_measures.nDCG @ 20, ir_measures.AP, ir_measures.RR @ 10, ir_measures.R @ 100,
                            ir_measures.AP(rel=2)]  # fmt: skip
        assert [str(measure) for measure in measures] == ["nDCG@20", "AP", "RR@10", "R@100", "AP(rel=2)"]

    @pytest.mark.parametrize(
        ("name", "suggestion"),
        [
            ("nDGC@10", "nDCG@10"),
            ("ndcg@10", "nDCG@10"),
            ("recall@100", "R@100"),
            ("Recal@100", "R@100"),
            ("ndcg_cut_10", "nDCG@10"),
            ("map", "AP"),
            ("recip_rank", "RR"),
            ("Judgd@20", "Judged@20"),
        ],
    )
    def test_an_unknown_name_gets_the_name_that_was_meant(self, name: str, suggestion: str) -> None:
        with pytest.raises(UnknownNameError, match=f"unknown measure '{name}'") as caught:
            parse_measures(["AP", name])
        assert caught.value.suggestions[0] == suggestion
        assert f"did you mean '{suggestion}'" in str(caught.value)

    def test_a_name_like_no_other_gets_the_list(self) -> None:
        with pytest.raises(UnknownNameError, match="Known: AP, "):
            parse_measures(["xyzzy"])

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("P", "write P@10"),
            ("R(rel=2)", r"write R\(rel=2\)@10"),
            ("P@0", "the cutoff is 1 or more"),
            ("nDCG@ten", "not well-formed"),
            ("nDCG@", "not well-formed"),
            ("AP(rell=2)", "rell"),
            ("", "not well-formed"),
            ("alpha_nDCG@10 + AP", "not well-formed"),
        ],
    )
    def test_a_malformed_name_is_explained(self, name: str, expected: str) -> None:
        with pytest.raises(UsageError, match=expected):
            parse_measures([name])

    def test_a_measure_nothing_installed_computes_is_refused_before_evaluation(self) -> None:
        with pytest.raises(UsageError, match=r"nothing installed computes the measure RBP\(rel=1\)"):
            parse_measures(["RBP(rel=1)"])
