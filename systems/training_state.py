"""Checkpoints of a training: weights and optimizer in safetensors, whole or not there at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from harness.errors import DataError, UsageError

CURVE = "losses.jsonl"
_WEIGHTS, _OPTIMIZER = "weights.safetensors", "optimizer.safetensors"


class Checkpoints:
    """The checkpoints of one training in a folder of its own, and its loss curve beside them.

    Args:
        folder: an existing folder.
        identity: what this training is; a checkpoint of another one is refused.
    """

    def __init__(self, folder: Path, identity: str) -> None:
        self._folder, self._identity = folder, identity
        self.curve = folder / CURVE

    def save(self, step: int, model: nn.Module, optimizer: Optimizer) -> None:
        """Keep the state after so many steps; the one before goes when this one is whole."""
        place, staged = self._folder / f"step-{step:08}", self._folder / "staged"
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir()
        weights = {name: tensor.detach().cpu().clone() for name, tensor in model.state_dict().items()}
        moments = {
            f"{number}.{name}": value.detach().cpu().clone()
            for number, state in optimizer.state_dict()["state"].items()
            for name, value in state.items()
        }
        save_file(weights, staged / _WEIGHTS)
        save_file(moments, staged / _OPTIMIZER, metadata={"step": str(step), "identity": self._identity})
        staged.rename(place)
        for older in self._all():
            if older != place:
                shutil.rmtree(older)

    def restore(self, model: nn.Module, optimizer: Optimizer) -> int:
        """Put the latest state into model and optimizer, and cut the loss curve there.

        Returns:
            Steps done; 0 where there is no checkpoint.

        Raises:
            UsageError: when the checkpoint is of another training.
            DataError: when it is damaged.
        """
        found = self._all()
        step = self._read(found[-1], model, optimizer) if found else 0
        lines = self.curve.read_text("utf-8").splitlines() if self.curve.is_file() else []
        kept = [line for line in lines if _step_of(line) <= step]
        self.curve.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
        return step

    def note(self, **values: Any) -> None:
        """Add a line to the loss curve."""
        with self.curve.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(values, allow_nan=False) + "\n")

    def _all(self) -> list[Path]:
        return sorted(self._folder.glob("step-*"))

    def _read(self, place: Path, model: nn.Module, optimizer: Optimizer) -> int:
        try:
            with safe_open(place / _OPTIMIZER, "pt") as handle:
                noted = handle.metadata()
            if noted["identity"] != self._identity:
                raise UsageError(
                    f"{place} is a checkpoint of another training",
                    hint="give each training a scratch folder of its own",
                )
            model.load_state_dict(load_file(place / _WEIGHTS))
            state: dict[int, dict[str, Tensor]] = {}
            for key, value in load_file(place / _OPTIMIZER).items():
                number, _, name = key.partition(".")
                state.setdefault(int(number), {})[name] = value
            optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
            return int(noted["step"])
        except (SafetensorError, RuntimeError, OSError, KeyError, TypeError, ValueError) as error:
            raise DataError(f"is damaged: {error}", path=place, hint="remove it to train from the start") from error


def _step_of(line: str) -> float:
    """The step a line of the curve is about; a line cut short by a kill is about none that was kept."""
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")
