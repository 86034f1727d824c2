"""Settings of dense retrieval and of its training."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field, field_validator

from clir_harness.harness.system import SystemConfig
from clir_harness.systems.dense.layout import POOLINGS, Pooling
from clir_harness.systems.dense.presets import PRESETS, find_preset
from clir_harness.systems.dense.recipe import Choices
from clir_harness.systems.training.settings import EncoderTraining, LearningRate, Precision

DEFAULT_PRESET = "mdpr"
_PLACE: dict[str, Any] = {"identity": False}


class EncoderChoices(BaseModel):
    """What settings say of an encoder, a preset filling in for those left out."""

    preset: str | None = Field(
        None,
        description=f"a published encoder with its pooling and prompts: {', '.join(PRESETS)}; '{DEFAULT_PRESET}' when "
        "no encoder is given either",
    )
    pooling: Pooling | None = Field(None, description=f"how token states become one vector: {', '.join(POOLINGS)}")
    normalise: bool | None = Field(None, description="scale vectors to unit length: cosine instead of dot product")
    query_prompt: str | None = Field(None, description="put before every query")
    passage_prompt: str | None = Field(None, description="put before every passage")

    @field_validator("preset")
    @classmethod
    def _preset_exists(cls, name: str | None) -> str | None:
        if name is not None:
            find_preset(name)
        return name

    def source_of(self, encoder: str | None) -> str:
        """Folder or hub id of an encoder; the preset's when none is given."""
        return encoder or find_preset(self.preset or DEFAULT_PRESET).encoder

    def choices_for(self, encoder: str | None) -> Choices:
        """Pooling, normalisation and prompts for an encoder; None means the preset's."""
        name = self.preset or (DEFAULT_PRESET if encoder is None else None)
        if name is None:
            return Choices(self.pooling, self.normalise, self.query_prompt, self.passage_prompt)
        preset = find_preset(name)
        return Choices(
            self.pooling or preset.pooling,
            preset.normalise if self.normalise is None else self.normalise,
            preset.query_prompt if self.query_prompt is None else self.query_prompt,
            preset.passage_prompt if self.passage_prompt is None else self.passage_prompt,
            preset.dense,
        )


class DenseConfig(EncoderChoices, SystemConfig):
    """Settings of dense retrieval.

    An encoder without a preset is used as the files beside its weights say (sentence-transformers' layout); where there
    are none, with [CLS] pooling, no normalisation and no prompts, as DPR is. Explicit settings override both.
    """

    encoder: str | None = Field(
        None, description="folder or model hub id; the preset's when left out", json_schema_extra=_PLACE
    )
    passage_encoder: str | None = Field(
        None, description="the same for passages, where they have their own", json_schema_extra=_PLACE
    )
    query_length: int | None = Field(
        None, ge=3, description="longest query in tokens; when left out what the model's files say, else 64"
    )
    passage_length: int | None = Field(None, ge=3, description="the same for a passage, else 256")
    passages: Literal["first", "maxp"] = Field(
        "first", description="a longer document's first passage, or all of them with the best one's score"
    )
    index: Literal["flat", "hnsw"] = Field("flat", description="exact, or an approximate graph for large collections")
    hnsw_m: int = Field(32, ge=2, le=256, description="links a vector has in the graph")
    hnsw_ef_construction: int = Field(200, ge=1, description="candidates examined when a vector is linked")
    hnsw_ef_search: int = Field(
        1000, ge=1, description="candidates examined for a query; no ranking is longer, whatever its depth"
    )
    passage_batch: int = Field(32, ge=1, description="passages encoded at once; does not change the result")
    device: str = Field("auto", description="auto (a GPU if there is one), cpu, cuda ...", json_schema_extra=_PLACE)

    @property
    def query_source(self) -> str:
        """Folder or hub id of the query encoder."""
        return self.source_of(self.encoder)

    @property
    def passage_source(self) -> str:
        """Folder or hub id of the passage encoder."""
        return self.passage_encoder or self.query_source

    @property
    def choices(self) -> Choices:
        """Settings of pooling, normalisation and prompts."""
        return self.choices_for(self.encoder)


class DenseTraining(EncoderChoices, EncoderTraining):
    """Settings of training with in-batch negatives. The trained model keeps pooling, normalisation and prompts."""

    start: str | None = Field(  # type: ignore[assignment]  # wider than the base's
        None,
        description="encoder to start from, folder or model hub id; `new` for a small one with random weights; "
        "the preset's if none",
        json_schema_extra=_PLACE,
    )
    learning_rate: LearningRate = 2e-5
    temperature: float | None = Field(
        None, gt=0, description="scores are divided by it; 0.05 for cosines and 1 for dot products when left out"
    )
    symmetric: bool = Field(True, description="also let each passage find its query")
    precision: Precision = Field("float32", description="auto: bfloat16 where the device computes in it")
    device: str = Field("auto", description="auto (a GPU if there is one), cpu, cuda ...")

    @property
    def source(self) -> str:
        """Folder or hub id of the encoder to start from; `NEW` for none."""
        return self.source_of(self.start)

    @property
    def choices(self) -> Choices:
        """Settings of pooling, normalisation and prompts."""
        return self.choices_for(self.start)
