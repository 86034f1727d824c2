"""Evaluation: measures of a run against judgements, per judged query.

Measures are written in ir-measures' language (https://ir-measur.es): `AP`, `nDCG@20`, `RR@10`, `R@100`, `AP(rel=2)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from clir_harness.harness.collections.base import Qrels
from clir_harness.harness.errors import CollectionError, UnknownNameError, UsageError
from clir_harness.harness.identity import package_version
from clir_harness.harness.measures import VERSION, Floats, Measure, judged_rankings, native
from clir_harness.harness.runs.run import Run

_BASE_AND_REST = re.compile(r"([^@(\s]*)(.*)", re.DOTALL)
_EXAMPLES = "measures are written like AP, nDCG@20, RR@10, R@100, AP(rel=2) or Judged@20"


def parse_measures(names: Iterable[str | Measure]) -> list[Measure]:
    """Parse measures written in ir-measures' language, in order and without duplicates.

    Raises:
        UnknownNameError: no measure has that name; suggests close ones.
        UsageError: a name is malformed, a parameter is missing or not one of the measure's, or nothing installed
            computes the measure.

    >>> parse_measures(["nDCG@20", "MAP", "AP"])
    [nDCG@20, AP]
    """
    return list(dict.fromkeys(_parse_measure(name) for name in names))


def _parse_measure(name: str | Measure) -> Measure:
    import ir_measures

    text = str(name).strip()
    base = _BASE_AND_REST.fullmatch(text)
    known = ir_measures.measures.registry
    if isinstance(name, str) and base is not None and base[1] and base[1] not in known:
        raise _unknown_measure(text, known)
    try:
        measure = ir_measures.parse_measure(text if isinstance(name, str) else name)
        _check_required(measure)
        measure.validate_params()
    except (ValueError, NameError, TypeError, KeyError, AssertionError) as error:
        raise UsageError(f"measure '{text}' is not well-formed: {error}", hint=_EXAMPLES) from error
    if native(measure) is None:
        _check_computable(measure)
    return measure


def measure_version(name: str) -> str:
    """Name and version of the implementation that computes a measure; scores of different ones are not compared.

    >>> measure_version("AP"), measure_version("Bpref").split()[0]
    ('clir-harness measures 1', 'ir-measures')
    """
    if native(_parse_measure(name)) is not None:
        return f"clir-harness measures {VERSION}"
    return f"ir-measures {package_version('ir-measures')}"


def _check_required(measure: Measure) -> None:
    for name, parameter in measure.SUPPORTED_PARAMS.items():
        if parameter.required and name not in measure.params:
            form = f"{measure}@10" if name == measure.AT_PARAM else f"{measure}({name}=...)"
            raise UsageError(f"measure '{measure}' needs a value for '{name}'", hint=f"write {form}")
    cutoff = measure.params.get("cutoff")
    if isinstance(cutoff, int) and cutoff < 1:
        raise UsageError(f"measure '{measure}' has a cutoff below 1", hint="the cutoff is 1 or more")


def _check_computable(measure: Measure) -> None:
    import ir_measures

    try:
        ir_measures.evaluator([measure], {})
    except (ValueError, TypeError) as error:
        raise UsageError(f"nothing installed computes the measure {measure}", hint=str(error)) from error


def _unknown_measure(text: str, known: Iterable[str]) -> UnknownNameError:
    """The error for an unknown name; suggests the ir-measures name of a trec_eval one and corrects spelling."""
    import ir_measures

    error = UnknownNameError("measure", text, known)
    try:
        suggestions = [str(measure) for measure in ir_measures.parse_trec_measure(text)]
    except (ValueError, KeyError):
        parts = _BASE_AND_REST.fullmatch(text)
        base, rest = (parts[1], parts[2]) if parts else (text, "")
        spellings = {name.casefold(): str(measure) for name, measure in ir_measures.measures.registry.items()}
        folded = base.casefold()
        close = [folded] if folded in spellings else get_close_matches(folded, spellings, n=3, cutoff=0.5)
        suggestions = list(dict.fromkeys(spellings[name] + rest for name in close))
    if suggestions:
        error.suggestions = suggestions
        error.hint = "did you mean " + " or ".join(f"'{name}'" for name in suggestions[:3]) + f"? {_EXAMPLES}"
    return error


def is_count(measure: str | Measure) -> bool:
    """Whether a measure counts (NumRet, NumRel, NumQ): like in ir-measures, it is summed over queries, not averaged.

    >>> is_count("NumRet(rel=1)"), is_count("AP")
    (True, False)
    """
    from ir_measures.measures import SumAgg

    return isinstance(_parse_measure(measure).aggregator(), SumAgg)


def aggregate(measure: str | Measure, values: Floats) -> float:
    """Aggregate a measure over queries: the mean, or the sum of a count.

    Args:
        measure: name or ir-measures object.
        values: one value per query; shape (queries,).

    Returns:
        The aggregate; NaN for the mean of no values.

    Raises:
        UnknownNameError, UsageError: as in `parse_measures`.
    """
    return float(values.sum() if is_count(measure) else values.mean())


@dataclass(frozen=True)
class Evaluation:
    """Scores of a run for every judged query.

    Attributes:
        query_ids: the judged queries, in the order of the judgements.
        scores: values by the measure's name, aligned with `query_ids`; shape (judged queries,).
        missing: judged queries that the run does not answer; their scores are 0.
        unjudged: queries of the run without judgements; they are left out.
    """

    query_ids: tuple[str, ...]
    scores: Mapping[str, Floats]
    missing: tuple[str, ...]
    unjudged: tuple[str, ...]

    def mean(self, measure: str | Measure) -> float:
        """Mean of a measure over all judged queries; of a count, the sum.

        Raises:
            UnknownNameError: no such measure, or it was not evaluated.
            UsageError: the name is malformed.
        """
        name = str(_parse_measure(measure))
        if name not in self.scores:
            raise UnknownNameError("measure of this evaluation", name, self.scores)
        return aggregate(name, self.scores[name])


def evaluate(run: Run, qrels: Qrels, measures: Iterable[str | Measure], *, same_documents: bool = False) -> Evaluation:
    """Evaluate a run on every query that has at least one judgement, of whatever grade.

    Every measure sees the rankings in the run's canonical order, whichever tool computes it. A query whose judged
    documents are all non-relevant counts, with a score of 0. AP, nDCG, RR, R, P, Success and Judged are computed here
    and agree with pytrec_eval; ir-measures computes all other measures, given numbers instead of query ids and scores
    that fall with the rank instead of the run's own.

    Args:
        run: the run.
        qrels: the judgements.
        measures: names or ir-measures objects.
        same_documents: whether run and judgements are known to be of the same documents; a run without any judged
            document then scores 0, instead of being refused as a run of another collection.

    Returns:
        Scores of every judged query, by measure.

    Raises:
        UnknownNameError: no measure has that name.
        CollectionError: there are no judgements.
        DataError: run and judgements have no query or no document in common; shows ids of both.
        UsageError: a measure is malformed, or cannot be computed on this run; names it.

    >>> run = Run.from_rankings([("q1", [("d1", 3.0), ("d2", 2.0)])])
    >>> evaluation = evaluate(run, {"q1": {"d2": 1}, "q2": {"d1": 1}}, ["RR", "R@1"])
    >>> evaluation.scores["RR"].tolist(), evaluation.mean("RR"), evaluation.missing
    ([0.5, 0.0], 0.25, ('q2',))
    """
    parsed = parse_measures(measures)
    judged = {query: judgements for query, judgements in qrels.items() if judgements}
    if not judged:
        raise CollectionError("no judgements to evaluate against", hint="check the qrels file")
    answered = set(run.query_ids)
    rankings = judged_rankings(run, judged, same_documents)
    scores = {str(measure): compute(rankings, measure) for measure in parsed if (compute := native(measure))}
    scores |= _through_ir_measures(run, judged, [measure for measure in parsed if native(measure) is None])
    return Evaluation(
        query_ids=tuple(judged),
        scores={str(measure): scores[str(measure)] for measure in parsed},
        missing=tuple(query for query in judged if query not in answered),
        unjudged=tuple(query for query in run.query_ids if query not in judged),
    )


def _through_ir_measures(run: Run, judged: Qrels, measures: list[Measure]) -> dict[str, Floats]:
    """Let ir-measures compute.

    Its providers break ties differently, and some take only numbers as query ids: they get queries numbered from 1
    and scores that fall by one with the rank. On a query whose grades are all below 0 trec_eval's code reads and
    writes past its memory (`form_res_rels.c`, `m_ndcg.c`); such a query is passed on with grades of 0, equally not
    relevant.
    """
    if not measures:
        return {}

    values = {str(measure): np.full(len(judged), float(measure.DEFAULT)) for measure in measures}
    rankings: dict[str, dict[str, float]] = {}
    qrels: dict[str, dict[str, int]] = {}
    for number, (query, judgements) in enumerate(judged.items(), start=1):
        all_negative = max(judgements.values()) < 0
        qrels[str(number)] = dict.fromkeys(judgements, 0) if all_negative else dict(judgements)
        if ranking := run.ranking(query):
            falling = range(len(ranking), 0, -1)
            rankings[str(number)] = {doc: float(score) for (doc, _), score in zip(ranking, falling, strict=True)}
    for metric in _computed(measures, qrels, rankings):
        values[str(metric.measure)][int(metric.query_id) - 1] = metric.value
    return values


def _computed(
    measures: list[Measure], qrels: dict[str, dict[str, int]], rankings: dict[str, dict[str, float]]
) -> list[Any]:
    """Metrics of ir-measures; when a measure raises, an error that names it."""
    import ir_measures

    try:
        return list(ir_measures.iter_calc(measures, qrels, rankings))
    except Exception as error:
        if len(measures) > 1:
            return [metric for measure in measures for metric in _computed([measure], qrels, rankings)]
        raise UsageError(
            f"the measure {measures[0]} cannot be computed on this run: {type(error).__name__}: {error}",
            hint="leave it out, or change its parameters",
        ) from error
