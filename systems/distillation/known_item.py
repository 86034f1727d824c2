"""Known-item search over held-out pairs: does a sentence find its own translation?"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence


def reciprocal_rank(queries: Sequence[Tensor], documents: Sequence[Tensor]) -> float:
    """Mean reciprocal rank of document i for query i by MaxSim, a tie counting against it.

    Args:
        queries: token vectors (tokens, dim) of each query; one without tokens counts 0.
        documents: token vectors of each document, as many as queries.

    >>> one, two = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    >>> reciprocal_rank([one, two], [one, two]), reciprocal_rank([one, two], [two, one])
    (1.0, 0.5)
    """
    padded = pad_sequence(list(documents), batch_first=True)
    lengths = torch.tensor([len(document) for document in documents])
    absent = torch.arange(padded.shape[1]) >= lengths.unsqueeze(1)
    total = 0.0
    for number, query in enumerate(queries):
        if not len(query):
            continue
        similarities = torch.einsum("dtk,qk->dqt", padded, query)
        scores = similarities.masked_fill(absent.unsqueeze(1), -1e4).amax(2).sum(1)
        rank = int((scores >= scores[number]).sum())
        total += 1 / rank
    return total / len(queries)
