"""Settings of translating, and of training a translation model."""

from __future__ import annotations

import importlib.util
from typing import Any, Literal

from pydantic import Field

from clir_harness.harness.errors import UsageError
from clir_harness.harness.identity import package_version
from clir_harness.harness.system import SystemConfig
from clir_harness.systems.parallel_text.settings import ParallelTextSettings
from clir_harness.systems.training.settings import CheckpointSteps, FitSettings, LearningRate, Steps

Engine = Literal["transformers", "ctranslate2"]
_PLACE: dict[str, Any] = {"identity": False}


class TranslatorSettings(SystemConfig):
    """Which checkpoint translates, and how it decodes."""

    model: str = Field(
        description="translation model (Marian, NLLB, M2M-100): a folder or a model hub id", json_schema_extra=_PLACE
    )
    engine: Engine = Field("transformers", description="what computes; ctranslate2 is faster, and installed apart")
    beams: int = Field(4, ge=1, description="hypotheses of the beam search; 1 is greedy")
    max_tokens: int = Field(128, ge=8, description="of a sentence and of its translation; the rest is cut off")
    batch: int = Field(32, ge=1, description="sentences translated at once")
    device: str = Field("auto", description="auto (a GPU if there is one), cpu, cuda ...", json_schema_extra=_PLACE)

    def engine_version(self) -> str:
        """Name and version of the engine: translations of another one are not taken from the cache.

        Raises:
            UsageError: it is not installed; names the command that installs it.
        """
        if importlib.util.find_spec(self.engine) is None:
            hint = f"pip install {self.engine}, or set engine to transformers"
            raise UsageError(f"{self.engine} is not installed", hint=hint)
        return f"{self.engine} {package_version(self.engine)}"


class NMTTraining(FitSettings, ParallelTextSettings):
    """Settings of the training of a Marian model: one for all languages of the text, into the pivot."""

    reverse: bool = Field(False, description="translate from the pivot into the text's one language instead")
    vocabulary: int = Field(8000, ge=100, description="pieces of the subword vocabulary of both sides, at most")
    layers: int = Field(3, ge=1, description="of the encoder, and of the decoder")
    width: int = Field(256, ge=32, multiple_of=32, description="of the token states")
    dropout: float = Field(0.1, ge=0, lt=1, description="share of the states dropped in training")
    steps: Steps = 4000
    learning_rate: LearningRate = 1e-3
    label_smoothing: float = Field(0.1, ge=0, lt=1, description="probability spread over all pieces")
    max_tokens: int = Field(64, ge=8, description="of a sentence; longer pairs only teach word translations")
    checkpoint_every: CheckpointSteps = 500
