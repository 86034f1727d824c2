"""Training a bi-encoder with in-batch negatives: every query's negatives are the other passages of its batch.

The loss is InfoNCE (van den Oord et al., 2018, https://arxiv.org/abs/1807.03748), as DPR and SimCSE use it: the
negative log probability of the relevant passage under a softmax over scores / temperature.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.optim import Optimizer

from clir_harness.harness.collections.base import content_digest
from clir_harness.harness.identity import settings_without_places
from clir_harness.harness.training import Bitext, TrainingContext
from clir_harness.systems.dense.encoder import TextEncoder
from clir_harness.systems.dense.model_card import write_card
from clir_harness.systems.dense.settings import MDPRTraining
from clir_harness.systems.dense.start import start_encoder
from clir_harness.systems.parallel_text.bitext import read_bitext
from clir_harness.systems.training.checkpoints import CURVE, Checkpoints
from clir_harness.systems.training.optimisation import adamw, set_rates, take_step
from clir_harness.systems.training.pairs import Pair, batch_of_step, require_known, split_pairs, unknown_share

__all__ = ["TrainingReport", "in_batch_loss", "mean_reciprocal_rank", "train_on_bitext", "train_pairs"]


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """How a training went.

    Attributes:
        steps: batches trained on.
        pairs: pairs trained on.
        held_out: pairs measured on.
        unknown_tokens: share of the queries' tokens that the tokenizer does not know.
        temperature: what scores were divided by.
        first_loss, last_loss: means over the first and the last tenth of the steps.
        mrr_before, mrr_after: mean reciprocal rank of the held-out passages among each other, for their queries; None
            without held-out pairs.
    """

    steps: int
    pairs: int
    held_out: int
    unknown_tokens: float
    temperature: float
    first_loss: float
    last_loss: float
    mrr_before: float | None
    mrr_after: float | None


def train_on_bitext(bitext: Bitext, settings: MDPRTraining, output: Path, context: TrainingContext) -> TrainingReport:
    """Train on sentence pairs: the foreign sentence is the query and its translation the passage, or the reverse.

    Raises:
        DataError: when a file is malformed, or there is too little of it.
        UsageError: when the encoder's vocabulary lacks a language.
        DivergedError: the loss became NaN or infinite; checkpoints stay.
    """
    pairs = [
        (pair.source, pair.target)
        for language, files in sorted(bitext.items())
        for file in files
        for pair in read_bitext(file, language)
    ]
    return train_pairs(pairs, settings, output, context, both_roles=True, languages=sorted(bitext))


def train_pairs(
    pairs: Iterable[Pair],
    settings: MDPRTraining,
    output: Path,
    context: TrainingContext,
    *,
    both_roles: bool = False,
    languages: Sequence[str] = (),
) -> TrainingReport:
    """Train one encoder for both sides on (query, relevant passage) pairs, and save it with its history.

    The same pairs, settings and seed give the same weights on the same machine, also after a kill: a training that
    finds its checkpoint in `context.scratch` goes on from there.

    Args:
        pairs: what to learn; in a batch, equal passages are never each other's negatives.
        settings: start, steps, batch size, learning rate ...
        output: an existing folder; gets the model, `README.md`, `training.json` and `losses.jsonl`.
        context: seed, threads, checkpoints, progress.
        both_roles: swap queries and passages in every other batch, as suits parallel text.
        languages: tags of the queries' languages, for messages and the model card.

    Raises:
        DataError: when there are too few pairs.
        UsageError: when the tokenizer does not know the queries' words.
        DivergedError: the loss became NaN or infinite; checkpoints stay.
        MissingDataError: when the encoder to start from is absent.
    """
    with _threads(context.threads):
        train, held = split_pairs(pairs, settings.held_out, context.seed)
        context.tell(0, settings.steps, "making the encoder to start from")
        encoder = start_encoder(settings, train, context.seed)
        unknown = unknown_share(encoder.tokenizer, (query for query, _ in train))
        require_known(unknown, ", ".join(languages) or "the queries")
        if unknown > 0.05:
            context.tell(0, settings.steps, f"{unknown:.0%} of the queries' tokens are unknown to the tokenizer")
        run = {
            "encoder": encoder.digest(),
            "settings": settings_without_places(settings),
            "pairs": content_digest(train),
            "seed": context.seed,
            "roles": 1 + both_roles,
        }
        checkpoints = Checkpoints(context.scratch, run)
        before = mean_reciprocal_rank(encoder, held)
        _fit(encoder, train, held, settings, context, checkpoints, both_roles)
        after = mean_reciprocal_rank(encoder, held)
    losses = [
        row["loss"] for row in map(json.loads, checkpoints.curve.read_text("utf-8").splitlines()) if "loss" in row
    ]
    tenth = max(1, len(losses) // 10)
    report = TrainingReport(
        steps=settings.steps,
        pairs=len(train),
        held_out=len(held),
        unknown_tokens=unknown,
        temperature=_temperature(settings, encoder),
        first_loss=float(np.mean(losses[:tenth])),
        last_loss=float(np.mean(losses[-tenth:])),
        mrr_before=before,
        mrr_after=after,
    )
    encoder.eval().save(output)
    shutil.copyfile(checkpoints.curve, output / CURVE)
    write_card(output, encoder.recipe, settings, context.seed, languages, asdict(report))
    return report


def in_batch_loss(scores: Tensor, same_passage: Tensor, same_query: Tensor, symmetric: bool) -> Tensor:
    """InfoNCE over a batch.

    Args:
        scores: (B, B) of queries by passages, over the temperature; the diagonal is relevant.
        same_passage: booleans (B, B), symmetric: pairs of rows whose passages are the same text.
        same_query: the same for queries.
        symmetric: the mean of both directions in place of queries to passages.

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


def mean_reciprocal_rank(encoder: TextEncoder, pairs: Sequence[Pair]) -> float | None:
    """Mean reciprocal rank of each pair's passage among all of their passages; None without pairs."""
    if not pairs:
        return None
    texts = list(dict.fromkeys(passage for _, passage in pairs))
    place = {text: number for number, text in enumerate(texts)}
    scores = encoder.encode([query for query, _ in pairs], "query") @ encoder.encode(texts, "passage").T
    relevant = scores[np.arange(len(pairs)), [place[passage] for _, passage in pairs]]
    return float(np.mean(1 / (1 + (scores > relevant[:, None]).sum(axis=1))))


def _fit(
    encoder: TextEncoder,
    train: Sequence[Pair],
    held: Sequence[Pair],
    settings: MDPRTraining,
    context: TrainingContext,
    checkpoints: Checkpoints,
    both_roles: bool,
) -> None:
    optimizer = adamw(
        encoder,
        encoder.body.get_input_embeddings(),
        rate=settings.lr,
        embedding_rate=settings.embedding_lr or settings.lr,
        weight_decay=settings.weight_decay,
    )
    encoder.train()
    with torch.random.fork_rng():
        for step in range(checkpoints.restore(encoder, optimizer)["step"], settings.steps):
            set_rates(optimizer, step, settings.steps, settings.warmup)
            torch.manual_seed(_dropout_seed(context.seed, step))  # the same after a resume
            batch = batch_of_step(train, step, settings.batch_size, context.seed)
            if both_roles and step % 2:
                batch = [(passage, query) for query, passage in batch]
            loss = _step(encoder, optimizer, batch, settings, step)
            checkpoints.note(step=step + 1, loss=loss, lr=optimizer.param_groups[0]["lr"])
            context.tell(step + 1, settings.steps, f"loss {loss:.3f}")
            if (step + 1) % settings.checkpoint_every == 0:
                if held:
                    checkpoints.note(step=step + 1, mrr=mean_reciprocal_rank(encoder, held))
                checkpoints.save(encoder, optimizer, step=step + 1)


def _step(
    encoder: TextEncoder, optimizer: Optimizer, batch: Sequence[Pair], settings: MDPRTraining, step: int
) -> float:
    queries, passages = [query for query, _ in batch], [passage for _, passage in batch]
    with torch.autocast(encoder.device.type, torch.bfloat16, enabled=settings.bf16):
        asked = encoder(**encoder.tokenize(queries, "query"))
        held = encoder(**encoder.tokenize(passages, "passage"))
    scores = asked.float() @ held.float().T / _temperature(settings, encoder)
    loss = in_batch_loss(scores, _same(passages, scores.device), _same(queries, scores.device), settings.symmetric)
    return take_step(encoder, optimizer, loss, step)


def _same(texts: Sequence[str], device: torch.device) -> Tensor:
    numbers: dict[str, int] = {}
    ids = torch.tensor([numbers.setdefault(text, len(numbers)) for text in texts], device=device)
    return ids[:, None] == ids[None, :]


def _temperature(settings: MDPRTraining, encoder: TextEncoder) -> float:
    if settings.temperature is not None:
        return settings.temperature
    return 0.05 if encoder.recipe.normalise else 1.0


def _dropout_seed(seed: int, step: int) -> int:
    return int(np.random.SeedSequence([seed, step]).generate_state(1, np.uint64)[0] >> 1)


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
