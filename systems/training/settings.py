"""Settings that the trainings of encoders share. Nothing here imports a model library."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from clir_harness.harness.training import TrainingSettings

NEW = "new"
"""In place of an encoder to start from: a small one with random weights."""


class EncoderTraining(TrainingSettings):
    """Settings of training an encoder on pairs of a query and a relevant passage."""

    start: str = Field(
        description="encoder to start from: folder, model hub id, or `new` for a small one with random weights",
        json_schema_extra={"identity": False},
    )
    vocabulary: int | None = Field(
        None, ge=100, description="learn so many subwords at most from the text, beside those of the start"
    )
    layers: int = Field(4, ge=1, description="of a new encoder")
    width: int = Field(256, ge=32, multiple_of=32, description="of the token states of a new encoder")
    steps: int = Field(1000, ge=1, description="batches to train on")
    embedding_lr: float | None = Field(
        None, gt=0, description="that of the input embeddings, which have further to go with a vocabulary of their own"
    )
    warmup: float = Field(0.1, ge=0, lt=1, description="share of the steps in which it rises; then it falls to 0")
    weight_decay: float = Field(0.01, ge=0, description="of matrices; biases and norms have none")
    held_out: float = Field(0.02, ge=0, lt=1, description="share of the pairs kept to measure on, 500 at most")
    checkpoint_every: int = Field(200, ge=1, description="steps between checkpoints, each with a held-out MRR")

    @model_validator(mode="after")
    def _new_needs_vocabulary(self) -> Self:
        if self.start == NEW and self.vocabulary is None:
            raise ValueError("a new encoder needs `vocabulary`, e.g. 8000")
        return self
