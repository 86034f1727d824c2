"""A training run on disk: checkpoints that are whole or not there, and a loss curve that agrees with them."""

from pathlib import Path

import pytest
import torch
from torch import nn
from torch.optim import AdamW

from clir_harness.harness.errors import DataError, UsageError
from clir_harness.harness.training import TrainingContext
from clir_harness.systems.training.checkpoints import Checkpoints
from clir_harness.systems.training.settings import FitSettings

SETTINGS = FitSettings()


def trained(steps: int) -> tuple[nn.Linear, AdamW]:
    """A model after some steps, with its optimiser."""
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    optimizer = AdamW(model.parameters())
    for step in range(steps):
        optimizer.zero_grad()
        (model(torch.ones(3)) - step).square().sum().backward()
        optimizer.step()
    return model, optimizer


def test_weights_moments_and_state_come_back(tmp_path: Path) -> None:
    checkpoints = Checkpoints(TrainingContext(tmp_path), SETTINGS)
    model, optimizer = trained(0)
    assert checkpoints.restore(model, optimizer) == {}
    whole, moments = trained(4)
    checkpoints.save(whole, moments, {"step": 4, "best": None})
    assert checkpoints.restore(model, optimizer) == {"step": 4, "best": None}
    assert torch.equal(model.weight, whole.weight)
    for mine, theirs in zip(optimizer.state.values(), moments.state.values(), strict=True):
        assert mine.keys() == theirs.keys()
        assert all(torch.equal(mine[name], theirs[name]) for name in mine)


def test_the_last_two_checkpoints_stay_and_an_unfinished_one_counts_for_nothing(tmp_path: Path) -> None:
    checkpoints, (model, optimizer) = Checkpoints(TrainingContext(tmp_path), SETTINGS), trained(1)
    for step in (2, 4, 6):
        checkpoints.save(model, optimizer, {"step": step})
    (tmp_path / ".step-000000008.part").mkdir()
    assert sorted(path.name for path in tmp_path.glob("step-*")) == ["step-000000004", "step-000000006"]
    assert checkpoints.restore(model, optimizer) == {"step": 6}


def test_the_curve_is_cut_at_the_checkpoint(tmp_path: Path) -> None:
    checkpoints, (model, optimizer) = Checkpoints(TrainingContext(tmp_path), SETTINGS), trained(1)
    for step in (1, 2):
        checkpoints.note(step=step, loss=step / 2)
    checkpoints.note(step=2, mrr=0.5)
    checkpoints.save(model, optimizer, {"step": 2})
    checkpoints.note(step=3, loss=9.0)
    with checkpoints.curve.open("a") as curve:
        curve.write('{"step": 4, "lo')  # killed while it wrote
    checkpoints.restore(model, optimizer)
    assert checkpoints.losses() == [0.5, 1.0]
    assert checkpoints.curve.read_text().splitlines()[-1] == '{"step": 2, "mrr": 0.5}'


def test_a_damaged_checkpoint_is_named_with_what_to_do(tmp_path: Path) -> None:
    checkpoints, (model, optimizer) = Checkpoints(TrainingContext(tmp_path), SETTINGS), trained(1)
    checkpoints.save(model, optimizer, {"step": 8})
    (tmp_path / "step-000000008" / "optimizer.safetensors").write_bytes(b"spoilt")
    with pytest.raises(DataError, match="step-000000008: is a damaged checkpoint") as caught:
        checkpoints.restore(model, optimizer)
    assert "resume from the one before" in str(caught.value)


@pytest.mark.parametrize(
    ("seed", "settings", "pairs", "different"),
    [
        (1, SETTINGS, "a", "seed"),
        (0, FitSettings(steps=7), "a", "settings"),
        (1, SETTINGS, "b", "seed and pairs"),
    ],
)
def test_another_training_is_refused_with_what_differs(
    seed: int, settings: FitSettings, pairs: str, different: str, tmp_path: Path
) -> None:
    for _ in range(2):
        Checkpoints(TrainingContext(tmp_path), SETTINGS, pairs="a")
    with pytest.raises(UsageError, match=f"holds a training with other {different}\n"):
        Checkpoints(TrainingContext(tmp_path, seed), settings, pairs=pairs)
