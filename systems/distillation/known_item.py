"""Known-item search over held-out pairs: does a sentence find its own translation?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from clir_harness.systems.late_interaction.maxsim import maxsim_scores


def reciprocal_rank(queries: Sequence[Tensor], documents: Sequence[Tensor]) -> float:
    """Mean reciprocal rank of document i for query i by MaxSim, a tie counting against it.

    Args:
        queries: token vectors (tokens, dim) of each query; one without tokens counts 0.
        documents: token vectors of each document, as many as queries.

    >>> one, two = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    >>> reciprocal_rank([one, two], [one, two]), reciprocal_rank([one, two], [two, one])
    (1.0, 0.5)
    """
    offsets = np.cumsum([0, *(len(document) for document in documents)])
    scores = maxsim_scores(queries, torch.cat(list(documents)), offsets)
    ranks = (scores >= scores.diagonal().unsqueeze(1)).sum(1)
    asked = torch.tensor([len(query) > 0 for query in queries], device=ranks.device)
    return float(torch.where(asked, 1 / ranks, 0.0).mean())
