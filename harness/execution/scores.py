"""What a cell keeps of its scores."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from clir_harness.harness.collections.base import Qrels
from clir_harness.harness.evaluation import Evaluation, measure_version, parse_measures
from clir_harness.harness.runs.run import Run
from clir_harness.harness.store import write_json

JUDGED = "Judged@10"
"""Measured of every run, whatever the suite's measures: the share of the ten documents at the top with judgements."""


def keep_scores(
    run: Run, qrels: Qrels, evaluation: Evaluation, measures: Iterable[str], folder: Path
) -> dict[str, Any]:
    """Write the scores of a cell's queries, with the versions of what computed them.

    Args:
        run: what was evaluated.
        qrels: what it was evaluated with.
        evaluation: of the measures, and of `JUDGED`.
        measures: names of those to keep.
        folder: of the cell.

    Returns:
        What the cell's record holds of them: counts, tie rate, judged share, means.
    """
    names = list(map(str, parse_measures(measures)))
    scores = {name: [float(value) for value in evaluation.scores[name]] for name in names}
    versions = {name: measure_version(name) for name in names}
    kept = {"queries": list(evaluation.query_ids), "scores": scores, "versions": versions}
    write_json(folder / "scores.json", kept)
    return {
        "counts": {
            "judged_queries": len(evaluation.query_ids),
            "unanswered_queries": len(evaluation.missing),
            "unjudged_queries": len(evaluation.unjudged),
            "retrieved": run.retrieved,
            "self_first": _self_first(run, qrels),
        },
        "tie_rate": run.tie_rate,
        "judged_at_10": evaluation.mean(JUDGED),
        "means": {name: evaluation.mean(name) for name in names},
    }


def _self_first(run: Run, qrels: Qrels) -> int:
    """Judged queries that have the document of their own id at the top, which is not judged relevant."""
    return sum(
        document == query and qrels[query].get(document, 0) <= 0
        for query, document in zip(run.query_ids, run.first_documents(), strict=True)
        if query in qrels
    )
