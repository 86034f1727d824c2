"""A training run on disk: whose it is, its curve, and checkpoints with everything that decides how it goes on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from harness.errors import DataError, UsageError

RUN = "run.json"

KEPT = 2
"""Checkpoints kept: the last, and one more should the disk spoil it."""


def claim_run(folder: Path, run: dict[str, Any]) -> None:
    """Note whose run a folder holds.

    Raises:
        UsageError: when it holds another one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if (path := folder / RUN).is_file():
        found = json.loads(path.read_text("utf-8"))
        if different := [key for key, value in run.items() if found.get(key) != value]:
            raise UsageError(
                f"{folder} holds a run with other {' and '.join(different)}",
                hint="remove the folder to start anew, or repeat the call that made it",
            )
    else:
        part = path.with_name(path.name + ".part")
        part.write_text(json.dumps(run, indent=1), encoding="utf-8")
        part.replace(path)


def cut_curve(path: Path, step: int) -> None:
    """Leave out what a killed run noted after its last checkpoint; a line cut short is after it too."""
    if not path.is_file():
        return
    kept = []
    for line in path.read_text("utf-8").splitlines(keepends=True):
        if not line.endswith("\n") or json.loads(line)["step"] > step:
            break
        kept.append(line)
    part = path.with_name(path.name + ".part")
    part.write_text("".join(kept), encoding="utf-8")
    part.replace(path)


def save_checkpoint(
    folder: Path, step: int, model: nn.Module, optimizer: torch.optim.Optimizer, progress: dict[str, Any]
) -> None:
    """Write weights, optimiser state, random state and progress as `folder/step-N`; older ones are removed."""
    part = folder / "step.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    save_weights(model, part / "model.safetensors")
    save_file(_optimizer_tensors(optimizer), part / "optimizer.safetensors")
    random_state = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        random_state["cuda"] = torch.cuda.get_rng_state()
    save_file(random_state, part / "random.safetensors")
    (part / "progress.json").write_text(json.dumps(progress), encoding="utf-8")
    shutil.rmtree(folder / _name(step), ignore_errors=True)
    part.rename(folder / _name(step))
    for old in _checkpoints(folder)[:-KEPT]:
        shutil.rmtree(old)


def load_checkpoint(folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any] | None:
    """Put the newest checkpoint's state in place and return its progress; None when there is no checkpoint.

    Raises:
        DataError: when the checkpoint is damaged or of another model.
    """
    found = _checkpoints(folder)
    if not found:
        return None
    newest = found[-1]
    try:
        progress: dict[str, Any] = json.loads((newest / "progress.json").read_text("utf-8"))
        load_weights(model, newest / "model.safetensors")
        _restore_optimizer(optimizer, load_file(newest / "optimizer.safetensors"))
        random_state = load_file(newest / "random.safetensors")
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise DataError(
            f"is no checkpoint of this run: {error}", path=newest, hint="remove it to go on from the one before"
        ) from error
    torch.set_rng_state(random_state["cpu"])
    if "cuda" in random_state and torch.cuda.is_available():
        torch.cuda.set_rng_state(random_state["cuda"])
    return progress


def save_weights(model: nn.Module, path: Path) -> None:
    """Write a model's weights, whole or not at all."""
    part = path.with_name(path.name + ".part")
    save_file({name: tensor.detach().cpu().clone() for name, tensor in model.state_dict().items()}, part)
    part.replace(path)


def load_weights(model: nn.Module, path: Path) -> None:
    """Put weights that `save_weights` wrote in place."""
    model.load_state_dict(load_file(path))


def _name(step: int) -> str:
    return f"step-{step:09}"


def _checkpoints(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*"))


def _optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """State tensors of all parameters, by number and name; rates are set anew at every step."""
    states = optimizer.state_dict()["state"]
    return {
        f"{number}.{name}": tensor.detach().cpu().clone()
        for number, state in states.items()
        for name, tensor in state.items()
    }


def _restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    whole = optimizer.state_dict()
    states: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        number, _, name = key.partition(".")
        states.setdefault(int(number), {})[name] = tensor
    optimizer.load_state_dict({**whole, "state": states})
