"""Training a student on sentence pairs: its tokens of a sentence approach the teacher's tokens of the translation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from clir_harness.harness.errors import UsageError
from clir_harness.harness.identity import fingerprint
from clir_harness.harness.progress import Progress, no_progress
from clir_harness.harness.training import TrainingContext
from clir_harness.systems.checkpoints.devices import choose_device
from clir_harness.systems.distillation.losses import alignment_loss
from clir_harness.systems.distillation.settings import Optimisation
from clir_harness.systems.late_interaction.encoder import TokenEncoder
from clir_harness.systems.late_interaction.maxsim import text_scores
from clir_harness.systems.parallel_text.bitext import SentencePair
from clir_harness.systems.parallel_text.filters import sample
from clir_harness.systems.training.batches import BatchOrder
from clir_harness.systems.training.checkpoints import Checkpoints
from clir_harness.systems.training.fit import Evaluation, Fitted, fit
from clir_harness.systems.training.pairs import mean_reciprocal_rank
from clir_harness.systems.training.precision import trains_in_bfloat16


def train(
    student: TokenEncoder,
    teacher: TokenEncoder,
    pairs: Sequence[SentencePair],
    held_out: Sequence[SentencePair],
    settings: Optimisation,
    context: TrainingContext,
) -> Fitted:
    """Train a student in place; see `fit`.

    Args:
        student: what is trained; moved to a GPU if there is one.
        teacher: what it learns from; not changed.
        pairs: to learn from.
        held_out: to evaluate on: reciprocal rank of known-item search, foreign sentence to pivot sentence.
        settings: loss, steps, learning rates ...
        context: seed, folder for checkpoints, progress.

    Returns:
        Steps and held-out scores, as `fit`.

    Raises:
        UsageError: when student and teacher differ in dimensions, there are no pairs, or the folder holds another
            training.
        DivergedError: loss or gradients became NaN or infinite; earlier checkpoints stay.
        DataError: when the last checkpoint is damaged.
    """
    if student.dim != teacher.dim:
        raise UsageError(
            f"the student's vectors have {student.dim} dimensions, the teacher's {teacher.dim}",
            hint="give both the same hidden size, or projections to the same size",
        )
    if not pairs:
        raise UsageError("no sentence pairs to train on", hint="check the files and the filters' counts")
    texts = fingerprint([[(pair.source, pair.target) for pair in side] for side in (pairs, held_out)])
    checkpoints = Checkpoints(context, settings, student=student.digest(), teacher=teacher.digest(), pairs=texts)
    objective = _Objective(student, teacher, sample(held_out, settings.evaluation_pairs), settings)
    order = BatchOrder(len(pairs), settings.batch_size, context.seed, [len(pair.target) for pair in pairs])
    teacher_vectors: Mapping[str, Tensor] | None = None
    if settings.cache_teacher and settings.steps * settings.accumulation > order.per_pass:

        def report(done: int, total: int | None, _text: str) -> None:
            context.progress(0, settings.steps, f"the teacher has encoded {done} of {total} texts")

        found = objective.teacher_vectors((pair.target for pair in pairs), report)
        teacher_vectors = {text: vectors.half() for text, vectors in found.items()}
    return fit(
        student,
        student.body.get_input_embeddings(),
        lambda number, _: objective.loss([pairs[i] for i in order[number]], teacher_vectors),
        settings,
        checkpoints,
        context,
        evaluation=Evaluation(objective.scores, settings.evaluate_every, settings.patience) if held_out else None,
        accumulation=settings.accumulation,
        max_gradient_norm=settings.max_gradient_norm,
    )


class _Objective:
    """The loss of sentence pairs, and the scores on held-out ones."""

    def __init__(
        self, student: TokenEncoder, teacher: TokenEncoder, held_out: Sequence[SentencePair], settings: Optimisation
    ) -> None:
        lengths = {"query_length": settings.max_tokens, "document_length": settings.max_tokens}
        self._device = choose_device("auto")
        self._student = student.to(self._device).with_settings(**lengths)
        self._teacher = teacher.with_settings(**lengths).to(self._device).eval()
        self._bfloat16 = trains_in_bfloat16(settings.precision, self._device)
        self._settings, self._held_out = settings, held_out
        self._held_out_vectors = self.teacher_vectors(pair.target for pair in held_out)

    def teacher_vectors(self, texts: Iterable[str], progress: Progress = no_progress) -> dict[str, Tensor]:
        """The teacher's token vectors (tokens, dim) of texts."""
        distinct = list(dict.fromkeys(texts))
        found = self._teacher.encode(distinct, "query", progress=progress)
        return {text: torch.from_numpy(vectors) for text, vectors in zip(distinct, found, strict=True)}

    def loss(self, pairs: Sequence[SentencePair], teacher_vectors: Mapping[str, Tensor] | None) -> Tensor:
        """The loss of a batch, given the teacher's vectors of its pivot sentences, or computing them."""
        settings = self._settings
        foreign = self._student.tokenize([pair.source for pair in pairs], "query")
        with torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=self._bfloat16):
            vectors = self._student(**foreign)
            if teacher_vectors is None:
                pivot = self._teacher.tokenize([pair.target for pair in pairs], "query")
                with torch.no_grad():
                    target, mask = self._teacher(**pivot), pivot["scored"]
        if teacher_vectors is not None:
            rows = [teacher_vectors[pair.target] for pair in pairs]
            target = pad_sequence(rows, batch_first=True).float().to(self._device)
            lengths = torch.tensor([len(row) for row in rows], device=self._device)
            mask = torch.arange(target.shape[1], device=self._device) < lengths.unsqueeze(1)
        return alignment_loss(
            vectors,
            target,
            foreign["scored"],
            mask,
            loss=settings.loss,
            solver=settings.solver,
            beta=settings.beta,
            iterations=settings.iterations,
            detach=settings.detach,
        )

    def scores(self) -> dict[str, float]:
        """Mean reciprocal rank of known-item search, and mean loss, of the held-out pairs."""
        pairs, size = self._held_out, self._settings.batch_size
        loss = 0.0
        with torch.no_grad():
            for start in range(0, len(pairs), size):
                batch = pairs[start : start + size]
                loss += len(batch) * float(self.loss(batch, self._held_out_vectors)) / len(pairs)

        def score(queries: list[str], texts: list[str]) -> Tensor:
            teacher_vectors = [self._held_out_vectors[text].numpy() for text in texts]
            return text_scores(self._student.encode(queries, "query"), teacher_vectors)

        return {
            "mrr": mean_reciprocal_rank([(pair.source, pair.target) for pair in pairs], score),
            "held_out_loss": loss,
        }
