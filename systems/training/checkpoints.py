"""A training run on disk: its identity, its loss curve, and atomic checkpoints."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from clir_harness.harness.atomic_files import atomic_folder, atomic_path, write_text
from clir_harness.harness.errors import DataError, UsageError
from clir_harness.harness.identity import settings_without_places
from clir_harness.harness.training import TrainingContext, TrainingSettings

CURVE = "losses.jsonl"
KEPT = 2
"""Checkpoints kept: the last, and one more should the disk spoil it."""
_RUN, _WEIGHTS, _OPTIMIZER, _STATE = "run.json", "weights.safetensors", "optimizer.safetensors", "progress.json"


class Checkpoints:
    """The checkpoints of one training in a folder of its own, and its loss curve beside them.

    Args:
        context: folder, made when it is not there; and seed.
        settings: of the training.
        inputs: digests of what else the training depends on, by name.

    Raises:
        UsageError: when the folder holds another training; names what differs.
    """

    def __init__(self, context: TrainingContext, settings: TrainingSettings, **inputs: str) -> None:
        self.folder = folder = context.scratch
        self.curve = folder / CURVE
        folder.mkdir(parents=True, exist_ok=True)
        run = {"settings": settings_without_places(settings), "seed": context.seed, **inputs}
        if (path := folder / _RUN).is_file():
            found = json.loads(path.read_text("utf-8"))
            if different := [key for key, value in run.items() if found.get(key) != value]:
                raise UsageError(
                    f"{folder} holds a training with other {' and '.join(different)}",
                    hint="remove the folder to start again, or repeat the call that made it",
                )
        else:
            write_text(path, json.dumps(run, indent=1))

    def save(self, model: nn.Module, optimizer: Optimizer, state: Mapping[str, Any]) -> None:
        """Keep weights, the optimiser's moments and what else is to be known; of older checkpoints the last stays.

        Args:
            model: whose weights are kept.
            optimizer: of this model.
            state: the number of steps done, under `step`, and whatever else JSON can hold.
        """
        moments = {
            f"{number}.{name}": value.detach().cpu().clone()
            for number, values in optimizer.state_dict()["state"].items()
            for name, value in values.items()
        }
        with atomic_folder(self.folder / f"step-{state['step']:09}") as part:
            save_weights(model, part / _WEIGHTS)
            save_file(moments, part / _OPTIMIZER)
            (part / _STATE).write_text(json.dumps(state), encoding="utf-8")
        for old in self._all()[:-KEPT]:
            shutil.rmtree(old)

    def restore(self, model: nn.Module, optimizer: Optimizer) -> dict[str, Any]:
        """Put the latest checkpoint into model and optimizer, and cut the loss curve there.

        Args:
            model: gets the weights.
            optimizer: of this model; gets the moments.

        Returns:
            The state that was saved with it; empty without a checkpoint.

        Raises:
            DataError: when the checkpoint is damaged.
        """
        found = self._all()
        state = _read(found[-1], model, optimizer) if found else {}
        lines = self.curve.read_text("utf-8").splitlines() if self.curve.is_file() else []
        kept = [line for line in lines if _step_of(line) <= state.get("step", 0)]
        write_text(self.curve, "".join(f"{line}\n" for line in kept))
        return state

    def note(self, **values: Any) -> None:
        """Add a line to the loss curve."""
        with self.curve.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(values, allow_nan=False) + "\n")

    def losses(self) -> list[float]:
        """The training loss of every step so far."""
        rows = map(json.loads, self.curve.read_text("utf-8").splitlines())
        return [row["loss"] for row in rows if "loss" in row]

    def _all(self) -> list[Path]:
        return sorted(self.folder.glob("step-*"))


def save_weights(model: nn.Module, path: Path) -> None:
    """Write a model's weights, whole or not at all.

    Args:
        model: whose weights are written.
        path: of the safetensors file.
    """
    with atomic_path(path) as part:
        save_file({name: tensor.detach().cpu().clone() for name, tensor in model.state_dict().items()}, part)


def load_weights(model: nn.Module, path: Path) -> None:
    """Put weights that `save_weights` wrote in place.

    Args:
        model: gets the weights.
        path: of the safetensors file.
    """
    model.load_state_dict(load_file(path))


def _read(place: Path, model: nn.Module, optimizer: Optimizer) -> dict[str, Any]:
    try:
        state: dict[str, Any] = json.loads((place / _STATE).read_text("utf-8"))
        load_weights(model, place / _WEIGHTS)
        moments: dict[int, dict[str, Tensor]] = {}
        for key, value in load_file(place / _OPTIMIZER).items():
            number, _, name = key.partition(".")
            moments.setdefault(int(number), {})[name] = value
        optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
    except (SafetensorError, RuntimeError, OSError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"is a damaged checkpoint: {error}", path=place, hint="remove it to resume from the one before"
        ) from error
    return state


def _step_of(line: str) -> float:
    """The step a line of the curve is about; a line cut short by a kill is about none that was kept."""
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")
