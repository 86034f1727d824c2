"""Every measure that ir-measures knows: computed, or refused with its name; counts are summed."""

import ir_measures
import pytest

from clir_harness.harness.errors import UsageError
from clir_harness.harness.evaluation import evaluate, is_count, parse_measures
from clir_harness.harness.runs.run import Run

RUN = Run.from_rankings([("q1", [("d1", 3.0), ("d2", 2.0)]), ("q2", [("d3", 1.0)])])
QRELS = {"q1": {"d2": 1, "d1": 0}, "q2": {"d3": 2}, "q3": {"d1": 1, "d9": 1}}


@pytest.mark.parametrize("name", sorted(ir_measures.measures.registry))
def test_a_measure_is_computed_or_refused_by_name(name: str) -> None:
    refusals = []
    for form in (name, f"{name}@2", f"{name}@0.5", f"{name}(max_rel=2)", f"{name}(max_rel=2)@2"):
        try:
            (values,) = evaluate(RUN, QRELS, [form]).scores.values()
            assert len(values) == 3
        except UsageError as error:
            refusals.append(error.message)
    known = ir_measures.measures.registry[name].NAME
    assert all(name in message or known in message for message in refusals)


def test_a_measure_that_raises_is_named_and_its_neighbours_are_not() -> None:
    with pytest.raises(UsageError, match="the measure Accuracy cannot be computed on this run: ZeroDivisionError"):
        evaluate(RUN, QRELS, ["AP", "Bpref", "Accuracy", "NumRet"])


@pytest.mark.parametrize("name", ["NumRet", "NumRel", "NumQ", "NumRet(rel=1)", "NumRet(rel=2)"])
def test_counts_are_sums_as_in_ir_measures(name: str) -> None:
    run = {"q1": {"d1": 3.0, "d2": 2.0}, "q2": {"d3": 1.0}}
    (measure,) = parse_measures([name])
    assert is_count(name)
    assert evaluate(RUN, QRELS, [name]).mean(name) == ir_measures.calc_aggregate([measure], QRELS, run)[measure]
    assert evaluate(RUN, QRELS, ["NumRet", "AP"]).mean("NumRet") == 3
    assert evaluate(RUN, QRELS, ["AP"]).mean("AP") == pytest.approx((0.5 + 1 + 0) / 3)
