"""Reading the parts of a bi-encoder: transformer, tokenizer, dense layer; DPR's own checkpoints included."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import DPRContextEncoder, DPRQuestionEncoder, PreTrainedModel

from harness.errors import DataError, MissingDataError
from systems.late_interaction.checkpoint import read_body
from systems.late_interaction.sources import weight_files

_TANH, _IDENTITY = "torch.nn.modules.activation.Tanh", "torch.nn.modules.linear.Identity"
_ACTIVATIONS: dict[str, type[nn.Module]] = {_TANH: nn.Tanh, _IDENTITY: nn.Identity}
_DPR: dict[str, Any] = {"DPRContextEncoder": DPRContextEncoder, "DPRQuestionEncoder": DPRQuestionEncoder}


def read_transformer(folder: Path) -> PreTrainedModel:
    """The transformer in a folder, in float32 and evaluation mode; of a DPR checkpoint, the BERT inside it.

    Raises:
        MissingDataError: when configuration or weights are absent.
        DataError: when they are damaged, do not fit one another, or project vectors in a way not known here.
    """
    if not folder.is_dir():
        raise MissingDataError(f"no model folder {folder}", hint="download the whole model, its sub-folders included")
    if kind := _dpr_kind(folder):
        return _read_dpr(folder, kind)
    body, projection = read_body(folder)
    if projection is not None:
        raise DataError(
            "has a projection of token vectors, as ColBERT's checkpoints do",
            path=folder,
            hint="use it with a late-interaction system, or give a single-vector encoder",
        )
    return body


def read_dense(folder: Path) -> nn.Sequential:
    """The dense layer that sentence-transformers keeps in a folder, with its activation.

    Raises:
        MissingDataError: when it has no weights.
        DataError: when it is damaged or has an activation other than tanh or none.
    """
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        linear = nn.Linear(config["in_features"], config["out_features"], bias=config.get("bias", True))
        activation = _ACTIVATIONS[config["activation_function"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"cannot be read as a dense layer: {error!r}", path=folder / "config.json") from None
    files = weight_files(folder)
    if not files:
        raise MissingDataError(f"{folder} has no weights", hint="download the whole model, its sub-folders included")
    try:
        weights: dict[str, Tensor] = (
            load_file(files[0])
            if files[0].suffix == ".safetensors"
            else torch.load(files[0], map_location="cpu", weights_only=True)
        )
        linear.load_state_dict({key.removeprefix("linear."): value.float() for key, value in weights.items()})
    except (SafetensorError, RuntimeError, ValueError, EOFError, TypeError, AttributeError) as error:
        raise DataError(f"is damaged, or does not fit config.json: {error}", path=files[0]) from error
    return nn.Sequential(linear, activation())


def write_dense(dense: nn.Sequential, folder: Path) -> None:
    """Write a dense layer as sentence-transformers does."""
    linear, activation = dense[0], dense[1]
    config = {
        "in_features": linear.in_features,
        "out_features": linear.out_features,
        "bias": linear.bias is not None,
        "activation_function": _TANH if isinstance(activation, nn.Tanh) else _IDENTITY,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    weights = {f"linear.{key}": value.detach().cpu().contiguous() for key, value in linear.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def _dpr_kind(folder: Path) -> str | None:
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        names = config.get("architectures") or [] if config.get("model_type") == "dpr" else []
    except (OSError, ValueError, AttributeError):
        return None  # what is wrong with it is said where it is read in earnest
    return next((name for name in names if name in _DPR), None)


def _read_dpr(folder: Path, kind: str) -> PreTrainedModel:
    if not weight_files(folder):
        raise MissingDataError(
            f"{folder} has no weights (model.safetensors or pytorch_model.bin)", hint="download the whole model"
        )
    try:
        model, report = _DPR[kind].from_pretrained(
            folder, local_files_only=True, output_loading_info=True, dtype=torch.float32
        )
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:
        raise DataError(f"is no {kind}: {error}", path=folder) from error
    if missing := sorted(key for key in report["missing_keys"] if ".pooler." not in key):
        raise DataError(f"{len(missing)} weights of {kind} are missing, e.g. {missing[0]}", path=folder)
    if model.config.projection_dim:
        raise DataError(
            f"projects vectors onto {model.config.projection_dim} dimensions inside the model",
            path=folder,
            hint="save the projection as a dense layer in sentence-transformers' layout",
        )
    body: PreTrainedModel = model.base_model.bert_model
    body.train(False)
    return body
