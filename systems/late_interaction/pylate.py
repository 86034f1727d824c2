"""Folders written by PyLate (https://github.com/lightonai/pylate): a transformer, and its projection in `1_Dense`.

`config_sentence_transformers.json` says how texts become tokens. What is not known here is refused by name.
"""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from safetensors.torch import load_file
from torch import Tensor

from clir_harness.harness.errors import DataError
from clir_harness.harness.settings import faults
from clir_harness.systems.checkpoints.sources import read_modules, read_object, weight_files
from clir_harness.systems.late_interaction.settings import EncoderSettings

_SETTINGS = "config_sentence_transformers.json"
_NAMES = {
    "query_length": "query_length",
    "document_length": "document_length",
    "query_augmentation": "do_query_expansion",
    "attend_augmentation": "attend_to_expansion_tokens",
    "query_marker": "query_prefix",
    "document_marker": "document_prefix",
    "skip_words": "skiplist_words",
}
_DEFAULTS = EncoderSettings(
    document_length=180,
    query_augmentation=True,
    query_marker="[Q] ",
    document_marker="[D] ",
    skip_words=tuple(string.punctuation),
)
_IDENTITY = "torch.nn.modules.linear.Identity"


def is_pylate(folder: Path) -> bool:
    """Whether a folder lists steps of which one projects token vectors, as PyLate's do, and none pools them."""
    if not (folder / "modules.json").is_file():
        return False
    found = read_object(folder / _SETTINGS)
    names = [name for name, _ in read_modules(folder / "modules.json")]
    told = found.get("model_type") == "ColBERT" or any(theirs in found for theirs in _NAMES.values())
    return told or any(name.startswith("pylate.") or ".multi_vector_encoder." in name for name in names)


def read_steps(folder: Path) -> tuple[Path, Tensor]:
    """Folder of the transformer, and the weight (dim, hidden) of the projection: of all of them as one.

    Raises:
        DataError: when steps are not a transformer and linear maps without bias, or are damaged.
    """
    path = folder / "modules.json"
    (first, place), *others = read_modules(path)
    kinds = [name.rpartition(".")[2] for name, _ in others]
    if not first.endswith(".Transformer") or not others or set(kinds) != {"Dense"}:
        raise DataError(
            f"lists {', '.join([first.rpartition('.')[2], *kinds])}; known are a Transformer, then Dense",
            path=path,
            hint="give a ColBERT model as PyLate 1 saves it",
        )
    settings = read_object(folder / place / "sentence_bert_config.json")
    if settings.get("do_lower_case"):
        raise DataError(
            "asks for lower-casing, which is not done here", path=folder / place, hint="let its tokenizer do it"
        )
    weight: Tensor | None = None
    for _, dense in others:
        one = _linear(folder / dense)
        if weight is not None and one.shape[1] != weight.shape[0]:
            raise DataError(
                f"takes vectors of {one.shape[1]} dimensions, it gets {weight.shape[0]}", path=folder / dense
            )
        weight = one if weight is None else one @ weight
    assert weight is not None
    return folder / place, weight


def read_pylate_settings(folder: Path) -> EncoderSettings:
    """Lengths, markers, and which tokens count, with PyLate's defaults for what is not said.

    Raises:
        DataError: when they cannot be read, or prompts are to be prepended to the texts.
    """
    path = folder / _SETTINGS
    found = read_object(path)
    prompts = found.get("prompts") or {}
    if not isinstance(prompts, dict) or any(prompts.values()):
        raise DataError(f"puts prompts before texts, which is not done here: {prompts}", path=path)
    stated: dict[str, Any] = {ours: found[name] for ours, name in _NAMES.items() if found.get(name) is not None}
    for marker in ("query_marker", "document_marker"):
        if stated.get(marker) == "":
            stated[marker] = None
    try:
        return EncoderSettings.model_validate({**_DEFAULTS.model_dump(), **stated})
    except ValidationError as error:
        raise DataError(str(faults(error, EncoderSettings)[0]), path=path) from None


def _linear(folder: Path) -> Tensor:
    config = read_object(folder / "config.json")
    activation = config.get("activation_function", _IDENTITY)
    others = {name: config[name] for name in ("bias", "use_residual") if config.get(name)}
    if activation != _IDENTITY or others:
        said = ", ".join(f"{name} {value}" for name, value in {"activation": activation, **others}.items())
        raise DataError(f"is not a linear map without bias ({said})", path=folder / "config.json")
    try:
        weights = load_file(next(file for file in weight_files(folder) if file.suffix == ".safetensors"))
        (weight,) = weights.values()
    except (StopIteration, ValueError) as error:
        raise DataError(f"holds no single weight in safetensors ({error!r})", path=folder) from None
    return weight.float()
