"""The training loop on a line through two points: steps, resumption, evaluation, divergence."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from clir_harness.harness.training import TrainingContext
from clir_harness.systems.training.checkpoints import Checkpoints
from clir_harness.systems.training.fit import DivergedError, Evaluation, Fitted, fit
from clir_harness.systems.training.settings import FitSettings

SETTINGS = FitSettings(steps=10, learning_rate=0.1, checkpoint_every=4, weight_decay=0.0)


class Line(nn.Module):  # type: ignore[misc]
    """Two numbers; one stands for the embeddings."""

    def __init__(self) -> None:
        super().__init__()
        self.embeddings = nn.Linear(1, 1, bias=False)
        self.rest = nn.Linear(1, 1, bias=False)
        with torch.no_grad():
            self.embeddings.weight.fill_(0.0)
            self.rest.weight.fill_(0.0)

    def weights(self) -> list[float]:
        return [self.embeddings.weight.item(), self.rest.weight.item()]


def noisy(model: Line) -> Callable[[int, random.Random], Tensor]:
    """A loss that draws from both generators, and whose target depends on the batch."""
    return lambda number, draw: (
        (model.embeddings.weight - number - draw.random()) ** 2 + (model.rest.weight - torch.rand(())) ** 2
    ).sum()


def train(
    folder: Path, model: Line, settings: FitSettings = SETTINGS, seed: int = 0, kill_at: int = 0, **options: object
) -> Fitted:
    def progress(step: int, _steps: int | None, _text: str) -> None:
        if step == kill_at:
            raise KeyboardInterrupt

    context = TrainingContext(folder, seed, progress=progress)
    checkpoints = Checkpoints(context, settings)
    return fit(model, model.embeddings, noisy(model), settings, checkpoints, context, **options)  # type: ignore[arg-type]


def test_a_killed_training_resumes_to_the_same_weights_and_curve(tmp_path: Path) -> None:
    whole, killed, resumed = Line(), Line(), Line()
    train(tmp_path / "whole", whole)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "killed", killed, kill_at=7)
    torch.rand(5)  # the state of the caller's generator does not matter
    assert train(tmp_path / "killed", resumed) == Fitted(10, 10, {})
    assert resumed.weights() == whole.weights() != killed.weights()
    assert (tmp_path / "killed" / "losses.jsonl").read_text() == (tmp_path / "whole" / "losses.jsonl").read_text()
    other = Line()
    train(tmp_path / "other", other, seed=1)
    assert other.weights() != whole.weights()


def test_embeddings_have_a_learning_rate_of_their_own(tmp_path: Path) -> None:
    model = Line()
    train(tmp_path, model, SETTINGS.model_copy(update={"embedding_learning_rate": 1e-6}))
    assert abs(model.weights()[0]) < 1e-4 < model.weights()[1]


def test_the_gradient_of_a_step_is_that_of_the_mean_over_its_batches(tmp_path: Path) -> None:
    """One step down (w - 0)^2 and (w - 3)^2: the mean's gradient at 1 is 2 (1 - 1.5) < 0, so that w rises."""
    model = Line()
    with torch.no_grad():
        model.embeddings.weight.fill_(1.0)
    settings = SETTINGS.model_copy(update={"steps": 1, "warmup": 0.0})
    context = TrainingContext(tmp_path)
    checkpoints = Checkpoints(context, settings)
    losses = lambda number, _: ((model.embeddings.weight - 3.0 * number) ** 2).sum()  # noqa: E731
    fit(model, model.embeddings, losses, settings, checkpoints, context, accumulation=2)
    assert model.weights() == pytest.approx([1.1, 0.0])  # AdamW's first step is as long as the learning rate
    assert checkpoints.losses() == [2.5]


def test_training_ends_with_the_best_weights_when_patience_runs_out(tmp_path: Path) -> None:
    model, seen = Line(), []

    def scores() -> dict[str, float]:
        seen.append(model.weights())
        return {"mrr": [0.1, 0.5, 0.3, 0.5, 0.9][len(seen) - 1]}

    found = train(tmp_path, model, evaluation=Evaluation(scores, every=2, patience=2))
    assert found == Fitted(8, 4, {"mrr": 0.5})
    assert model.weights() == seen[1]
    assert not model.training


def test_without_patience_all_steps_are_taken_and_the_last_weights_scored(tmp_path: Path) -> None:
    scores = iter([0.9, 0.2, 0.1, 0.3])
    found = train(tmp_path, Line(), evaluation=Evaluation(lambda: {"mrr": next(scores)}, every=3))
    assert found == Fitted(10, 10, {"mrr": 0.3})  # after steps 3, 6, 9 and 10


def test_a_loss_that_is_no_number_stops_the_training_and_leaves_the_checkpoints(tmp_path: Path) -> None:
    model = Line()
    losses = lambda number, _: (model.rest.weight * (torch.nan if number == 5 else 1.0)).sum()  # noqa: E731
    context = TrainingContext(tmp_path)
    with pytest.raises(DivergedError, match="diverged at step 6: loss nan") as caught:
        fit(model, model.embeddings, losses, SETTINGS, Checkpoints(context, SETTINGS), context)
    assert "lower the learning rates" in str(caught.value)
    assert [path.name for path in tmp_path.glob("step-*")] == ["step-000000004"]
