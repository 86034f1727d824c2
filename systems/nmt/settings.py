"""Settings of retrieval through machine translation, and of training a translation model."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from clir_harness.harness.languages import canonical_tag
from clir_harness.harness.system import SystemConfig
from clir_harness.harness.training import TrainingSettings
from clir_harness.systems.bm25 import BM25Config

Engine = Literal["transformers", "ctranslate2"]
_PLACE: dict[str, Any] = {"identity": False}


class BM25NMTConfig(SystemConfig):
    """Settings of BM25 over machine translation."""

    model: str = Field(
        description="translation model (Marian, NLLB, M2M-100): a folder or a model hub id", json_schema_extra=_PLACE
    )
    documents_into: str | None = Field(
        None, description="language into which documents are translated; if none, queries are translated instead"
    )
    engine: Engine = Field("transformers", description="what computes; ctranslate2 is faster, and installed apart")
    beams: int = Field(4, ge=1, description="hypotheses of the beam search; 1 is greedy")
    max_tokens: int = Field(128, ge=8, description="of a sentence and of its translation; the rest is cut off")
    batch: int = Field(32, ge=1, description="sentences translated at once")
    bm25: BM25Config = Field(BM25Config.model_validate({}), description="settings of BM25")
    device: str = Field("auto", description="auto (a GPU if there is one), cpu, cuda ...", json_schema_extra=_PLACE)

    @field_validator("documents_into")
    @classmethod
    def _known(cls, tag: str | None) -> str | None:
        return None if tag is None else canonical_tag(tag)


class NMTTraining(TrainingSettings):
    """Settings of the training of a Marian model: one for all languages of the text, into the pivot."""

    pivot: str = Field("en", description="language translated into, the other side of the parallel text")
    reverse: bool = Field(False, description="translate from the pivot into the text's one language instead")
    vocabulary: int = Field(8000, ge=100, description="pieces of the subword vocabulary of both sides, at most")
    layers: int = Field(3, ge=1, description="of the encoder, and of the decoder")
    width: int = Field(256, ge=32, multiple_of=32, description="of the token states")
    dropout: float = Field(0.1, ge=0, lt=1, description="share of the states dropped in training")
    steps: int = Field(4000, ge=1, description="optimiser steps")
    batch_size: int = Field(64, ge=1, description="sentence pairs a step")
    learning_rate: float = Field(1e-3, gt=0, description="at its highest")
    warmup: float = Field(
        0.1, ge=0, le=1, description="share of the steps over which the rate rises; then it falls to 0"
    )
    weight_decay: float = Field(0.01, ge=0, description="AdamW's, of matrices only")
    label_smoothing: float = Field(0.1, ge=0, lt=1, description="probability spread over all pieces")
    max_tokens: int = Field(64, ge=8, description="of a sentence; longer pairs only teach word translations")
    per_language: int | None = Field(None, ge=1, description="sentence pairs of a language, at most; all if none")
    pivot_share: float = Field(
        0.0,
        ge=0,
        description="pivot sentences added with themselves as translation, as a share of the pairs: names are then "
        "copied rather than invented (Currey et al. 2017)",
    )
    held_out: int = Field(500, ge=0, description="pivot sentences kept to evaluate on, a tenth of all at most")
    checkpoint_every: int = Field(500, ge=1, description="steps between checkpoints")

    @field_validator("pivot")
    @classmethod
    def _known(cls, tag: str) -> str:
        return canonical_tag(tag)
