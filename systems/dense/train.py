"""Training a bi-encoder with in-batch negatives: every query's negatives are the other passages of its batch.

The loss is InfoNCE (van den Oord et al., 2018, https://arxiv.org/abs/1807.03748), as DPR and SimCSE use it: the
negative log probability of the relevant passage under a softmax over scores / temperature.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from clir_harness.harness.training import Bitext, TrainingContext
from clir_harness.systems.dense.encoder import TextEncoder
from clir_harness.systems.dense.settings import DenseTraining
from clir_harness.systems.dense.start import start_encoder
from clir_harness.systems.training.encoder import train_encoder
from clir_harness.systems.training.pairs import QueryPassage, require_known, unknown_share
from clir_harness.systems.training.precision import trains_in_bfloat16


def train_on_bitext(bitext: Bitext, settings: DenseTraining, output: Path, context: TrainingContext) -> None:
    """Train one encoder for both sides of sentence pairs, either of which is the query in turn; see `train_encoder`.

    Args:
        bitext: files by language.
        settings: start, steps, batch size ...
        output: an existing folder.
        context: seed, threads, checkpoints, progress.

    Raises:
        UsageError: when the tokenizer does not know the words of the languages.
    """
    languages = ", ".join(sorted(bitext))
    facts: dict[str, object] = {}

    def start(pairs: Sequence[QueryPassage]) -> TextEncoder:
        encoder = start_encoder(settings, pairs, context.seed)
        unknown = unknown_share(encoder.tokenizer, (query for query, _ in pairs))
        require_known(unknown, languages)
        facts["unknown tokens"] = f"{unknown:.1%}"
        if unknown > 0.05:
            context.progress(0, settings.steps, f"{unknown:.0%} of the queries' tokens are unknown to the tokenizer")
        return encoder

    train_encoder(
        bitext,
        settings,
        output,
        context,
        start=start,
        pairs_loss=lambda encoder, _: partial(_loss, encoder, settings),
        scores=lambda encoder, queries, passages: torch.from_numpy(
            encoder.encode(queries, "query") @ encoder.encode(passages, "passage").T
        ),
        describe=lambda encoder: _described(encoder, settings, languages, facts),
    )


def in_batch_loss(scores: Tensor, same_passage: Tensor, same_query: Tensor, symmetric: bool) -> Tensor:
    """InfoNCE over a batch.

    Args:
        scores: (B, B) of queries by passages, over the temperature; the diagonal is relevant.
        same_passage: booleans (B, B), symmetric: pairs of rows whose passages are the same text.
        same_query: the same for queries.
        symmetric: the mean of both directions instead of queries to passages.

    Returns:
        The mean over the batch. What equals the relevant text is left out of its negatives.
    """
    target = torch.arange(len(scores), device=scores.device)
    off_diagonal = ~torch.eye(len(scores), dtype=torch.bool, device=scores.device)
    lowest = torch.finfo(scores.dtype).min
    twins = (same_passage | same_query) & off_diagonal
    masked = scores.masked_fill(twins, lowest)
    loss = functional.cross_entropy(masked, target)
    return (loss + functional.cross_entropy(masked.T, target)) / 2 if symmetric else loss


def _loss(
    encoder: TextEncoder,
    settings: DenseTraining,
    number: int,
    batch: Sequence[QueryPassage],
    _draw: random.Random,
) -> Tensor:
    queries, passages = zip(*batch, strict=True)
    if number % 2:  # either side of parallel text is the query in turn
        queries, passages = passages, queries
    device = encoder.device
    with torch.autocast(device.type, torch.bfloat16, enabled=trains_in_bfloat16(settings.precision, device)):
        query_vectors = encoder(**encoder.tokenize(queries, "query"))
        passage_vectors = encoder(**encoder.tokenize(passages, "passage"))
    scores = query_vectors.float() @ passage_vectors.float().T / _temperature(settings, encoder)
    return in_batch_loss(scores, _same(passages, device), _same(queries, device), settings.symmetric)


def _same(texts: Sequence[str], device: torch.device) -> Tensor:
    numbers: dict[str, int] = {}
    ids = torch.tensor([numbers.setdefault(text, len(numbers)) for text in texts], device=device)
    return ids[:, None] == ids[None, :]


def _temperature(settings: DenseTraining, encoder: TextEncoder) -> float:
    if settings.temperature is not None:
        return settings.temperature
    return 0.05 if encoder.recipe.normalise else 1.0


def _described(
    encoder: TextEncoder, settings: DenseTraining, languages: str, facts: Mapping[str, object]
) -> tuple[str, str, dict[str, object]]:
    """Title, paragraph and facts of the model card."""
    recipe = encoder.recipe
    about = (
        f"Trained on sentence pairs in {languages} with their translations (InfoNCE). Use it with "
        "`{system: dense, settings: {encoder: FOLDER}}`; sentence-transformers reads it, too."
    )
    own = {
        "pooling": recipe.pooling,
        "vectors": "unit length (cosine)" if recipe.normalise else "dot product",
        "query prompt": f"`{recipe.query_prompt}`",
        "passage prompt": f"`{recipe.passage_prompt}`",
        "temperature": f"{_temperature(settings, encoder):g}",
    }
    return "Bi-encoder trained with in-batch negatives", about, {**own, **facts}
