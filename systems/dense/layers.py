"""Layers after the pooling: dense layers and others, each in its own folder, as sentence-transformers stores them."""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from clir_harness.harness.errors import DataError, MissingDataError
from clir_harness.systems.checkpoints.sources import weight_files
from clir_harness.systems.dense.recipe import Layer

_POOLED = "sentence_embedding"
_DENSE_DEFAULTS: dict[str, Any] = {
    "bias": True,
    "activation_function": "torch.nn.modules.activation.Tanh",
    "use_residual": False,
}
_PLACES = ("module_input_name", "module_output_name")


class Dense(nn.Module):  # type: ignore[misc]
    """A linear map with an activation, and with what goes past both of them where `use_residual` says so.

    Args:
        config: `in_features`, `out_features`, and what else `config.json` says.

    Raises:
        ValueError, TypeError, KeyError: when it is incomplete, or says what is not known.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.config = {**_DENSE_DEFAULTS, **{key: value for key, value in config.items() if key not in _PLACES}}
        if unknown := sorted(self.config.keys() - {"in_features", "out_features", *_DENSE_DEFAULTS}):
            raise ValueError(f"settings that are not known: {', '.join(unknown)}")
        wide, narrow = int(config["in_features"]), int(config["out_features"])
        self.linear = nn.Linear(wide, narrow, bias=bool(self.config["bias"]))
        self.activation_function = _activation(self.config["activation_function"])
        self.residual: nn.Module | None = None
        if self.config["use_residual"]:
            self.residual = nn.Identity() if wide == narrow else nn.Linear(wide, narrow, bias=False)

    def forward(self, vectors: Tensor) -> Tensor:
        """(B, in_features) to (B, out_features)."""
        found: Tensor = self.activation_function(self.linear(vectors))
        return found if self.residual is None else found + self.residual(vectors)


class LayerNorm(nn.Module):  # type: ignore[misc]
    """Normalisation of a vector's mean and variance; `config` has its `dimension`."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.config = config
        self.norm = nn.LayerNorm(int(config["dimension"]))

    def forward(self, vectors: Tensor) -> Tensor:
        """(B, dimension) to the same."""
        found: Tensor = self.norm(vectors)
        return found


class Dropout(nn.Dropout):  # type: ignore[misc]
    """Dropout, in training only; `config` has its share, `dropout`."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(float(config.get("dropout", 0.2)))
        self.config = config


class Normalize(nn.Module):  # type: ignore[misc]
    """Scales vectors to unit L2 norm; `config` has nothing."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.config = {key: value for key, value in config.items() if key not in _PLACES}

    def forward(self, vectors: Tensor) -> Tensor:
        """(B, dim) to the same."""
        return functional.normalize(vectors, dim=-1)


_KINDS: dict[str, Any] = {kind.__name__: kind for kind in (Dense, LayerNorm, Dropout, Normalize)}


def read_layers(layers: Sequence[Layer]) -> nn.Sequential:
    """The layers in their folders, in float32; one after another.

    Raises:
        MissingDataError: when one has no weights.
        DataError: when one is damaged, works on something else than the pooled vector, or has settings not known here.
    """
    return nn.Sequential(*(_read(layer) for layer in layers))


def write_layers(layers: nn.Sequential, folders: Sequence[Path]) -> None:
    """Write layers as sentence-transformers does, each into its folder, made when absent.

    Args:
        layers: what is written.
        folders: one for each layer.
    """
    for layer, folder in zip(layers, folders, strict=True):
        folder.mkdir(exist_ok=True)
        (folder / "config.json").write_text(json.dumps(layer.config, indent=1) + "\n", encoding="utf-8")
        if weights := {key: value.detach().cpu().contiguous() for key, value in layer.state_dict().items()}:
            save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def width_after(layers: nn.Sequential, width: int) -> int:
    """Dimensions of a vector after the layers.

    Args:
        layers: what it goes through.
        width: its dimensions before.

    Returns:
        Number of dimensions.

    Raises:
        DataError: when a layer takes vectors of other dimensions than it gets.
    """
    for layer in layers:
        takes = {Dense: "in_features", LayerNorm: "dimension"}.get(type(layer))
        if takes is not None and layer.config[takes] != width:
            raise DataError(
                f"a {type(layer).__name__} layer takes vectors of {layer.config[takes]} dimensions, it gets {width}",
                hint="use the layers that were trained with this model",
            )
        width = layer.config.get("out_features", width)
    return width


def _read(layer: Layer) -> nn.Module:
    path = layer.folder / "config.json"
    try:
        config = json.loads(path.read_bytes()) if path.is_file() or layer.kind in ("Dense", "LayerNorm") else {}
        places = sorted({str(config[key]) for key in _PLACES if config.get(key) is not None} - {_POOLED})
        made: nn.Module = _KINDS[layer.kind](config)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"cannot be read as {layer.kind}: {error!r}", path=path) from None
    if places:
        raise DataError(
            f"this {layer.kind} works on {', '.join(places)}, not on the pooled vector",
            path=path,
            hint="a layer on token vectors belongs to late interaction: use the model with `colbert`",
        )
    if not made.state_dict():
        return made
    files = weight_files(layer.folder)
    if not files:
        raise MissingDataError(
            f"{layer.folder} has no weights", hint="download the whole model, its sub-folders included"
        )
    try:
        weights = {key: value.float() for file in files for key, value in _weights(file).items()}
        made.load_state_dict(weights)
    except (SafetensorError, RuntimeError, ValueError, EOFError, TypeError, AttributeError) as error:
        raise DataError(f"is damaged, or does not fit config.json: {error}", path=files[0]) from error
    return made


def _weights(file: Path) -> dict[str, Tensor]:
    if file.suffix == ".safetensors":
        return load_file(file)
    found: dict[str, Tensor] = torch.load(file, map_location="cpu", weights_only=True)
    return found


def _activation(name: str) -> nn.Module:
    """An activation of torch by its dotted name, e.g. `torch.nn.modules.activation.Tanh`."""
    package, _, last = name.rpartition(".")
    found = getattr(nn, last, None)
    if not package.startswith("torch.nn") or not (inspect.isclass(found) and issubclass(found, nn.Module)):
        raise ValueError(f"no activation of torch.nn is called '{name}'")
    made: nn.Module = found()
    return made
