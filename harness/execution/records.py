"""Records of cells, of systems and of submitted runs, and of their scores."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from clir_harness.harness.collections.base import Qrels
from clir_harness.harness.errors import ClirError
from clir_harness.harness.evaluation import Evaluation, measure_version, parse_measures
from clir_harness.harness.identity import fingerprint, package_version
from clir_harness.harness.plugins.calls import described
from clir_harness.harness.record import (
    FORMAT,
    CellRecord,
    Counts,
    Failure,
    KeptScores,
    Machine,
    RowRecord,
    SubmissionRecord,
    TrackRecord,
)
from clir_harness.harness.record_identity import CellIdentity, CollectionFacts
from clir_harness.harness.runs.run import Run
from clir_harness.harness.store import CellFiles

JUDGED = "Judged@10"
"""Measured of every run, whatever the suite's measures: the share of the ten documents at the top with judgements."""


@dataclass(frozen=True)
class RecordMaker:
    """Makes the record of one cell.

    Attributes:
        identity: what the key is a digest of; says depth and seed, too.
        row, collection, command: as kept.
        track: what perturbs the queries, if anything.
        machine: this one; None for a submitted run.
        submission: how a run was submitted; None for a system.
    """

    identity: CellIdentity
    row: RowRecord
    collection: CollectionFacts
    command: str
    track: TrackRecord | None = None
    machine: Machine | None = None
    submission: SubmissionRecord | None = None

    def failed(self, error: BaseException) -> CellRecord:
        """The record of a cell that raised an error."""
        message = error.message if isinstance(error, ClirError) else described(error)
        hint = getattr(error, "hint", None)
        failure = Failure(
            type=type(error).__name__,
            message=_in_utf8(message),
            hint=None if hint is None else _in_utf8(hint),
            traceback=_in_utf8("".join(traceback.format_exception(error))),
        )
        return self._record(status="failed", error=failure)

    def done(
        self, run: Run, qrels: Qrels, evaluation: Evaluation, measures: list[str], files: CellFiles, **known: Any
    ) -> CellRecord:
        """The record of a cell that was evaluated; writes the scores of its queries.

        Args:
            run: what was evaluated.
            qrels: the judgements.
            evaluation: of the measures, and of `JUDGED`.
            measures: names of those to store.
            files: files of the cell.
            known: index, search and costs of a system.

        Returns:
            The record.
        """
        names = list(map(str, parse_measures(measures)))
        files.keep_scores(
            KeptScores(
                queries=tuple(evaluation.query_ids),
                scores={name: tuple(map(float, evaluation.scores[name])) for name in names},
                versions={name: measure_version(name) for name in names},
            )
        )
        return self._record(
            status="done",
            counts=Counts(
                judged_queries=len(evaluation.query_ids),
                unanswered_queries=len(evaluation.missing),
                unjudged_queries=len(evaluation.unjudged),
                retrieved=run.retrieved,
                self_first=_self_first(run, qrels),
            ),
            tie_rate=run.tie_rate,
            judged_at_10=evaluation.mean(JUDGED),
            means={name: evaluation.mean(name) for name in names},
            **known,
        )

    def _record(self, **known: Any) -> CellRecord:
        return CellRecord(
            format=FORMAT,
            key=fingerprint(self.identity),
            row=self.row,
            collection=self.collection,
            track=self.track,
            depth=self.identity.depth,
            seed=self.identity.seed,
            identity=self.identity,
            command=self.command,
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            machine=self.machine,
            version=package_version("clir-harness"),
            submission=self.submission,
            **known,
        )


def _in_utf8(text: str) -> str:
    """Text of an error, which may hold parts of names that UTF-8 has no bytes for."""
    return text.encode("utf-8", "backslashreplace").decode()


def _self_first(run: Run, qrels: Qrels) -> int:
    """Judged queries that have the document of their own id at the top, which is not judged relevant."""
    return sum(
        document == query and qrels[query].get(document, 0) <= 0
        for query, document in zip(run.query_ids, run.first_documents(), strict=True)
        if query in qrels
    )
