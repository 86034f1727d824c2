"""Settings that trainings share. Nothing here imports a model library."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from clir_harness.harness.errors import UsageError
from clir_harness.harness.training import TrainingSettings
from clir_harness.systems.parallel_text.settings import HeldOut

NEW = "new"
"""Instead of an encoder to start from: a small one with random weights."""
RECORD = "training.json"
"""File of a trained model's folder that says how it was made."""

_RENAMED = {
    "lr": "learning_rate",
    "embedding_lr": "embedding_learning_rate",
    "bf16": "precision: bfloat16",
}
Precision = Literal["auto", "float32", "bfloat16"]
Steps = Annotated[int, Field(ge=1, description="optimiser steps")]
LearningRate = Annotated[float, Field(gt=0, description="highest learning rate, input embeddings excepted")]
EmbeddingRate = Annotated[
    float | None,
    Field(
        gt=0,
        description="highest learning rate of the input embeddings, which have further to go with a new "
        "vocabulary; learning_rate if none",
    ),
]
CheckpointSteps = Annotated[int, Field(ge=1, description="steps between checkpoints")]


class FitSettings(TrainingSettings):
    """Settings of the training loop; see `clir_harness.systems.training.fit`."""

    steps: Steps = 1000
    batch_size: int = Field(64, ge=1, description="pairs in a batch")
    learning_rate: LearningRate = 2e-4
    embedding_learning_rate: EmbeddingRate = None
    warmup: float = Field(
        0.1, ge=0, le=1, description="share of the steps over which the learning rates rise; then they fall to 0"
    )
    weight_decay: float = Field(0.01, ge=0, description="AdamW's, of matrices; biases and norms have none")
    checkpoint_every: CheckpointSteps = 200


class EncoderTraining(FitSettings):
    """Settings of training an encoder on pairs of a query and a relevant passage."""

    start: str = Field(
        description="encoder to start from: folder, model hub id, or `new` for a small one with random weights",
        json_schema_extra={"identity": False},
    )
    held_out: HeldOut = 500
    vocabulary: int | None = Field(
        None, ge=100, description="subwords learnt from the text, at most, beside those of the start"
    )
    layers: int = Field(4, ge=1, description="of a new encoder")
    width: int = Field(256, ge=32, multiple_of=32, description="of the token states of a new encoder")
    batch_size: int = Field(64, ge=2, description="pairs in a batch; each has the others' passages as negatives")
    query_length: int = Field(64, ge=3, description="longest query in tokens")
    passage_length: int = Field(128, ge=3, description="longest passage in tokens")

    @property
    def source(self) -> str:
        """Folder or hub id of the encoder to start from; `NEW` for none."""
        return self.start

    @model_validator(mode="before")
    @classmethod
    def _new_names(cls, values: Any) -> Any:
        if old := next((name for name in _RENAMED if isinstance(values, dict) and name in values), None):
            raise UsageError(f"the setting '{old}' has another name now", hint=f"write {_RENAMED[old]}")
        return values

    @model_validator(mode="after")
    def _new_needs_vocabulary(self) -> Self:
        if self.start == NEW and self.vocabulary is None:
            raise ValueError("a new encoder needs `vocabulary`, e.g. 8000")
        return self
