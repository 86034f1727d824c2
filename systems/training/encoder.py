"""Training an encoder on queries with relevant passages: everything except the encoder, its loss and its scores."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from huggingface_hub import ModelCardData
from torch import Tensor

from clir_harness.harness.collections.base import content_digest
from clir_harness.harness.training import Bitext, TrainingContext
from clir_harness.systems.parallel_text.training_data import describe_files
from clir_harness.systems.training.batches import BatchOrder
from clir_harness.systems.training.checkpoints import Checkpoints
from clir_harness.systems.training.fit import Evaluation, fit
from clir_harness.systems.training.model_card import write_record
from clir_harness.systems.training.pairs import QueryPassage, mean_reciprocal_rank, read_pairs, split_pairs
from clir_harness.systems.training.settings import EncoderTraining

PairsLoss = Callable[[int, Sequence[QueryPassage], random.Random], Tensor]
"""The loss of a batch, given its number, its pairs and a generator of random numbers."""


class Encoder(Protocol):
    """What is trained: a torch module with a transformer in it."""

    body: Any

    def digest(self) -> str:
        """Digest of weights, tokenizer and settings."""

    def save(self, folder: Path) -> None:
        """Write it into a folder."""


EncoderT = TypeVar("EncoderT", bound=Encoder)


def train_encoder(
    bitext: Bitext,
    settings: EncoderTraining,
    output: Path,
    context: TrainingContext,
    *,
    start: Callable[[Sequence[QueryPassage]], EncoderT],
    pairs_loss: Callable[[EncoderT, Sequence[QueryPassage]], PairsLoss],
    scores: Callable[[EncoderT, list[str], list[str]], Tensor],
    describe: Callable[[EncoderT], tuple[str, str, Mapping[str, object]]],
) -> None:
    """Train an encoder, and fill a folder with it, its loss curve, `training.json` and model card.

    The same pairs, settings and seed give the same weights on the same machine, also after a kill: a training that
    finds its checkpoint in `context.scratch` resumes from there.

    Args:
        bitext: files of queries with relevant passages, or of sentence pairs, by language.
        settings: of the training.
        output: an existing folder.
        context: seed, threads, checkpoints, progress.
        start: gives the encoder to start from, for pairs to train on.
        pairs_loss: gives the loss, for an encoder and all pairs to train on.
        scores: gives the scores (Q, P) of queries with passages.
        describe: title, paragraph and facts of the model card.

    Raises:
        DataError: a malformed line, or too few pairs.
        DivergedError: the loss became NaN or infinite; checkpoints stay.
        MissingDataError: the encoder to start from is absent.
    """
    torch.set_num_threads(context.threads)
    train, held = split_pairs(read_pairs(bitext), settings.held_out)
    context.progress(0, settings.steps, "making the encoder to start from")
    encoder = start(train)
    loss = pairs_loss(encoder, train)
    checkpoints = Checkpoints(context, settings, encoder=encoder.digest(), pairs=content_digest(train))

    def evaluate() -> dict[str, float]:
        return {"mrr": mean_reciprocal_rank(held, partial(scores, encoder))} if held else {}

    order = BatchOrder(len(train), settings.batch_size, context.seed)
    before = evaluate().get("mrr")
    fitted = fit(
        encoder,
        encoder.body.get_input_embeddings(),
        lambda number, draw: loss(number, [train[i] for i in order[number]], draw),
        settings,
        checkpoints,
        context,
        evaluation=Evaluation(evaluate, settings.checkpoint_every) if held else None,
    )
    encoder.save(output)
    title, about, facts = describe(encoder)
    losses = checkpoints.losses()
    tenth = max(1, len(losses) // 10)
    record = {
        "languages": sorted(bitext),
        "start": _name(settings.source),
        "pairs": {"training": len(train), "held_out": len(held)},
        "first_loss": float(np.mean(losses[:tenth])),
        "last_loss": float(np.mean(losses[-tenth:])),
        "mrr_before": before,
        "mrr_after": fitted.scores.get("mrr"),
    }
    shown = {
        "started from": record["start"],
        "loss, first and last tenth of the steps": f"{record['first_loss']:.3f}, {record['last_loss']:.3f}",
        "held-out MRR, before and after": f"{before:.3f}, {record['mrr_after']:.3f}" if held else "not measured",
    }
    write_record(
        output,
        settings,
        context,
        record,
        describe_files(bitext),
        title=title,
        about=about,
        facts={**facts, **shown},
        data=ModelCardData(language=sorted(bitext), library_name="clir-harness", pipeline_tag="feature-extraction"),
    )


def _name(source: str) -> str:
    """What the encoder that a training starts from is called in records: a folder by its name, without its path."""
    return Path(source).name if Path(source).is_dir() else source
