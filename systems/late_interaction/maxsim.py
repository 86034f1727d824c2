"""Exact MaxSim: for each token of a query its best match in a passage, summed over the query's tokens.

Passages are arranged by length, so that within a matrix product the best matches of all passages of one length are a
plain maximum over an axis, without padding and without scattering. Blocks of scores are kept small
enough for the processor's caches, where the maximum costs next to nothing beside the product.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

CPU_BLOCK = 8 * 2**20
"""Bytes of scores and converted vectors at once on a processor: they should stay in its caches between conversion,
product and maximum."""

GPU_BLOCK = 2**30
"""The same on an accelerator: enough to keep it busy."""


@dataclass(frozen=True, slots=True)
class LengthGroup:
    """Passages of one length, whose tokens lie one after another.

    Attributes:
        length: tokens of each passage.
        first: row of the first token of the first passage.
        passages: their numbers, (P,).
    """

    length: int
    first: int
    passages: Tensor


@dataclass(frozen=True, slots=True)
class ArrangedTokens:
    """Token vectors of passages, arranged by the passages' lengths.

    Attributes:
        vectors: (N, dim), usually float16.
        groups: passages by length; those without a token are in none.
        passages: how many there are, those without a token included.
    """

    vectors: Tensor
    groups: tuple[LengthGroup, ...]
    passages: int

    @classmethod
    def of(
        cls, vectors: NDArray[np.floating] | Tensor, offsets: NDArray[np.int64], device: torch.device | str = "cpu"
    ) -> ArrangedTokens:
        """Arrange passages that lie one after another; the vectors are copied, to the device they are scored on.

        Args:
            vectors: (N, dim).
            offsets: (P + 1,), rising; passage p has the rows from `offsets[p]` up to `offsets[p + 1]`, counted from
                `offsets[0]`.
            device: where scores will be computed.

        Returns:
            The arranged passages.
        """
        lengths = np.diff(offsets)
        order = np.argsort(lengths, kind="stable")
        sorted_lengths = lengths[order]
        starts = np.concatenate([[0], np.cumsum(sorted_lengths)])
        rows = np.repeat(offsets[:-1][order] - offsets[0] - starts[:-1], sorted_lengths) + np.arange(starts[-1])
        gathered = torch.as_tensor(vectors).index_select(0, torch.from_numpy(rows)).to(device)
        cuts = [*np.unique(sorted_lengths, return_index=True)[1].tolist(), len(order)]
        groups = tuple(
            LengthGroup(int(sorted_lengths[start]), int(starts[start]), torch.from_numpy(order[start:end]).to(device))
            for start, end in pairwise(cuts)
            if sorted_lengths[start]
        )
        return cls(gathered, groups, len(order))


def maxsim_scores(
    queries: Sequence[NDArray[np.float32] | Tensor] | Tensor,
    vectors: NDArray[np.floating] | Tensor,
    offsets: NDArray[np.int64],
    *,
    mask: Tensor | None = None,
    memory: int | None = None,
) -> Tensor:
    """MaxSim of every query with every passage, computed in float32.

    Args:
        queries: vectors (tokens, dim) of each query, or all of them padded, (B, Q, dim).
        vectors: token vectors of all passages, (N, dim), in any floating type.
        offsets: (P + 1,); passage p has the rows from `offsets[p]` up to `offsets[p + 1]`.
        mask: (B, Q), which tokens of padded queries count; all of them when absent.
        memory: bytes that a block of scores may take.

    Returns:
        (B, P) float32, on the device of the queries; -inf for passages without a token.

    >>> queries, passages = [np.eye(2, dtype=np.float32)], np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32)
    >>> maxsim_scores(queries, passages, np.array([0, 2, 3, 3]))
    tensor([[2.0000, 1.4000,   -inf]])
    """
    rows = [torch.as_tensor(query) for query in queries]
    if mask is not None:
        rows = [query[kept.bool()] for query, kept in zip(rows, mask, strict=True)]
    device = rows[0].device if rows else "cpu"
    return arranged_scores(rows, ArrangedTokens.of(vectors, offsets, device), memory=memory)


def text_scores(queries: Sequence[NDArray[np.float32]], documents: Sequence[NDArray[np.float32]]) -> Tensor:
    """MaxSim (queries, documents) of texts that are token vectors (tokens, dim), of each at least one document.

    Args:
        queries, documents: token vectors (tokens, dim) of each text; at least one document.

    Returns:
        Scores (queries, documents).
    """
    return maxsim_scores(queries, np.concatenate(documents), np.cumsum([0, *map(len, documents)]))


def arranged_scores(queries: Sequence[Tensor], tokens: ArrangedTokens, *, memory: int | None = None) -> Tensor:
    """The same as `maxsim_scores`, over passages that are arranged already; queries are on their device.

    Args:
        queries: vectors (tokens, dim) of each query, on the device of the passages.
        tokens: the passages.
        memory: bytes that a block of scores may take; by the device if None.

    Returns:
        (B, P) float32, as `maxsim_scores`.
    """
    device = tokens.vectors.device
    scores = torch.full((len(queries), tokens.passages), -torch.inf, device=device)
    if memory is None:
        memory = GPU_BLOCK if device.type == "cuda" else CPU_BLOCK
    longest = max((group.length for group in tokens.groups), default=1)
    for some in _query_batches(queries, max(1, memory // (4 * longest))):
        stacked = torch.cat([queries[number] for number in some]).float()
        lengths = torch.tensor([len(queries[number]) for number in some], device=device)
        owners = torch.eye(len(some), device=device).repeat_interleave(lengths, 0)
        first, last = some[0], some[-1] + 1
        for passages, best in _best_matches(stacked, tokens, memory):
            scores[first:last, passages] = (best @ owners).T
    return scores


def _query_batches(queries: Sequence[Tensor], tokens: int) -> Iterator[range]:
    """Successive queries with a limited number of tokens together; one alone may have more."""
    start = count = 0
    for number, query in enumerate(queries):
        if number > start and count + len(query) > tokens:
            yield range(start, number)
            start, count = number, 0
        count += len(query)
    if queries:
        yield range(start, len(queries))


def _best_matches(stacked: Tensor, tokens: ArrangedTokens, memory: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Numbers of passages (P,) with the best match of each query token in each of them, (P, query tokens)."""
    columns, dim = stacked.shape
    queries = stacked.T.contiguous()
    longest = max((group.length for group in tokens.groups), default=0)
    rows = min(len(tokens.vectors), max(longest, memory // (4 * (columns + dim))))
    converted = torch.empty(rows, dim, device=stacked.device)
    products = torch.empty(rows, columns, device=stacked.device)
    for block in _blocks(tokens.groups, rows):
        first, count = block[0].first, sum(part.length * len(part.passages) for part in block)
        scores = torch.mm(converted[:count].copy_(tokens.vectors[first : first + count]), queries, out=products[:count])
        parts = scores.split([part.length * len(part.passages) for part in block])
        best = [s.view(-1, part.length, columns).amax(1) for s, part in zip(parts, block, strict=True)]
        yield torch.cat([part.passages for part in block]), torch.cat(best)


def _blocks(groups: Sequence[LengthGroup], rows: int) -> Iterator[list[LengthGroup]]:
    """Successive parts of groups with a limited number of rows together, at least one passage."""
    block: list[LengthGroup] = []
    room = rows
    for group in groups:
        start = 0
        while start < len(group.passages):
            count = min(room // group.length, len(group.passages) - start)
            if count == 0:
                yield block
                block, room = [], rows
                continue
            passages = group.passages[start : start + count]
            block.append(LengthGroup(group.length, group.first + start * group.length, passages))
            room -= count * group.length
            start += count
    if block:
        yield block


def top_documents(scores: NDArray[np.float32], id_ranks: NDArray[np.int64], depth: int) -> NDArray[np.int64]:
    """Positions of the best documents of one query: by score falling, then by id falling; -inf is never among them.

    Args:
        scores: (D,).
        id_ranks: (D,), place of each document's id among all ids in rising order.
        depth: how many at most.

    Returns:
        (depth,) or fewer, best first.

    >>> top_documents(np.array([1, 3, 3, -np.inf], np.float32), np.array([0, 1, 2, 3]), 2)
    array([2, 1])
    """
    found = np.flatnonzero(scores > -np.inf)
    if len(found) > depth:
        cut = np.partition(scores[found], len(found) - depth)[len(found) - depth]
        found = found[scores[found] >= cut]
    return found[np.lexsort((-id_ranks[found], -scores[found]))][:depth]
