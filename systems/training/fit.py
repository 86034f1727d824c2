"""The training loop: minimises a loss with AdamW, with checkpoints from which it resumes exactly."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from clir_harness.harness.errors import ClirError
from clir_harness.harness.training import TrainingContext
from clir_harness.systems.training.checkpoints import Checkpoints, load_weights, save_weights
from clir_harness.systems.training.optimisation import adamw, linear_rate
from clir_harness.systems.training.settings import FitSettings

BEST = "best.safetensors"

BatchLoss = Callable[[int, random.Random], Tensor]
"""The loss of the batch with a number, from 0. What it draws at random comes from the generator or from torch's."""


class DivergedError(ClirError):
    """A loss became NaN or infinite."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a model is evaluated on held-out pairs while it is trained.

    Attributes:
        scores: gives the scores of the model, by name; `mrr` is among them.
        every: steps between two evaluations; the last step is followed by one, too.
        patience: evaluations without a better `mrr` after which the training ends with the best weights; with None it
            takes all steps and the last weights.
    """

    scores: Callable[[], Mapping[str, float]]
    every: int
    patience: int | None = None


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a training came to.

    Attributes:
        steps: steps taken.
        best_step: the step whose weights the model has: the last one, with patience that of the best evaluation.
        scores: of these weights on held-out pairs; empty without any.
    """

    steps: int
    best_step: int
    scores: Mapping[str, float]


def fit(
    model: nn.Module,
    embeddings: nn.Module,
    batch_loss: BatchLoss,
    settings: FitSettings,
    checkpoints: Checkpoints,
    context: TrainingContext,
    *,
    evaluation: Evaluation | None = None,
    accumulation: int = 1,
    max_gradient_norm: float = 1.0,
    betas: tuple[float, float] = (0.9, 0.999),
) -> Fitted:
    """Train a model in place and leave it in evaluation mode.

    The same arguments give the same weights on the same machine, also when the training is killed and repeated:
    whatever is drawn at random in a step depends on the seed and the step alone.

    Args:
        model: all of its parameters are trained.
        embeddings: its input embeddings, which have a learning rate of their own.
        batch_loss: what is minimised.
        settings: steps, learning rates ...
        checkpoints: of this training; it resumes from the last one, and the loss curve is written there.
        context: seed, and progress callback, called after every step.
        evaluation: on held-out pairs; None for none.
        accumulation: batches a step; the loss is their mean.
        max_gradient_norm: gradients with a larger L2 norm are scaled down to it.
        betas: AdamW's: decay of the means of gradients and of their squares.

    Returns:
        Steps taken, and scores on held-out pairs.

    Raises:
        DivergedError: loss or gradients became NaN or infinite; checkpoints stay.
        DataError: the last checkpoint is damaged.
    """
    optimizer = adamw(model, embeddings, settings, betas)
    state: dict[str, Any] = {"step": 0, "scores": {}, "best": None, "since_best": 0}
    state |= checkpoints.restore(model, optimizer)
    patience = evaluation and evaluation.patience
    with torch.random.fork_rng():
        while state["step"] < settings.steps and not (patience and state["since_best"] >= patience):
            step = state["step"]
            draw = random.Random(f"{context.seed}/{step}")
            torch.manual_seed(draw.getrandbits(62))
            rate = linear_rate(step, settings.steps, settings.warmup)
            for group in optimizer.param_groups:
                group["lr"] = group["highest"] * rate
            model.train()
            losses = [
                _add_gradients(batch_loss(step * accumulation + part, draw) / accumulation)
                for part in range(accumulation)
            ]
            loss = sum(losses)
            _take_step(model, optimizer, loss, max_gradient_norm, step + 1)
            state["step"] = step = step + 1
            checkpoints.note(step=step, loss=loss)
            if evaluation and (step % evaluation.every == 0 or step == settings.steps):
                model.eval()
                state["scores"] = dict(evaluation.scores())
                checkpoints.note(step=step, **state["scores"])
                if patience:
                    _keep_best(model, state, checkpoints)
            if step % settings.checkpoint_every == 0:
                checkpoints.save(model, optimizer, state)
            held_out = f", held-out MRR {state['scores']['mrr']:.3f}" if state["scores"] else ""
            context.progress(step, settings.steps, f"loss {loss:.3f}{held_out}")
    model.eval()
    if (best := state["best"]) is None:
        return Fitted(state["step"], state["step"], state["scores"])
    load_weights(model, checkpoints.folder / BEST)
    return Fitted(state["step"], best["step"], best["scores"])


def _add_gradients(loss: Tensor) -> float:
    loss.backward()
    return float(loss.detach())


def _take_step(model: nn.Module, optimizer: Optimizer, loss: float, max_norm: float, step: int) -> None:
    norm = float(nn.utils.clip_grad_norm_(model.parameters(), max_norm))
    if not (math.isfinite(loss) and math.isfinite(norm)):
        raise DivergedError(
            f"the training diverged at step {step}: loss {loss}, gradient norm {norm}",
            hint="lower the learning rates, raise warmup, or train in float32; the checkpoints so far are kept",
        )
    optimizer.step()
    optimizer.zero_grad()


def _keep_best(model: nn.Module, state: dict[str, Any], checkpoints: Checkpoints) -> None:
    """Keep the weights of the highest `mrr` so far, and count the evaluations since."""
    best = state["best"]
    if best is None or state["scores"]["mrr"] > best["scores"]["mrr"]:
        save_weights(model, checkpoints.folder / BEST)
        state.update(best={"step": state["step"], "scores": state["scores"]}, since_best=0)
    else:
        state["since_best"] += 1
