"""One cell of a board: one system on one collection, carried out in whichever process is given the task."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Collection
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from clir_harness.harness.collections.base import DocumentSet, Query, QuerySet, TestCollection
from clir_harness.harness.collections.sources import build_source, obtain
from clir_harness.harness.errors import ClirError, StoreError
from clir_harness.harness.evaluation import evaluate
from clir_harness.harness.execution.indexing import index_key, open_searcher, with_components
from clir_harness.harness.execution.measurement import PeakMemory, folder_bytes, machine
from clir_harness.harness.execution.planned_data import as_planned, require_planned
from clir_harness.harness.execution.provenance import ir_metadata
from clir_harness.harness.execution.scores import JUDGED, keep_scores
from clir_harness.harness.identity import fingerprint, package_version, system_identity
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.perturbation.tracks import Perturbation
from clir_harness.harness.plugins.calls import INTERRUPTS, described
from clir_harness.harness.runs.run import Run
from clir_harness.harness.store import Artefact, Store
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
        depth, seed, threads, measures: as in the suite.
        identity: what the key is a digest of; kept with the result.
        collection: counts, digests, licence and warnings of the collection; kept with the result.
        command: command line that carries out this cell, and those of the same row and pair in other tracks.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    row: Row
    source: str
    source_settings: dict[str, Any]
    data: str | None
    entry: str
    perturbation: Perturbation | None = None
    depth: int
    seed: int
    threads: int
    measures: list[str]
    identity: dict[str, Any]
    collection: dict[str, Any]
    command: str


def cell_name(row: Row, collection: str, perturbation: Perturbation | None) -> str:
    """What people read: the row, the collection and, when there is one, the perturbation."""
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


Listener = Callable[[Event], None]


def carry_out(task: CellTask, store: Store, listen: Listener) -> dict[str, Any]:
    """Carry out a cell and keep its result; a cell that fails is kept as failed, with its reason.

    Raises:
        StoreError: when the store cannot take the result (disk full ...): nothing about the cell is kept.
    """
    name = cell_name(task.row, task.collection["id"], task.perturbation)
    listen(Event(kind="started", key=task.key, name=name))
    try:
        record = store.publish_cell(task.key, lambda folder: _compute(task, store, folder, listen))
    except StoreError:
        raise
    except INTERRUPTS:
        raise
    except BaseException as error:
        if "No space left on device" in str(error):  # how Java says it
            raise StoreError(f"no space left in the store {store.root}", hint="free space and run again") from error
        record = keep_failure(task, store, error)
    reason = record["error"]["message"] if record["status"] == "failed" else ""
    listen(Event(kind="ended", key=task.key, status=record["status"], reason=reason))
    return record


def keep_failure(task: CellTask, store: Store, error: BaseException) -> dict[str, Any]:
    """Keep a cell as failed, with the reason; a later run tries it again."""
    message = error.message if isinstance(error, ClirError) else described(error)
    hint = getattr(error, "hint", None)
    details = {
        "type": type(error).__name__,
        "message": _in_utf8(message),
        "hint": None if hint is None else _in_utf8(hint),
        "traceback": _in_utf8("".join(traceback.format_exception(error))),
    }
    return store.publish_cell(task.key, lambda _: {**_header(task), "status": "failed", "error": details})


def _in_utf8(text: str) -> str:
    """Text of an error, which may hold parts of names that UTF-8 has no bytes for."""
    return text.encode("utf-8", "backslashreplace").decode()


def _header(task: CellTask) -> dict[str, Any]:
    return {
        "key": task.key,
        "row": task.row.model_dump(mode="json"),
        "collection": task.collection,
        "track": task.perturbation.record() if task.perturbation else None,
        "depth": task.depth,
        "seed": task.seed,
        "identity": task.identity,
        "command": task.command,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "version": package_version("clir-harness"),
    }


def _compute(task: CellTask, store: Store, folder: Path, listen: Listener) -> dict[str, Any]:
    source = build_source(task.source, task.source_settings, Path(task.data) if task.data else None)
    collection = obtain(source, task.entry)
    system = SYSTEMS.get(task.row.system).configure(task.row.settings)
    if fingerprint(system_identity(system)) != fingerprint(task.identity["system"]):
        raise ClirError("what the system is made of (code or files) has changed since the plan", hint="run again")
    require_planned(collection, task.row.queries, task.identity["queries"]["digest"], task.collection["qrels_digest"])
    queries, track = _queries(task, collection)
    documents = collection.documents

    def key_of(part: RetrievalSystem[Any]) -> str:
        return index_key(part, task.collection["documents_digest"], documents.language, task.seed)

    indexes = {
        key_of(part): _obtain_index(task, part, documents, key_of(part), store, listen)
        for part in with_components(system)
    }
    context = SearchContext(LanguagePair(queries.language, documents.language), task.seed, task.threads)
    with PeakMemory() as memory, ExitStack() as stack:
        searcher = open_searcher(
            system, lambda part: indexes[key_of(part)].content, context, stack, drop_self=collection.drop_self
        )
        rankings, timing = _answer(task, searcher, queries, system.batch_size, listen)
        came_up = dict(searcher.describe())
    run = Run.from_rankings(rankings, tag="_".join(task.row.label.split()))
    header = _header(task) | {"track": track}
    described = dict(system.describe_index(documents.language))
    run.write(folder / "run.trec.gz", metadata=ir_metadata(header, {**described, **came_up}))
    evaluation = evaluate(run, collection.qrels, [*task.measures, JUDGED], same_documents=True)
    return {
        **header,
        "status": "done",
        **keep_scores(run, collection.qrels, evaluation, task.measures, folder),
        "index": {
            **described,
            "documents": task.collection.get("documents"),
            "reused": all(index.reused for index in indexes.values()),
        },
        "search": came_up,
        "costs": {**_index_costs(indexes.values()), **timing, "search_peak_memory_bytes": memory.bytes},
    }


def _queries(task: CellTask, collection: TestCollection) -> tuple[QuerySet, dict[str, Any] | None]:
    """The queries of the cell, and what is kept of its track."""
    queries = collection.query_set(task.row.queries)
    if task.perturbation is None:
        return queries, None
    perturbed = task.perturbation.apply(queries)
    measured = {"queries_changed": perturbed.changed, "words_covered": perturbed.covered}
    return perturbed.queries, {**task.perturbation.record(), **measured}


def _index_costs(indexes: Collection[Artefact]) -> dict[str, float]:
    """What the indexes cost when they were built, whichever cell built them: sums, and the highest peak."""
    return {
        "index_seconds": sum(index.record["index_seconds"] for index in indexes),
        "index_bytes": sum(index.record["index_bytes"] for index in indexes),
        "index_peak_memory_bytes": max(index.record["index_peak_memory_bytes"] for index in indexes),
    }


def _obtain_index(
    task: CellTask,
    system: RetrievalSystem[Any],
    documents: DocumentSet,
    key: str,
    store: Store,
    listen: Listener,
) -> Artefact:
    """The index of one system over the task's documents, built and measured now when it is not there yet."""
    total, planned = task.collection.get("documents"), task.collection["documents_digest"]

    def build(folder: Path) -> dict[str, Any]:
        stream = as_planned(
            documents,
            planned,
            lambda done: listen(Event(kind="advanced", key=task.key, phase="indexing", done=done, total=total)),
        )
        start = time.perf_counter()
        with PeakMemory() as memory:
            system.index(stream, folder, IndexContext(documents.language, task.seed, task.threads))
        return {
            "index_seconds": time.perf_counter() - start,
            "index_bytes": folder_bytes(folder),
            "index_peak_memory_bytes": memory.bytes,
        }

    return store.obtain("index", key, build)


def _answer(
    task: CellTask, searcher: Searcher, queries: QuerySet, batch_size: int, listen: Listener
) -> tuple[list[tuple[str, Ranking]], dict[str, float]]:
    """All rankings, with throughput and latency. One untimed query first, so that start-up is not counted."""
    searcher.search(queries.queries[:1], task.depth)
    rankings: list[tuple[str, Ranking]] = []
    total = len(queries.queries)
    seconds = []
    for start in range(0, total, batch_size):
        batch = queries.queries[start : start + batch_size]
        found, taken = _timed_search(searcher, batch, task.depth)
        rankings += zip((query.id for query in batch), found, strict=True)
        seconds.append(taken)
        listen(Event(kind="advanced", key=task.key, phase="searching", done=len(rankings), total=total))
    latencies = seconds
    if batch_size > 1:
        latencies = [_timed_search(searcher, (q,), task.depth)[1] for q in queries.queries[:LATENCY_SAMPLE]]
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
