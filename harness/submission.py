"""Submissions: runs of other tools, checked, evaluated and put on a suite's board."""

from __future__ import annotations

import getpass
import hashlib
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from clir_harness.harness.characters import LABEL_RULE, is_label
from clir_harness.harness.collections.base import ORIGINAL, Qrels, TestCollection
from clir_harness.harness.collections.sources import obtain
from clir_harness.harness.content_store import is_store
from clir_harness.harness.errors import MissingDataError, UsageError
from clir_harness.harness.evaluation import Evaluation, evaluate, parse_measures
from clir_harness.harness.execution.boards import check_label, keep_submission
from clir_harness.harness.execution.catalogue import Catalogue, find_collection, offered
from clir_harness.harness.execution.plan import CELL_FORMAT
from clir_harness.harness.execution.records import JUDGED, RecordMaker
from clir_harness.harness.identity import fingerprint
from clir_harness.harness.progress import Progress, no_progress
from clir_harness.harness.record import CellRecord, SubmissionRecord
from clir_harness.harness.record_identity import (
    CellIdentity,
    CollectionFacts,
    QueriesIdentity,
    SubmissionIdentity,
)
from clir_harness.harness.runs.check import CheckedRun, check_run
from clir_harness.harness.runs.run import Run
from clir_harness.harness.store import CellFiles, Store
from clir_harness.harness.suite import Row, Suite, builtin_suites, load_suite

LONGEST_NAME = 100
"""Characters that the name of a submitted system may have."""


@dataclass(frozen=True)
class SubmissionReport:
    """What became of a submission.

    Attributes:
        suite, system, collection, pair: where it belongs.
        state: refused (there are errors), checked (a dry run without errors), kept, or unchanged (it was there).
        checked: the run with its errors and warnings.
        means: by measure, over the judged queries; empty when refused.
        key: of the cell; empty unless it is in the store.
    """

    suite: str
    system: str
    collection: str
    pair: str
    state: Literal["refused", "checked", "kept", "unchanged"]
    checked: CheckedRun
    means: Mapping[str, float] = field(default_factory=dict)
    key: str = ""


def submit(
    path: Path | str,
    *,
    system: str,
    collection: str,
    suite: Suite | str | Path | None = None,
    store: Path | str = "results",
    data: Path | str | None = None,
    dry_run: bool = False,
    progress: Progress = no_progress,
) -> SubmissionReport:
    """Check a run written by another tool and, if it has no errors, put it on the suite's board as submitted.

    An earlier run of the same system on the same collection is replaced; the same file changes nothing. With errors,
    nothing is stored. Scores are computed as for any system: a judged query without an answer scores 0.

    Args:
        path: a run in TREC format, compressed or not.
        system: label of the row on the board.
        collection: id of a collection of the suite.
        suite: a suite, its name or its file; when None, the only built-in suite that has the collection, or of several
            the one that the store has a board of.
        store: folder of the results store; created when there is something to store.
        data: folder that the suite's paths are relative to.
        dry_run: whether to check and evaluate only.
        progress: called while the file is read and while the documents are compared.

    Returns:
        State, means and findings.

    Raises:
        MissingDataError: there is no such file, or the collection's data are missing.
        UnknownNameError: no such suite or collection.
        UsageError: the name cannot be a label or is taken by a row of the suite, or the suite is ambiguous.
        CollectionError: the collection cannot be scored.
        StoreError: the store cannot be read or written.
    """
    path, folder = Path(path), None if data is None else Path(data).resolve()
    if not path.is_file():
        raise MissingDataError(f"no run file {path}", hint="give the path of a run in TREC format")
    if not is_label(system) or len(system) > LONGEST_NAME:
        raise UsageError(
            f"{system[:LONGEST_NAME]!r} cannot name a system",
            hint=f"write at most {LONGEST_NAME} characters; {LABEL_RULE}",
        )
    opened = Store(store, create=False) if is_store(store) else None
    chosen = _chosen(suite, collection, folder, opened)
    _check_label(system, chosen, opened)
    _, source, _ = find_collection(chosen.collections, folder, collection)
    loaded = obtain(source, collection)
    measures = parse_measures(chosen.measures)
    checked = check_run(path, loaded, chosen.depth, progress)

    def report(state: Literal["refused", "checked", "kept", "unchanged"], **known: Any) -> SubmissionReport:
        return SubmissionReport(chosen.name, system, collection, str(loaded.pair), state, checked, **known)

    if checked.run is None:
        return report("refused")
    evaluation = evaluate(checked.run, loaded.qrels, [*measures, JUDGED], same_documents=True)
    means = {str(measure): evaluation.mean(measure) for measure in measures}
    if dry_run:
        return report("checked", means=means)
    keeper = _Keeper(path, system, chosen, folder, Store(store), checked.run, checked, loaded.qrels, evaluation)
    key, changed = keeper.keep(loaded)
    return report("kept" if changed else "unchanged", means=means, key=key)


def _chosen(suite: Suite | str | Path | None, collection: str, data: Path | None, store: Store | None) -> Suite:
    if isinstance(suite, Suite):
        return suite
    if suite is not None:
        return load_suite(suite)
    suites = [load_suite(name) for name in builtin_suites()]
    having = [found for found in suites if collection in (o[2].id for o in offered(found.collections, data))]
    boards = store.boards() if store else []
    clear = having if len(having) == 1 else [found for found in having if found.name in boards]
    if len(clear) != 1:
        names = ", ".join(sorted(found.name for found in having))
        message = (
            f"collection {collection} is in the suites {names}" if having else f"no built-in suite has {collection}"
        )
        raise UsageError(message, hint="say which suite, or which file of a suite, with --suite")
    return clear[0]


def _check_label(system: str, suite: Suite, store: Store | None) -> None:
    """Refuse the name of a row that is not a submitted one, in the suite or on its board."""
    board = store.board(suite.name) if store else None
    rows = (row.record() for row in suite.rows)
    check_label([*rows, *(board.rows if board else ())], system, submitted=True)


@dataclass(frozen=True)
class _Keeper:
    """Turns a checked run into a cell of the store and of the board."""

    path: Path
    system: str
    suite: Suite
    data: Path | None
    store: Store
    run: Run
    checked: CheckedRun
    qrels: Qrels
    evaluation: Evaluation

    def keep(self, collection: TestCollection) -> tuple[str, bool]:
        """Keep the cell; its key, and whether store or board are other ones now."""
        with self.path.open("rb") as handle:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
        entry = Catalogue(self.suite.collections, self.data, self.store).entry(collection.id)
        assert entry.facts is not None
        identity = CellIdentity(
            submission=SubmissionIdentity(system=self.system, sha256=digest),
            collection=entry.facts.identity(),
            queries=QueriesIdentity(variant=ORIGINAL, digest=entry.query_digests[ORIGINAL]),
            depth=self.suite.depth,
            format=CELL_FORMAT,
        )
        key = fingerprint(identity)
        record = self.store.cell(key)
        new = record is None
        if record is None:
            records = self._records(identity, entry.facts, digest)
            record = self.store.publish_cell(key, lambda files: self._fill(files, records))
        return key, keep_submission(self.store, self.suite, record) or new

    def _records(self, identity: CellIdentity, collection: CollectionFacts, digest: str) -> RecordMaker:
        command = ["clir", "submit", self.path.name, "--system", self.system, "--collection", collection.id]
        command += ["--suite", self.suite.name] + (["--data", "DIR"] if self.data else [])
        submission = SubmissionRecord(
            file=self.path.name,
            sha256=digest,
            tag=self.run.tag,
            lines=self.checked.lines,
            by=_user(),
            warnings=tuple(asdict(problem) for problem in self.checked.warnings),
        )
        row = Row(system=self.system).record()
        return RecordMaker(identity, row, collection, shlex.join(command), submission=submission)

    def _fill(self, files: CellFiles, records: RecordMaker) -> CellRecord:
        """Write run and scores of the cell; its record."""
        record = records.done(self.run, self.qrels, self.evaluation, self.suite.measures, files)
        assert record.submission is not None
        provenance = {
            "cell": record.key,
            "identity": record.identity.plain(),
            "submission": record.submission.plain(),
            "version": record.version,
        }
        metadata = {**self.run.metadata, "clir-harness": provenance}
        files.keep_run(self.run, metadata, tag="_".join(self.system.split()))
        return record


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a name for its user
        return "unknown"
