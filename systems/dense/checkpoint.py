"""Reading the transformer of a bi-encoder; DPR's own checkpoints included."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import DPRContextEncoder, DPRQuestionEncoder, PreTrainedModel

from clir_harness.harness.errors import DataError, MissingDataError
from clir_harness.systems.checkpoints.reading import read_body
from clir_harness.systems.checkpoints.sources import weight_files

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


def _dpr_kind(folder: Path) -> str | None:
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        names = config.get("architectures") or [] if config.get("model_type") == "dpr" else []
    except (OSError, ValueError, AttributeError):
        return None  # errors are reported when it is actually read
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
