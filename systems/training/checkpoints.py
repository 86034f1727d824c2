"""A training run on disk: whose it is, its loss curve, and checkpoints that are whole or not there at all.

Whatever is drawn at random in a step is drawn from the seed and the step's number, so that a run that goes on from a
checkpoint comes to the same result as one that was never interrupted.
"""

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

from clir_harness.harness.errors import DataError, UsageError

CURVE = "losses.jsonl"
KEPT = 2
"""Checkpoints kept: the last, and one more should the disk spoil it."""
_RUN, _WEIGHTS, _OPTIMIZER, _PROGRESS = "run.json", "weights.safetensors", "optimizer.safetensors", "progress.json"


class Checkpoints:
    """The checkpoints of one training in a folder of its own, and its loss curve beside them.

    Args:
        folder: where; made when it is not there.
        run: what this training is, by name.

    Raises:
        UsageError: when the folder holds another training; names what differs.
    """

    def __init__(self, folder: Path, run: Mapping[str, Any]) -> None:
        self.folder = folder
        self.curve = folder / CURVE
        folder.mkdir(parents=True, exist_ok=True)
        if (path := folder / _RUN).is_file():
            found = json.loads(path.read_text("utf-8"))
            if different := [key for key, value in run.items() if found.get(key) != value]:
                raise UsageError(
                    f"{folder} holds a training with other {' and '.join(different)}",
                    hint="remove the folder to start anew, or repeat the call that made it",
                )
        else:
            part = path.with_name(path.name + ".part")
            part.write_text(json.dumps(run, indent=1), encoding="utf-8")
            part.replace(path)

    def save(self, model: nn.Module, optimizer: Optimizer, *, step: int, **progress: Any) -> None:
        """Keep the state after so many steps, and what else is to be known of it; of older ones the last stays."""
        place, part = self.folder / f"step-{step:09}", self.folder / "step.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        moments = {
            f"{number}.{name}": value.detach().cpu().clone()
            for number, state in optimizer.state_dict()["state"].items()
            for name, value in state.items()
        }
        save_weights(model, part / _WEIGHTS)
        save_file(moments, part / _OPTIMIZER)
        (part / _PROGRESS).write_text(json.dumps({**progress, "step": step}), encoding="utf-8")
        shutil.rmtree(place, ignore_errors=True)
        part.rename(place)
        for old in self._all()[:-KEPT]:
            shutil.rmtree(old)

    def restore(self, model: nn.Module, optimizer: Optimizer) -> dict[str, Any]:
        """Put the latest state into model and optimizer, and cut the loss curve there.

        Returns:
            Steps done, under `step`, and what was kept with them; 0 and nothing else where there is no checkpoint.

        Raises:
            DataError: when the checkpoint is damaged.
        """
        found = self._all()
        progress = _read(found[-1], model, optimizer) if found else {"step": 0}
        lines = self.curve.read_text("utf-8").splitlines() if self.curve.is_file() else []
        kept = [line for line in lines if _step_of(line) <= progress["step"]]
        part = self.curve.with_name(CURVE + ".part")
        part.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
        part.replace(self.curve)
        return progress

    def note(self, **values: Any) -> None:
        """Add a line to the loss curve."""
        with self.curve.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(values, allow_nan=False) + "\n")

    def _all(self) -> list[Path]:
        return sorted(self.folder.glob("step-*"))


def save_weights(model: nn.Module, path: Path) -> None:
    """Write a model's weights, whole or not at all."""
    part = path.with_name(path.name + ".part")
    save_file({name: tensor.detach().cpu().clone() for name, tensor in model.state_dict().items()}, part)
    part.replace(path)


def load_weights(model: nn.Module, path: Path) -> None:
    """Put weights that `save_weights` wrote in place."""
    model.load_state_dict(load_file(path))


def _read(place: Path, model: nn.Module, optimizer: Optimizer) -> dict[str, Any]:
    try:
        progress: dict[str, Any] = json.loads((place / _PROGRESS).read_text("utf-8"))
        load_weights(model, place / _WEIGHTS)
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in load_file(place / _OPTIMIZER).items():
            number, _, name = key.partition(".")
            state.setdefault(int(number), {})[name] = value
        optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
    except (SafetensorError, RuntimeError, OSError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"is a damaged checkpoint: {error}", path=place, hint="remove it to go on from the one before"
        ) from error
    return progress


def _step_of(line: str) -> float:
    """The step a line of the curve is about; a line cut short by a kill is about none that was kept."""
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")
