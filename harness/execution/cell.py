"""One cell of a board, one system on one collection: its task, and running it in any process."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from clir_harness.harness.collections.base import DocumentSet, Query, QuerySet, TestCollection
from clir_harness.harness.collections.sources import build_source, obtain
from clir_harness.harness.content_store import Artefact
from clir_harness.harness.errors import ClirError, StoreError
from clir_harness.harness.evaluation import evaluate
from clir_harness.harness.execution.indexing import index_key, open_searcher, with_components
from clir_harness.harness.execution.measurement import PeakMemory, folder_bytes, machine
from clir_harness.harness.execution.planned_data import as_planned, require_planned
from clir_harness.harness.execution.provenance import ir_metadata
from clir_harness.harness.execution.records import JUDGED, RecordMaker
from clir_harness.harness.identity import fingerprint, system_identity
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.perturbation.tracks import Perturbation
from clir_harness.harness.plugins.calls import INTERRUPTS
from clir_harness.harness.record import CellRecord, Costs, IndexCosts, TrackRecord
from clir_harness.harness.record_identity import CellIdentity, CollectionFacts
from clir_harness.harness.runs.run import Run
from clir_harness.harness.store import CellFiles, Store
from clir_harness.harness.suite import Row
from clir_harness.harness.system import SYSTEMS, IndexContext, Ranking, RetrievalSystem, SearchContext, Searcher

LATENCY_SAMPLE = 50
"""Queries of a batching system that are also answered one at a time, to measure latency."""


class CellTask(BaseModel):
    """All that another process needs to carry out a cell.

    Attributes:
        key: identity of the cell.
        row: system, settings, query wording.
        source, source_settings, data, entry: where the collection comes from.
        perturbation: what happens to its queries; None when they are as they are.
        seed, threads, measures: as in the suite.
        identity: what the key is a digest of; kept with the result.
        collection: counts, digests, licence and warnings of the collection; kept with the result.
        command: command line that runs this cell, and those of the same row and pair in other tracks.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    row: Row
    source: str
    source_settings: dict[str, Any]
    data: str | None
    entry: str
    perturbation: Perturbation | None = None
    seed: int
    threads: int
    measures: list[str]
    identity: CellIdentity
    collection: CollectionFacts
    command: str

    @property
    def records(self) -> RecordMaker:
        """Makes the record of the cell."""
        track = self.perturbation.record() if self.perturbation else None
        return RecordMaker(self.identity, self.row.record(), self.collection, self.command, track, machine())


def cell_name(row: Row, collection: str, perturbation: Perturbation | None) -> str:
    """Name of a cell, for people: the row, the collection and, if any, the perturbation.

    Args:
        row: the row.
        collection: id of the collection.
        perturbation: of the queries, if any.

    Returns:
        The name.
    """
    return " × ".join([row.label, collection] + ([perturbation.label] if perturbation else []))


class Event(BaseModel):
    """News of a cell, or of a model in training: it started, it advanced within a phase, it ended."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["started", "advanced", "ended"]
    key: str
    name: str = ""
    phase: Literal["", "training", "indexing", "searching"] = ""
    done: int = 0
    total: int | None = None
    status: Literal["", "done", "failed"] = ""
    reason: str = ""


OnEvent = Callable[[Event], None]
"""Called with the events of cells and trainings."""


def ignore_event(event: Event) -> None:
    """Discard an event."""


def carry_out(task: CellTask, store: Store, on_event: OnEvent) -> CellRecord:
    """Run a cell and store its result; a cell that fails is stored as failed, with its reason.

    Args:
        task: the cell.
        store: the results store.
        on_event: called when the cell starts, advances and ends.

    Returns:
        The record of the cell.

    Raises:
        StoreError: the store cannot take the result (disk full ...); nothing about the cell is stored.
    """
    name = cell_name(task.row, task.collection.id, task.perturbation)
    on_event(Event(kind="started", key=task.key, name=name))
    try:
        record = store.publish_cell(task.key, lambda files: _compute(task, store, files, on_event))
    except StoreError:
        raise
    except INTERRUPTS:
        raise
    except BaseException as error:
        if "No space left on device" in str(error):  # how Java says it
            raise StoreError(f"no space left in the store {store.root}", hint="free space and run again") from error
        record = keep_failure(task, store, error)
    on_event(Event(kind="ended", key=task.key, status=record.status, reason=record.fault))
    return record


def keep_failure(task: CellTask, store: Store, error: BaseException) -> CellRecord:
    """Store a cell as failed, with the reason; a later run tries it again.

    Args:
        task: the cell.
        store: the results store.
        error: why it failed.

    Returns:
        The record of the cell.

    Raises:
        StoreError: the store cannot be written.
    """
    return store.publish_cell(task.key, lambda _: task.records.failed(error))


def _compute(task: CellTask, store: Store, files: CellFiles, on_event: OnEvent) -> CellRecord:
    source = build_source(task.source, task.source_settings, Path(task.data) if task.data else None)
    collection = obtain(source, task.entry)
    system = SYSTEMS.get(task.row.system).configure(task.row.settings)
    if fingerprint(system_identity(system)) != fingerprint(task.identity.system):
        raise ClirError("code or files of the system have changed since the plan", hint="run again")
    require_planned(collection, task.row.queries, task.identity.queries.digest, task.collection.qrels_digest)
    queries, track = _queries(task, collection)
    documents = collection.documents

    def key_of(part: RetrievalSystem[Any]) -> str:
        return index_key(part, task.collection.documents_digest, documents.language, task.seed)

    indexes = {
        key_of(part): _obtain_index(task, part, documents, key_of(part), store, on_event)
        for part in with_components(system)
    }
    context = SearchContext(LanguagePair(queries.language, documents.language), task.seed, task.threads)
    with PeakMemory() as memory, ExitStack() as stack:
        searcher = open_searcher(
            system, lambda part: indexes[key_of(part)].content, context, stack, drop_self=collection.drop_self
        )
        rankings, timing = _answer(task, searcher, queries, system.batch_size, on_event)
        search_details = dict(searcher.describe())
    run = Run.from_rankings(rankings, tag="_".join(task.row.label.split()))
    described = dict(system.describe_index(documents.language))
    records = replace(task.records, track=track)
    files.keep_run(run, ir_metadata(records, {**described, **search_details}))
    evaluation = evaluate(run, collection.qrels, [*task.measures, JUDGED], same_documents=True)
    reused = all(index.reused for index in indexes.values())
    return records.done(
        run,
        collection.qrels,
        evaluation,
        task.measures,
        files,
        index={**described, "documents": task.collection.documents, "reused": reused},
        search=search_details,
        costs=Costs(**_index_costs(indexes.values()), **timing, search_peak_memory_bytes=memory.bytes),
    )


def _queries(task: CellTask, collection: TestCollection) -> tuple[QuerySet, TrackRecord | None]:
    """The queries of the cell, and what is kept of its track."""
    queries = collection.query_set(task.row.queries)
    if task.perturbation is None:
        return queries, None
    perturbed = task.perturbation.apply(queries)
    measured = {"queries_changed": perturbed.changed, "words_covered": perturbed.covered}
    return perturbed.queries, task.perturbation.record().model_copy(update=measured)


def _index_costs(indexes: Collection[Artefact]) -> dict[str, Any]:
    """Costs of building the indexes, whichever cell built them: sums, and the highest peak."""
    costs = [IndexCosts.model_validate(index.record) for index in indexes]
    return {
        "index_seconds": sum(one.index_seconds for one in costs),
        "index_bytes": sum(one.index_bytes for one in costs),
        "index_peak_memory_bytes": max(one.index_peak_memory_bytes for one in costs),
    }


def _obtain_index(
    task: CellTask,
    system: RetrievalSystem[Any],
    documents: DocumentSet,
    key: str,
    store: Store,
    on_event: OnEvent,
) -> Artefact:
    """The index of one system over the task's documents, built and measured now when it is not there yet."""
    total, planned = task.collection.documents, task.collection.documents_digest

    def build(folder: Path) -> dict[str, Any]:
        stream = as_planned(
            documents,
            planned,
            lambda done: on_event(Event(kind="advanced", key=task.key, phase="indexing", done=done, total=total)),
        )
        start = time.perf_counter()
        with PeakMemory() as memory:
            system.index(stream, folder, IndexContext(documents.language, task.seed, task.threads))
        return IndexCosts(
            index_seconds=time.perf_counter() - start,
            index_bytes=folder_bytes(folder),
            index_peak_memory_bytes=memory.bytes,
        ).plain()

    return store.obtain("index", key, build)


def _answer(
    task: CellTask, searcher: Searcher, queries: QuerySet, batch_size: int, on_event: OnEvent
) -> tuple[list[tuple[str, Ranking]], dict[str, Any]]:
    """All rankings, with throughput and latency. One untimed query first, so that start-up is not counted."""
    searcher.search(queries.queries[:1], task.identity.depth)
    rankings: list[tuple[str, Ranking]] = []
    total = len(queries.queries)
    seconds = []
    for start in range(0, total, batch_size):
        batch = queries.queries[start : start + batch_size]
        found, taken = _timed_search(searcher, batch, task.identity.depth)
        rankings += zip((query.id for query in batch), found, strict=True)
        seconds.append(taken)
        on_event(Event(kind="advanced", key=task.key, phase="searching", done=len(rankings), total=total))
    latencies = seconds
    if batch_size > 1:
        latencies = [_timed_search(searcher, (q,), task.identity.depth)[1] for q in queries.queries[:LATENCY_SAMPLE]]
    p50, p95 = np.percentile(latencies, [50, 95])
    timing = {
        "search_seconds": sum(seconds),
        "queries_per_second": total / sum(seconds),
        "latency_p50_ms": 1000 * float(p50),
        "latency_p95_ms": 1000 * float(p95),
    }
    return rankings, timing


def _timed_search(searcher: Searcher, batch: tuple[Query, ...], depth: int) -> tuple[list[Ranking], float]:
    start = time.perf_counter()
    found = list(searcher.search(batch, depth))
    taken = time.perf_counter() - start
    if len(found) != len(batch):
        raise ClirError(f"the system returned {len(found)} rankings for {len(batch)} queries")
    for query, ranking in zip(batch, found, strict=True):
        if len(ranking) > depth:
            raise ClirError(f"the system returned {len(ranking)} documents for query '{query.id}' at depth {depth}")
    return found, taken
