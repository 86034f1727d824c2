"""Settings of a token encoder, from our own file, from a ColBERT checkpoint, or by default."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from clir_harness.harness.errors import DataError
from clir_harness.harness.settings import faults
from clir_harness.systems.checkpoints.sources import COLBERT_FILE, SETTINGS_FILE, read_object


class EncoderSettings(BaseModel):
    """How texts become tokens, and which of them count.

    Attributes:
        query_length: longest query in tokens, special ones and marker included; the rest is cut off.
        document_length: the same for a document, or for each passage of a longer one.
        query_augmentation: fill queries up to `query_length` with [MASK], and count all positions, as ColBERT does.
        attend_augmentation: let tokens attend to those [MASK]s. Where it is off, as in ColBERT, what a real token's
            vector is does not depend on them.
        query_marker: token after the first special token of a query, e.g. "[unused0]"; None for none.
        document_marker: the same for documents.
        layer: hidden layer whose vectors are taken, counted as in `hidden_states`: 0 the embeddings, -1 the last.
        skip_punctuation: leave out the vectors of documents' punctuation tokens.
        skip_words: leave out the vectors of these tokens of documents; those that the vocabulary lacks say nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    query_length: int = Field(default=32, ge=3)
    document_length: int = Field(default=256, ge=3)
    query_augmentation: bool = False
    attend_augmentation: bool = False
    query_marker: str | None = None
    document_marker: str | None = None
    layer: int = -1
    skip_punctuation: bool = False
    skip_words: tuple[str, ...] = ()


COLBERT_SETTINGS = EncoderSettings(
    document_length=220,
    query_augmentation=True,
    query_marker="[unused0]",
    document_marker="[unused1]",
    skip_punctuation=True,
)
"""What ColBERT's own code uses where a checkpoint says nothing else."""


def read_settings(folder: Path) -> EncoderSettings | None:
    """The settings kept beside a model's weights; None when there are none.

    Raises:
        DataError: when they cannot be read.
    """
    if (path := folder / SETTINGS_FILE).is_file():
        try:
            return EncoderSettings.model_validate_json(path.read_bytes())
        except ValidationError as error:
            fault = faults(error, EncoderSettings)[0]
            raise DataError(str(fault), path=path, hint="save the encoder again") from None
    if (path := folder / COLBERT_FILE).is_file():
        return _read_colbert(path)
    return None


def _read_colbert(path: Path) -> EncoderSettings:
    """Settings as ColBERT writes them beside its checkpoints."""
    names = {
        "query_length": "query_maxlen",
        "document_length": "doc_maxlen",
        "query_marker": "query_token_id",
        "document_marker": "doc_token_id",
        "attend_augmentation": "attend_to_mask_tokens",
        "skip_punctuation": "mask_punctuation",
    }
    found = read_object(path)
    stated = {ours: found[theirs] for ours, theirs in names.items() if theirs in found}
    try:
        return EncoderSettings.model_validate({**COLBERT_SETTINGS.model_dump(), **stated})
    except ValidationError as error:
        raise DataError(f"is not a ColBERT settings file: {faults(error, EncoderSettings)[0]}", path=path) from None
