"""Training a student on sentence pairs: it learns to put a translation's tokens where the teacher puts the original's.

A run keeps its state in a folder: the loss curve, checkpoints and the best weights so far. The same call after a kill
goes on from the last checkpoint, and comes to the same result as a run that was never interrupted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from clir_harness.harness.errors import UsageError
from clir_harness.harness.identity import fingerprint, settings_without_places
from clir_harness.systems.distillation.known_item import reciprocal_rank
from clir_harness.systems.distillation.losses import alignment_loss
from clir_harness.systems.distillation.precision import trains_in_bfloat16
from clir_harness.systems.distillation.settings import Optimisation
from clir_harness.systems.late_interaction.encoder import TokenEncoder
from clir_harness.systems.parallel_text.bitext import Pair
from clir_harness.systems.parallel_text.filters import sample
from clir_harness.systems.training.batches import BatchOrder
from clir_harness.systems.training.checkpoints import Checkpoints, load_weights, save_weights
from clir_harness.systems.training.optimisation import DivergedError, adamw, set_rates

BEST = "best.safetensors"


@dataclass(frozen=True, slots=True)
class Progress:
    """What a caller may show: steps done, of how many, and how it goes in words."""

    step: int
    steps: int
    text: str


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What came of a run: steps done, the step whose weights the student has, and its scores on held-out pairs.

    Without held-out pairs the last step's weights are taken, and the scores are None.
    """

    steps: int
    best_step: int
    reciprocal_rank: float | None
    held_out_loss: float | None


def train(
    student: TokenEncoder,
    teacher: TokenEncoder,
    pairs: Sequence[Pair],
    held_out: Sequence[Pair],
    settings: Optimisation,
    work: Path,
    *,
    seed: int = 0,
    on_progress: Callable[[Progress], None] | None = None,
) -> TrainingResult:
    """Train a student in place; it ends with the last weights, or, with patience, with those of the best evaluation.

    Args:
        student: what is trained; moved to the accelerator if there is one.
        teacher: what it learns from; not changed.
        pairs: to learn from.
        held_out: to evaluate on: reciprocal rank of known-item search, foreign sentence to pivot sentence.
        settings: how.
        work: folder for curve, checkpoints and best weights; a run found there goes on.
        seed: of data order and dropout.
        on_progress: called after every step.

    Raises:
        UsageError: when student and teacher differ in dimensions, there are no pairs, several processes take part,
            or the folder holds another run.
        DivergedError: when the loss is NaN or infinite; earlier checkpoints stay.
        DataError: when the last checkpoint is damaged.
    """
    if student.dim != teacher.dim:
        raise UsageError(
            f"the student's vectors have {student.dim} dimensions, the teacher's {teacher.dim}",
            hint="give both the same hidden size, or projections to the same size",
        )
    if not pairs:
        raise UsageError("no sentence pairs to train on", hint="check the files and the filters' counts")
    texts = [[(pair.source, pair.target) for pair in side] for side in (pairs, held_out)]
    run = {
        "settings": {**settings_without_places(settings), "seed": seed},
        "student": student.digest(),
        "teacher": teacher.digest(),
        "pairs": fingerprint(texts),
    }
    evaluated = sample(held_out, settings.evaluation_pairs)
    made = _Run(student, teacher, pairs, evaluated, settings, Checkpoints(work, run), seed, on_progress)
    with torch.random.fork_rng():
        return made.carry_out()


class _Run:
    """One training run: its parts, and how far it is."""

    def __init__(
        self,
        student: TokenEncoder,
        teacher: TokenEncoder,
        pairs: Sequence[Pair],
        held_out: Sequence[Pair],
        settings: Optimisation,
        checkpoints: Checkpoints,
        seed: int,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self.on_progress = on_progress or (lambda _: None)
        self.accelerator = Accelerator()
        if self.accelerator.num_processes > 1:
            raise UsageError("training takes one process", hint="start it without a multi-process launcher")
        self.pairs, self.held_out, self.settings, self.seed = pairs, held_out, settings, seed
        self.checkpoints, self.best = checkpoints, checkpoints.folder / BEST
        device = self.accelerator.device
        self.bfloat16 = trains_in_bfloat16(settings.precision, device)
        lengths = {"query_length": settings.max_tokens, "document_length": settings.max_tokens}
        self.teacher = teacher.with_settings(**lengths).to(device).eval()
        model = student.with_settings(**lengths).to(device)
        self.student: TokenEncoder = model
        optimizer = adamw(
            model,
            model.body.get_input_embeddings(),
            rate=settings.learning_rate,
            embedding_rate=settings.embedding_learning_rate,
            weight_decay=settings.weight_decay,
        )
        self.model, self.optimizer = self.accelerator.prepare(model, optimizer)
        self.order = BatchOrder([len(pair.target) for pair in pairs], settings.batch_size, seed)
        self.progress: dict[str, Any] = {"step": 0, "best": None, "since_best": 0}
        self.kept: list[Tensor] | None = None
        self.goals: list[Tensor] = []

    def carry_out(self) -> TrainingResult:
        settings = self.settings
        self.progress |= self.checkpoints.restore(self.student, self.optimizer)
        self._encode_with_teacher()
        while self.progress["step"] < settings.steps and not self._out_of_patience():
            step = self.progress["step"]
            loss = self._step(step)
            self.progress["step"] = step = step + 1
            self.checkpoints.note(step=step, loss=loss)
            if self.held_out and (step % settings.evaluate_every == 0 or step == settings.steps):
                self._evaluate(step)
            if step % settings.checkpoint_every == 0:
                self.checkpoints.save(self.student, self.optimizer, **self.progress)
            held_out = "" if self.progress["best"] is None else f", held-out RR {self.progress['rank']:.3f}"
            self.on_progress(Progress(step, settings.steps, f"loss {loss:.3f}{held_out}"))
        best = self.progress["best"]
        if best is not None:
            load_weights(self.student, self.best)
        self.student.eval()
        done = self.progress["step"]
        if best is None:
            return TrainingResult(done, done, None, None)
        return TrainingResult(done, best["step"], best["reciprocal_rank"], best["loss"])

    def _encode_with_teacher(self) -> None:
        """Vectors of the held-out pivot sentences, and of all of them where a run sees them more than once."""
        self.goals = _tensors(self.teacher.encode([pair.target for pair in self.held_out], "query"))
        batches = self.settings.steps * self.settings.accumulation
        if self.settings.cache_teacher and batches > self.order.per_pass:
            texts = [pair.target for pair in self.pairs]

            def tell(done: int) -> None:
                self.on_progress(Progress(0, self.settings.steps, f"the teacher has encoded {done} of {len(texts)}"))

            self.kept = [v.half() for v in _tensors(self.teacher.encode(texts, "query", on_progress=tell))]

    def _step(self, step: int) -> float:
        """One optimiser step; the mean loss of its batches."""
        settings = self.settings
        self.model.train()
        torch.manual_seed(self.seed * 1_000_003 + step)  # the same after a resume
        set_rates(self.optimizer, step, settings.steps, settings.warmup)
        total = 0.0
        for part in range(settings.accumulation):
            batch = self.order[step * settings.accumulation + part]
            loss = self._loss(
                [self.pairs[i] for i in batch], None if self.kept is None else [self.kept[i] for i in batch]
            )
            total += float(loss.detach()) / settings.accumulation
            if not math.isfinite(total):
                raise DivergedError(
                    f"the loss is {total} at step {step + 1}",
                    hint="lower the learning rates, or train in float32; the checkpoints so far are kept",
                )
            self.accelerator.backward(loss / settings.accumulation)
        self.accelerator.clip_grad_norm_(self.model.parameters(), settings.max_gradient_norm)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return total

    def _loss(self, pairs: Sequence[Pair], goals: Sequence[Tensor] | None) -> Tensor:
        settings, device = self.settings, self.accelerator.device
        foreign = self.student.tokenize([pair.source for pair in pairs], "query")
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=self.bfloat16):
            vectors = self.model(**foreign)
            if goals is None:
                pivot = self.teacher.tokenize([pair.target for pair in pairs], "query")
                with torch.no_grad():
                    goal, goal_mask = self.teacher(**pivot), pivot["scored"]
        if goals is not None:
            goal = pad_sequence(list(goals), batch_first=True).float().to(device)
            lengths = torch.tensor([len(one) for one in goals], device=device)
            goal_mask = torch.arange(goal.shape[1], device=device) < lengths.unsqueeze(1)
        return alignment_loss(
            vectors,
            goal,
            foreign["scored"],
            goal_mask,
            loss=settings.loss,
            solver=settings.solver,
            beta=settings.beta,
            iterations=settings.iterations,
            detach=settings.detach,
        )

    def _evaluate(self, step: int) -> None:
        """Score on the held-out pairs, and keep the weights; with patience only those of the best reciprocal rank."""
        self.model.eval()
        found = _tensors(self.student.encode([pair.source for pair in self.held_out], "query"))
        rank = reciprocal_rank(found, self.goals)
        size, losses = self.settings.batch_size, 0.0
        with torch.no_grad():
            for start in range(0, len(self.held_out), size):
                batch = self.held_out[start : start + size]
                losses += len(batch) * float(self._loss(batch, self.goals[start : start + size]))
        scores = {"step": step, "reciprocal_rank": rank, "loss": losses / len(self.held_out)}
        self.checkpoints.note(step=step, reciprocal_rank=rank, held_out_loss=scores["loss"])
        self.progress["rank"] = rank
        best = self.progress["best"]
        if self.settings.patience is None or best is None or rank > best["reciprocal_rank"]:
            save_weights(self.student, self.best)
            self.progress.update(best=scores, since_best=0)
        else:
            self.progress["since_best"] += 1

    def _out_of_patience(self) -> bool:
        patience = self.settings.patience
        return patience is not None and self.progress["since_best"] >= patience


def _tensors(arrays: Sequence[Any]) -> list[Tensor]:
    return [torch.from_numpy(array) for array in arrays]
