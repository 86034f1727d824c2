"""Vectors of documents in a FAISS index, searched by inner product: exactly, or through an HNSW graph.

FAISS sums in another order for one query than for many. So that a ranking depends on neither, candidates are scored
again in double precision, and all that might belong into a ranking are candidates.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import psutil
from numpy.typing import NDArray

from clir_harness.harness.errors import DataError, UsageError
from clir_harness.harness.system import Ranking

Vectors = NDArray[np.float32]

INDEX_FILE = "index.faiss"
IDS_FILE = "docids.json"
_SPILL = "vectors.f32"
_BLOCK = 65_536
_SPARE = 32
_SLACK = 1e-5
"""How much FAISS's scores may be off, relative to the largest."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Parameters of an HNSW graph (Malkov & Yashunin, 2018, https://arxiv.org/abs/1603.09320).

    Attributes:
        m: links a vector has on every layer but the lowest, which has twice as many.
        ef_construction: candidates examined when a vector is linked.
    """

    m: int = 32
    ef_construction: int = 200


def build_index(
    batches: Iterable[tuple[Sequence[str], Vectors]],
    dim: int,
    folder: Path,
    *,
    graph: Graph | None = None,
    memory: int | None = None,
) -> int:
    """Write an index of vectors into a folder; memory stays flat until all are there, then holds the vectors once.

    Args:
        batches: document ids with one vector (dim) each, as a stream. An id may come several times: a document's
            score is that of its best vector.
        dim: dimensions of a vector.
        folder: an existing folder.
        graph: for an approximate index; None for an exact one. It is built by one thread, so that the same vectors
            give the same graph.
        memory: bytes that the index may take; what the machine has available when left out.

    Returns:
        The number of vectors.

    Raises:
        UsageError: as soon as there are more vectors than fit into memory.
        DataError: when a vector has values that are not finite.
    """
    ids: list[str] = []
    spill = folder / _SPILL
    with spill.open("wb") as handle:
        for names, vectors in batches:
            if not np.isfinite(vectors).all():
                bad = names[int(np.argmin(np.isfinite(vectors).all(axis=1)))]
                raise DataError(f"the encoder gives no finite vector for document '{bad}'", hint="check its weights")
            ids.extend(names)
            _check_memory(len(ids), dim, graph, memory)
            handle.write(np.ascontiguousarray(vectors, np.float32).tobytes())
    index = _empty_index(dim, graph)
    with _threads(1):
        for block in _blocks(spill, len(ids), dim):
            index.add(block)
    spill.unlink()
    faiss.write_index(index, str(folder / INDEX_FILE))
    (folder / IDS_FILE).write_text(json.dumps(ids, ensure_ascii=True), encoding="utf-8")
    return len(ids)


class VectorIndex:
    """An index that `build_index` wrote.

    Args:
        folder: where it is; nothing is written there.
        ef_search: candidates that a graph is searched for, and so its longest ranking; None for an exact index.
        threads: how many CPU threads to search with.

    Raises:
        DataError: when the index is absent or damaged.
    """

    def __init__(self, folder: Path, ef_search: int | None = None, threads: int = 1) -> None:
        try:
            self._index: Any = faiss.read_index(str(folder / INDEX_FILE))
            ids: list[str] = json.loads((folder / IDS_FILE).read_text("utf-8"))
        except (RuntimeError, OSError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise DataError(f"holds no readable index: {reason}", path=folder, hint="build it again") from error
        if len(ids) != self._index.ntotal:
            raise DataError(f"has {self._index.ntotal} vectors and {len(ids)} ids", path=folder, hint="build it again")
        self._ids = ids
        self._ef_search, self._workers = ef_search, threads
        if ef_search is not None:
            _graph_of(self._index).efSearch = ef_search

    @property
    def dim(self) -> int:
        """Dimensions of a vector."""
        return int(self._index.d)

    def search(self, queries: Vectors, depth: int) -> list[Ranking]:
        """Rankings of documents by inner product with query vectors (queries, dim), each at most `depth` long.

        Equal scores, to six digits, are in the order of ids, descending.

        Args:
            queries: float32 vectors.
            depth: documents in a ranking, at most.

        Returns:
            A ranking for each query.
        """
        if not self._ids or not len(queries) or depth < 1:
            return [[] for _ in queries]
        with _threads(self._workers):
            if self._ef_search is not None:
                _, rows = self._index.search(queries, min(self._ef_search, len(self._ids)))
                return [
                    self._rank(query, found[found >= 0])[:depth] for query, found in zip(queries, rows, strict=True)
                ]
            return self._search_exactly(queries, depth)

    def _search_exactly(self, queries: Vectors, depth: int) -> list[Ranking]:
        rankings: list[Ranking] = [[] for _ in queries]
        waiting, wanted = list(range(len(queries))), depth + _SPARE
        while waiting:
            wanted = min(wanted, len(self._ids))
            scores, rows = self._index.search(queries[waiting], wanted)
            again = []
            for number, found_scores, found in zip(waiting, scores, rows, strict=True):
                if wanted < len(self._ids) and self._cut_too_early(found_scores, found, depth):
                    again.append(number)
                else:
                    rankings[number] = self._rank(queries[number], found)[:depth]
            waiting, wanted = again, 4 * wanted
        return rankings

    def _cut_too_early(self, scores: Vectors, rows: NDArray[np.int64], depth: int) -> bool:
        """Whether a document that was not found might tie with one of the best."""
        slack = _SLACK * max(1.0, float(np.abs(scores).max()))
        surely = rows[scores > scores[-1] + slack]
        return len({self._ids[row] for row in surely}) < depth

    def _rank(self, query: Vectors, rows: NDArray[np.int64]) -> list[tuple[str, float]]:
        vectors = self._index.reconstruct_batch(rows).astype(np.float64)
        best: dict[str, float] = {}
        for row, score in zip(rows, vectors @ query.astype(np.float64), strict=True):
            rounded, document = float(f"{score:.6g}"), self._ids[row]
            best[document] = max(rounded, best.get(document, rounded))
        return sorted(best.items(), key=lambda found: (found[1], found[0]), reverse=True)


def _empty_index(dim: int, graph: Graph | None) -> Any:
    if graph is None:
        return faiss.IndexFlatIP(dim)
    index = faiss.IndexHNSWFlat(dim, graph.m, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = graph.ef_construction
    return index


def _graph_of(index: Any) -> Any:
    return index.hnsw


def _check_memory(count: int, dim: int, graph: Graph | None, memory: int | None) -> None:
    needed = count * (4 * dim + (0 if graph is None else 8 * graph.m + 16))
    there = psutil.virtual_memory().available if memory is None else memory
    if needed > there:
        raise UsageError(
            f"the index of {count:,} vectors of {dim} dimensions so far needs {needed / 2**30:.1f} GiB of memory, "
            f"{there / 2**30:.1f} GiB are available",
            hint="use a machine with more memory, an encoder with fewer dimensions, or passages: first",
        )


def _blocks(spill: Path, count: int, dim: int) -> Iterator[Vectors]:
    for start in range(0, count, _BLOCK):
        rows = min(_BLOCK, count - start)
        yield np.fromfile(spill, np.float32, rows * dim, offset=4 * dim * start).reshape(rows, dim)


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """FAISS's threads, which are one number for the whole process."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(count)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
