"""Token vectors of a document collection on disk, written in one pass and searched exactly, in bounded memory.

Layout of the folder: `tokens.npy` (float16, tokens by dimensions), `offsets.npy` (int64, where each passage begins, and
the end), `passages.npy` (int64, the document of each passage), `docids.json`, `meta.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import torch
from numpy.lib import format as npy
from numpy.typing import NDArray
from torch import Tensor

from clir_harness.harness.collections.base import Document
from clir_harness.harness.errors import DataError
from clir_harness.systems.late_interaction.maxsim import ArrangedTokens, arranged_scores, top_documents

if TYPE_CHECKING:
    from clir_harness.systems.late_interaction.encoder import TokenEncoder

FORMAT = 1
WINDOW = 256 * 2**20
"""Bytes of token vectors that are read from disk and scored at once."""

SORTED_BATCHES = 16
"""Batches of passages that are sorted by length together, so that batches need little padding."""

_HEADER = 128
"""Bytes kept free for the head of tokens.npy, whose number of rows is known at the end."""


def write_index(
    documents: Iterable[Document],
    encoder: TokenEncoder,
    folder: Path,
    *,
    stride: int = 0,
    batch_size: int = 32,
) -> None:
    """Encode a stream of documents, passage by passage, into an empty folder; memory does not grow with the tokens.

    Args:
        documents: each is split into passages of the encoder's `document_length`. One without text has no passage.
        encoder: for the documents' language.
        folder: where to write; exists.
        stride: tokens that a passage shares with the one before.
        batch_size: passages encoded at once.
    """
    ids: list[str] = []
    owners: list[int] = []
    lengths: list[int] = []
    stream, some = iter(documents), SORTED_BATCHES * batch_size
    with (folder / "tokens.npy").open("wb") as handle:
        handle.seek(_HEADER)
        while batch := list(islice(stream, some)):
            passages = encoder.passages([document.contents for document in batch], stride)
            owners += [len(ids) + number for number, found in enumerate(passages) for _ in found]
            ids += [document.id for document in batch]
            rows = [row for found in passages for row in found]
            for start in range(0, len(rows), some):
                for vectors in encoder.encode_tokens(rows[start : start + some], "document", batch_size=batch_size):
                    handle.write(vectors.astype(np.float16).tobytes())
                    lengths.append(len(vectors))
        _write_header(handle, (sum(lengths), encoder.dim))
    np.save(folder / "offsets.npy", np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64))
    np.save(folder / "passages.npy", np.array(owners, dtype=np.int64))
    (folder / "docids.json").write_text(json.dumps(ids), encoding="utf-8")
    meta = {"format": FORMAT, "dim": encoder.dim, "documents": len(ids), "passages": len(owners)}
    (folder / "meta.json").write_text(json.dumps(meta, indent=1), encoding="utf-8")


def _write_header(handle: BinaryIO, shape: tuple[int, int]) -> None:
    """The head of a NumPy file (version 1.0), filled with blanks up to the place where the vectors begin."""
    description = f"{{'descr': '<f2', 'fortran_order': False, 'shape': {shape}, }}"
    magic = npy.magic(1, 0)
    room = _HEADER - len(magic) - 2
    handle.seek(0)
    handle.write(magic + room.to_bytes(2, "little") + description.ljust(room - 1).encode("ascii") + b"\n")


class TokenIndex:
    """An index written by `write_index`.

    Args:
        folder: where it is.
        memory: bytes of token vectors to keep in memory; a larger index stays on disk and is read by every search.
        device: where scores are computed.
        window: bytes of token vectors scored at once.

    Raises:
        DataError: when the folder holds no index of this format.
    """

    def __init__(
        self, folder: Path, *, memory: int = 4 * 2**30, device: torch.device | str = "cpu", window: int = WINDOW
    ) -> None:
        try:
            self.meta: dict[str, Any] = json.loads((folder / "meta.json").read_bytes())
            if self.meta["format"] != FORMAT:
                raise DataError(f"has format {self.meta['format']}, expected {FORMAT}", path=folder)
            self.ids: list[str] = json.loads((folder / "docids.json").read_bytes())
            self._vectors: NDArray[np.float16] = _mapped(folder / "tokens.npy")
            self._offsets: NDArray[np.int64] = np.load(folder / "offsets.npy", allow_pickle=False)
            self._owners: NDArray[np.int64] = np.load(folder / "passages.npy", allow_pickle=False)
        except (OSError, ValueError, KeyError) as error:
            raise DataError(f"is not an index of token vectors: {error}", path=folder, hint="index again") from error
        self.device = torch.device(device)
        self._id_ranks = np.empty(len(self.ids), dtype=np.int64)
        self._id_ranks[sorted(range(len(self.ids)), key=self.ids.__getitem__)] = np.arange(len(self.ids))
        self._spans = list(self._whole_documents(window))
        self.in_memory = self._vectors.nbytes <= _available(memory, self.device)
        self._kept = [self._arranged(span) for span in self._spans] if self.in_memory else None

    @property
    def dim(self) -> int:
        """Dimensions of a token vector."""
        return int(self.meta["dim"])

    def search(self, queries: Sequence[NDArray[np.float32] | Tensor], depth: int) -> list[list[tuple[str, float]]]:
        """The best documents of each query: ids with scores, by score falling, then by id falling.

        A document's score is that of its best passage (MaxP); one without a passage is never found.

        Args:
            queries: vectors (tokens, dim) of each query; a query without tokens finds nothing.
            depth: how many documents at most.

        Returns:
            A ranking for each query.

        Raises:
            DataError: when the queries' vectors have other dimensions than the index.
        """
        asked = [number for number, query in enumerate(queries) if len(query)]
        rows = [torch.as_tensor(queries[number]).to(self.device) for number in asked]
        for row in rows:
            if row.shape[1] != self.dim:
                raise DataError(
                    f"queries have vectors of {row.shape[1]} dimensions, the index of {self.dim}",
                    hint="encode queries and documents with encoders that belong together",
                )
        best: list[tuple[NDArray[np.int64], NDArray[np.float32]]]
        best = [(np.empty(0, np.int64), np.empty(0, np.float32)) for _ in rows]
        for number, span in enumerate(self._spans if rows else ()):
            tokens = self._kept[number] if self._kept is not None else self._arranged(span)
            documents, scores = self._by_document(span, arranged_scores(rows, tokens).cpu().numpy())
            for query, row in enumerate(scores):
                found, values = np.concatenate([best[query][0], documents]), np.concatenate([best[query][1], row])
                top = top_documents(values, self._id_ranks[found], depth)
                best[query] = found[top], values[top]
        rankings: list[list[tuple[str, float]]] = [[] for _ in queries]
        for number, (found, values) in zip(asked, best, strict=True):
            rankings[number] = [(self.ids[d], float(score)) for d, score in zip(found, values, strict=True)]
        return rankings

    def score(self, query: NDArray[np.float32] | Tensor, ids: Sequence[str]) -> list[float]:
        """MaxSim of a query with some documents, by their best passage.

        Args:
            query: vectors (tokens, dim).
            ids: of documents; one without a passage scores minus the number of tokens, no more than any with one.

        Returns:
            Scores in the order of the ids.

        Raises:
            DataError: when one of them is not in the index.
        """
        if absent := [name for name in ids if name not in self._numbers]:
            raise DataError(f"document '{absent[0]}' is not in the index of token vectors")
        numbers = [self._numbers[name] for name in ids]
        owners = [np.arange(*np.searchsorted(self._owners, [number, number + 1])) for number in numbers]
        passages = np.concatenate([np.empty(0, np.int64), *owners])
        lengths = self._offsets[passages + 1] - self._offsets[passages]
        rows = [np.arange(self._offsets[p], self._offsets[p + 1]) for p in passages]
        vectors = np.array(self._vectors[np.concatenate([np.empty(0, np.int64), *rows])])
        tokens = ArrangedTokens.of(vectors, np.concatenate([[0], np.cumsum(lengths)]), self.device)
        (scores,) = arranged_scores([torch.as_tensor(query).to(self.device)], tokens).cpu().numpy()
        bounds = np.cumsum([0, *(len(own) for own in owners)])
        return [
            float(scores[start:end].max()) if end > start else -float(len(query)) for start, end in pairwise(bounds)
        ]

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.ids)}

    def _whole_documents(self, window: int) -> Iterator[tuple[int, int]]:
        """Spans of passages: whole documents and a limited number of bytes; one document alone may have more."""
        starts = np.flatnonzero(np.diff(self._owners, prepend=-1))
        bounds = self._offsets[np.append(starts, len(self._owners))] * self.dim * 2
        first = 0
        while first < len(starts):
            last = max(first + 1, int(np.searchsorted(bounds, bounds[first] + window, side="right")) - 1)
            yield int(starts[first]), int(starts[last]) if last < len(starts) else len(self._owners)
            first = last

    def _arranged(self, span: tuple[int, int]) -> ArrangedTokens:
        offsets = self._offsets[span[0] : span[1] + 1]
        return ArrangedTokens.of(np.array(self._vectors[offsets[0] : offsets[-1]]), offsets, self.device)

    def _by_document(
        self, span: tuple[int, int], scores: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Documents of a span, and for each query (rows) the best of their passages' scores."""
        owners = self._owners[span[0] : span[1]]
        starts = np.flatnonzero(np.diff(owners, prepend=-1))
        return owners[starts], np.maximum.reduceat(scores, starts, axis=1)


def _mapped(path: Path) -> NDArray[np.float16]:
    """Vectors on disk; a file without rows cannot be mapped."""
    with path.open("rb") as handle:
        npy.read_magic(handle)
        (rows, dim), _, _ = npy.read_array_header_1_0(handle)
    if rows == 0:
        return np.empty((0, dim), dtype=np.float16)
    return np.load(path, mmap_mode="r", allow_pickle=False)  # type: ignore[no-any-return]


def _available(memory: int, device: torch.device) -> int:
    """The bound, lowered to half of what is free on an accelerator."""
    if device.type != "cuda":
        return memory
    free, _ = torch.cuda.mem_get_info(device)
    return min(memory, int(free) // 2)
