"""Settings of PSQ and of the training of its tables."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from clir_harness.harness.languages import canonical_tag
from clir_harness.harness.system import SystemConfig
from clir_harness.harness.training import TrainingSettings


class PSQConfig(SystemConfig):
    """Settings of PSQ."""

    model: Path = Field(
        description="folder with translation tables, which training makes", json_schema_extra={"identity": False}
    )
    k1: float = Field(0.9, ge=0, description="term-frequency saturation")
    b: float = Field(0.4, ge=0, le=1, description="length normalisation")
    translations: int = Field(20, ge=1, description="translations of a word, at most")
    min_probability: float = Field(0.01, ge=0, le=1, description="less probable translations are left out")
    cumulative: float = Field(0.95, gt=0, le=1, description="share of the mass at which no more are taken")


class PSQTraining(TrainingSettings):
    """Settings of the training of translation tables."""

    pivot: str = Field("en", description="language of the documents, the second column of the parallel text")
    iterations: int = Field(5, ge=1, description="of expectation maximisation")
    both_directions: bool = Field(True, description="multiply with the probabilities of the other direction")
    min_count: int = Field(2, ge=1, description="rarer words get no translations and represent themselves")
    max_words: int = Field(200, ge=1, description="sentence pairs with a longer side are skipped")
    max_pairs: int | None = Field(None, ge=1, description="sentence pairs read of each language, from the first on")
    translations: int = Field(50, ge=1, description="translations kept of a word, at most")
    min_probability: float = Field(0.001, ge=0, le=1, description="less probable translations are not kept")
    cumulative: float = Field(1.0, gt=0, le=1, description="share of the mass at which no more are kept")

    @field_validator("pivot")
    @classmethod
    def _known(cls, tag: str) -> str:
        return canonical_tag(tag)
