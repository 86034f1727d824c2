"""Settings of a distillation. Nothing here imports a model library."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from clir_harness.systems.parallel_text.settings import ParallelTextSettings
from clir_harness.systems.training.settings import CheckpointSteps, EmbeddingRate, FitSettings, Precision

Loss = Literal["transport", "nearest", "mean", "position"]
Solver = Literal["ipot", "sinkhorn", "exact"]


class Optimisation(FitSettings):
    """How a student is trained on given pairs, from given encoders."""

    loss: Loss = Field("transport", description="training loss; see clir_harness.systems.distillation.losses")
    solver: Solver = Field("ipot", description="of transport, as are beta, iterations and detach")
    beta: float = Field(0.1, gt=0, description="the solver's step or regularisation, as a share of the cost range")
    iterations: int = Field(30, ge=1, description="of ipot exactly, of sinkhorn at most")
    detach: bool = Field(True, description="take the plan as constant; else differentiate through ipot's iterations")
    accumulation: int = Field(1, ge=1, description="batches a step")
    embedding_learning_rate: EmbeddingRate = 2e-3
    max_gradient_norm: float = Field(1.0, gt=0, description="gradients with a larger L2 norm are scaled down to it")
    max_tokens: int = Field(48, ge=3, description="of a sentence; the rest is cut off")
    precision: Precision = Field(
        "auto", description="of the encoders; the loss is float32. auto: bfloat16 where the device computes in it"
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
    checkpoint_every: CheckpointSteps = 100


class Distillation(Optimisation, ParallelTextSettings):
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
    separate: bool = Field(False, description="one student a language, instead of one for all")
