"""Settings of the training of a token encoder. Nothing here imports a model library."""

from __future__ import annotations

from pydantic import Field

from clir_harness.systems.training.settings import EncoderTraining, LearningRate


class ColBERTTraining(EncoderTraining):
    """Settings of training on queries with relevant passages, against in-batch and BM25 negatives."""

    projection: int | None = Field(None, ge=1, description="dimensions of a new projection; the start's if none")
    batch_size: int = Field(32, ge=2, description="queries in a batch; each has the others' passages as negatives")
    hard_negatives: int = Field(1, ge=0, description="passages a query that BM25 ranks high and that are not its own")
    depth: int = Field(50, ge=1, description="ranks of BM25 from which they are drawn")
    learning_rate: LearningRate = 3e-5
    temperature: float = Field(1.0, gt=0, description="MaxSim scores, sums over a query's tokens, are divided by it")
    augmentation: bool | None = Field(
        None, description="pad queries with [MASK] and count all positions; as the start if none"
    )
    query_length: int = Field(32, ge=3, description="longest query in tokens")
    passage_length: int = Field(180, ge=3, description="longest passage in tokens")
