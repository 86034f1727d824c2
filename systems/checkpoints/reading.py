"""Reading model folders: plain Hugging Face encoders, ColBERT checkpoints, and folders saved by `TokenEncoder`.

In the last two the projection is stored as `linear.weight` with the weights of the body.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import (
    MODEL_FOR_TEXT_ENCODING_MAPPING,
    MODEL_MAPPING,
    AutoConfig,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from clir_harness.harness.errors import DataError, MissingDataError
from clir_harness.systems.checkpoints.sources import TOKENIZER_FILES, matching_files, weight_files
from clir_harness.systems.checkpoints.transformers_log import quiet

PROJECTION = "linear.weight"
_WRAPPER = "model."
POOLER = "pooler."
_OFFSET_POSITIONS = (
    *("roberta", "xlm-roberta", "xlm-roberta-xl", "roberta-prelayernorm", "camembert", "data2vec-text"),
    *("mpnet", "longformer", "xmod", "ibert"),
)


def read_body(folder: Path) -> tuple[PreTrainedModel, nn.Linear | None]:
    """The encoder in a folder, in float32 and evaluation mode, and its projection if it has one.

    Raises:
        MissingDataError: when configuration or weights are absent.
        DataError: when they are damaged, incomplete, or do not fit one another.
    """
    if not (folder / "config.json").is_file():
        raise MissingDataError(f"{folder} has no config.json", hint="give the folder of a Hugging Face encoder")
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        encoders = MODEL_FOR_TEXT_ENCODING_MAPPING  # of T5-like models, the encoder without its decoder
        kind: Any = (encoders if type(config) in encoders else MODEL_MAPPING)[type(config)]
    except (KeyError, ValueError, OSError) as error:
        raise DataError(f"is not the configuration of a known encoder: {error}", path=folder / "config.json") from error
    weights = _unwrapped(_read_weights(folder), kind.base_model_prefix)
    projection = weights.pop(PROJECTION, None)
    try:
        with quiet():
            body, report = kind.from_pretrained(
                None, config=config, state_dict=weights, output_loading_info=True, dtype=torch.float32
            )
    except RuntimeError as error:
        raise DataError(f"the weights do not fit config.json: {error}", path=folder) from error
    if missing := sorted(key for key in report["missing_keys"] if not key.startswith(POOLER)):
        shown = ", ".join(missing[:3])
        raise DataError(
            f"{len(missing)} weights of {kind.__name__} are missing, e.g. {shown}",
            path=folder,
            hint="check that config.json belongs to these weights",
        )
    return body.eval(), None if projection is None else projection_of(projection)


def read_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """The tokenizer in a folder.

    Raises:
        MissingDataError: when there is none.
        DataError: when it cannot be read or has no fast version.
    """
    if not matching_files(folder, TOKENIZER_FILES):
        raise MissingDataError(
            f"{folder} has no tokenizer (none of {', '.join(TOKENIZER_FILES)})",
            hint="save the tokenizer into the same folder: tokenizer.save_pretrained(folder)",
        )
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # the tokenizers library raises plain Exception for files it cannot parse
        raise DataError(f"the tokenizer cannot be read: {error}", path=folder) from error
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise DataError(
            f"{type(tokenizer).__name__} has no tokenizer.json",
            path=folder,
            hint="convert it: AutoTokenizer.from_pretrained(folder, use_fast=True).save_pretrained(folder)",
        )
    return tokenizer


def positions(body: PreTrainedModel) -> int | None:
    """Tokens that a model has positions for; None where it has no limit."""
    found: int | None = getattr(body.config, "max_position_embeddings", None)
    if found and body.config.model_type in _OFFSET_POSITIONS:  # counted from the padding's id plus one
        found -= (body.config.pad_token_id or 0) + 1
    return found if found and found > 0 else None


def longest_input(body: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> int:
    """Tokens that a model takes at most as both its parts say; very many where neither has a limit.

    Args:
        body: the transformer.
        tokenizer: its tokenizer.

    Returns:
        Number of tokens, special ones included.
    """
    return int(min(tokenizer.model_max_length, positions(body) or 10**9))


def require_embeddings(body: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> None:
    """Check that a model has an input embedding for every token of a tokenizer.

    Args:
        body: the transformer.
        tokenizer: used with it.

    Raises:
        DataError: it has fewer.
    """
    rows, largest = body.get_input_embeddings().num_embeddings, max(tokenizer.get_vocab().values(), default=-1)
    if largest >= rows:
        raise DataError(
            f"the tokenizer's ids go up to {largest}, the model has embeddings for {rows} tokens",
            hint="give the model its own tokenizer, or resize its embeddings and train them",
        )


def projection_of(weight: Tensor) -> nn.Linear:
    """A linear map without bias of a weight (out, in)."""
    out_features, in_features = weight.shape
    linear = nn.Linear(in_features, out_features, bias=False)
    linear.weight.data.copy_(weight)
    return linear


def _read_weights(folder: Path) -> dict[str, Tensor]:
    files = weight_files(folder)
    if not files:
        raise MissingDataError(
            f"{folder} has no weights (model.safetensors or pytorch_model.bin)", hint="download the whole model"
        )
    weights: dict[str, Tensor] = {}
    for file in files:
        try:
            if file.suffix == ".safetensors":
                weights |= load_file(file)
            else:
                weights |= torch.load(file, map_location="cpu", weights_only=True)
        except (SafetensorError, RuntimeError, ValueError, EOFError, TypeError) as error:
            raise DataError(f"is damaged, or no file of weights: {error}", path=file) from error
        except Exception as error:  # torch raises pickle's own error for objects that are not weights
            raise DataError(
                f"holds more than weights: {str(error).splitlines()[0]}", path=file, hint="convert it to safetensors"
            ) from error
    return weights


def _unwrapped(weights: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Weights under the names the body knows them by, whatever they were wrapped in when they were saved."""
    return {key.removeprefix(_WRAPPER).removeprefix(f"{prefix}."): value for key, value in weights.items()}
