"""Settings of the training of a token encoder. Nothing here imports a model library."""

from __future__ import annotations

from pydantic import Field, model_validator

from harness.training import TrainingSettings

NEW = "new"


class ColBERTTraining(TrainingSettings):
    """Settings of training on queries with relevant passages, against in-batch and BM25 negatives."""

    start: str = Field(
        description="encoder to start from: folder, model hub id, or `new` for a small one with random weights",
        json_schema_extra={"identity": False},
    )
    vocabulary: int | None = Field(
        None, ge=100, description="learn so many subwords from the text, in place of the vocabulary of the start"
    )
    layers: int = Field(4, ge=1, description="of a new encoder")
    width: int = Field(256, ge=32, multiple_of=32, description="of the token states of a new encoder")
    projection: int | None = Field(None, ge=1, description="dimensions of a new projection; the start's if none")
    steps: int = Field(1000, ge=1, description="batches to train on")
    batch_size: int = Field(32, ge=2, description="queries in a batch; each has the others' passages as negatives")
    hard_negatives: int = Field(1, ge=0, description="passages a query that BM25 ranks high and that are not its own")
    depth: int = Field(50, ge=1, description="ranks of BM25 from which they are drawn")
    lr: float = Field(3e-5, gt=0, description="largest learning rate")
    embedding_lr: float | None = Field(None, gt=0, description="that of the input embeddings")
    warmup: float = Field(0.1, ge=0, lt=1, description="share of the steps in which it rises; then it falls to 0")
    weight_decay: float = Field(0.01, ge=0, description="of matrices; biases and norms have none")
    temperature: float = Field(1.0, gt=0, description="MaxSim scores, sums over a query's tokens, are divided by it")
    augmentation: bool | None = Field(
        None, description="pad queries with [MASK] and count all positions; as the start if none"
    )
    query_length: int = Field(32, ge=3, description="longest query in tokens")
    passage_length: int = Field(180, ge=3, description="longest passage in tokens")
    held_out: float = Field(0.02, ge=0, lt=1, description="share of the pairs kept to measure on, 500 at most")
    checkpoint_every: int = Field(200, ge=1, description="steps between checkpoints, each with a held-out MRR")

    @model_validator(mode="after")
    def _new_needs_vocabulary(self) -> ColBERTTraining:
        if self.start == NEW and self.vocabulary is None:
            raise ValueError("a new encoder needs `vocabulary`, e.g. 8000")
        return self
