"""Settings of a distillation. Nothing here imports a model library."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from clir_harness.harness.training import TrainingSettings

Loss = Literal["transport", "nearest", "mean", "position"]
Solver = Literal["ipot", "sinkhorn", "exact"]
Precision = Literal["auto", "float32", "bfloat16"]


class Optimisation(TrainingSettings):
    """How a student is trained on given pairs, from given encoders."""

    loss: Loss = Field("transport", description="what is made small; see clir_harness.systems.distillation.losses")
    solver: Solver = Field("ipot", description="of transport, as are beta, iterations and detach")
    beta: float = Field(0.1, gt=0, description="the solver's step or regularisation, as a share of the cost range")
    iterations: int = Field(30, ge=1, description="of ipot exactly, of sinkhorn at most")
    detach: bool = Field(True, description="take the plan as constant; else differentiate through ipot's iterations")
    steps: int = Field(1000, ge=1, description="optimiser steps at most")
    batch_size: int = Field(64, ge=1, description="sentence pairs a batch")
    accumulation: int = Field(1, ge=1, description="batches a step")
    learning_rate: float = Field(2e-4, gt=0, description="of all but the input embeddings, at its highest")
    embedding_learning_rate: float = Field(
        2e-3, gt=0, description="of the input embeddings: a new vocabulary has further to go"
    )
    warmup: float = Field(
        0.1, ge=0, le=1, description="share of the steps over which the rates rise from 0; then they fall to 0"
    )
    weight_decay: float = Field(0.01, ge=0, description="AdamW's, of matrices only")
    max_gradient_norm: float = Field(1.0, gt=0, description="longer gradients are shortened to it")
    max_tokens: int = Field(48, ge=3, description="of a sentence; the rest is cut off")
    precision: Precision = Field(
        "auto", description="of the encoders; the loss is float32. auto: bfloat16 where the processor computes in it"
    )
    cache_teacher: bool = Field(
        True,
        description="in runs of several passes, encode the pivot side once and keep it in memory in float16 "
        "(sentences x tokens x dimensions x 2 bytes)",
    )
    evaluate_every: int = Field(100, ge=1, description="steps between evaluations on held-out pairs")
    evaluation_pairs: int = Field(200, ge=1, description="held-out pairs used, at most; time grows with their square")
    patience: int | None = Field(
        None,
        ge=1,
        description="evaluations without a better reciprocal rank after which training ends, with the best weights; "
        "if none, it takes all steps and the last weights",
    )
    checkpoint_every: int = Field(100, ge=1, description="steps between checkpoints")


class Distillation(Optimisation):
    """Settings of a distillation: the optimisation, and where encoders and pairs are from."""

    teacher: str = Field(
        description="token encoder of the pivot language to learn from: a folder or a model hub id",
        json_schema_extra={"identity": False},
    )
    start: str | None = Field(
        None,
        description="multilingual encoder to start from, a folder or a model hub id; if none, the teacher's body "
        "with more subwords, learnt from the text",
        json_schema_extra={"identity": False},
    )
    vocabulary: int = Field(16_000, ge=100, description="subwords learnt, at most")
    translated_start: bool = Field(
        True,
        description="embeddings of words start from those of their translations in the text (Tran 2020); "
        "if not, from how the teacher writes them",
    )
    augmentation: bool | None = Field(
        None, description="pad queries with [MASK] and count all positions, as OPTICAL does; as the teacher if none"
    )
    separate: bool = Field(False, description="one student a language, in place of one for all")
    per_language: int | None = Field(None, ge=1, description="sentence pairs of a language, at most; all if none")
    pivot_share: float = Field(
        0.0,
        ge=0,
        description="pivot sentences added with themselves as translation, as a share of the pairs: the "
        "student then reads names and code-switched words, too",
    )
    held_out: int = Field(500, ge=0, description="pivot sentences kept to evaluate on, a tenth of all at most")
    pivot: str = Field("en", description="language of the other side")
