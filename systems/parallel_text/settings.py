"""Settings of trainings on parallel text: which sentence pairs. Nothing here imports a model library."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from clir_harness.harness.languages import canonical_tag
from clir_harness.harness.training import TrainingSettings

HeldOut = Annotated[
    int,
    Field(
        ge=0, description="pivot sentences or passages whose pairs are held out to evaluate on, a tenth of all at most"
    ),
]


class ParallelTextSettings(TrainingSettings):
    """Which sentence pairs a model is trained on, and which it is evaluated on."""

    pivot: str = Field("en", description="language of the other side of the parallel text")
    per_language: int | None = Field(None, ge=1, description="sentence pairs of a language, at most; all if none")
    pivot_share: float = Field(
        0.0,
        ge=0,
        description="pivot sentences added with themselves as translation, as a share of the pairs: the model then "
        "reads or copies names and code-switched words, too (Currey et al. 2017)",
    )
    held_out: HeldOut = 500

    @field_validator("pivot")
    @classmethod
    def _known(cls, tag: str) -> str:
        return canonical_tag(tag)
