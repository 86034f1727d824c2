"""Settings of a distillation."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from systems.distillation.losses import Loss
from systems.distillation.transport import Solver


class TrainingSettings(BaseModel):
    """How a student is trained.

    Attributes:
        loss: as `alignment_loss`; so are `solver`, `beta` and `iterations`.
        steps: optimiser steps at most.
        batch_size: sentence pairs a batch.
        accumulation: batches a step.
        learning_rate: of all but the input embeddings, at its highest.
        embedding_learning_rate: of the input embeddings: a new vocabulary has further to go.
        warmup: share of the steps over which the rates rise from 0; then they fall linearly to 0.
        weight_decay: AdamW's, of matrices only.
        max_gradient_norm: longer gradients are shortened to it.
        role: side of a search as which both sentences are tokenised. With an encoder that augments queries, `query`
            pads both sides with [MASK] and counts all positions, as OPTICAL does; else only real tokens count.
        max_tokens: of a sentence, in place of the encoders' own lengths.
        bf16: run the encoders in bfloat16 where that is safe (autocast); the loss stays in float32.
        cache_teacher: in runs of more than one pass, encode the pivot side once and keep it in memory in float16
            (sentences x tokens x dimensions x 2 bytes).
        evaluate_every: steps between evaluations on held-out pairs.
        evaluation_pairs: held-out pairs used, at most; the time of an evaluation grows with their square.
        patience: evaluations without a better reciprocal rank after which training ends; None for never.
        checkpoint_every: steps between checkpoints.
        seed: of data order and dropout.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    loss: Loss = "transport"
    solver: Solver = "ipot"
    beta: float = Field(default=0.1, gt=0)
    iterations: int = Field(default=30, ge=1)
    steps: int = Field(default=1000, ge=1)
    batch_size: int = Field(default=64, ge=1)
    accumulation: int = Field(default=1, ge=1)
    learning_rate: float = Field(default=1e-4, gt=0)
    embedding_learning_rate: float = Field(default=1e-3, gt=0)
    warmup: float = Field(default=0.1, ge=0, le=1)
    weight_decay: float = Field(default=0.01, ge=0)
    max_gradient_norm: float = Field(default=1.0, gt=0)
    role: Literal["query", "document"] = "query"
    max_tokens: int = Field(default=48, ge=3)
    bf16: bool = False
    cache_teacher: bool = True
    evaluate_every: int = Field(default=100, ge=1)
    evaluation_pairs: int = Field(default=200, ge=1)
    patience: int | None = Field(default=None, ge=1)
    checkpoint_every: int = Field(default=100, ge=1)
    seed: int = 0

    def rate(self, step: int) -> float:
        """Factor of the learning rates at a step, from 0.

        >>> [round(TrainingSettings(steps=10, warmup=0.2).rate(step), 3) for step in (0, 1, 2, 9)]
        [0.5, 1.0, 1.0, 0.125]
        """
        rising = round(self.steps * self.warmup)
        if step < rising:
            return (step + 1) / rising
        return (self.steps - step) / (self.steps - rising)
