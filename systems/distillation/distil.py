"""From parallel text and a teacher to a folder with a trained student."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import torch

from clir_harness.harness.identity import settings_without_places
from clir_harness.harness.languages import language_name
from clir_harness.harness.training import Bitext, TrainingContext
from clir_harness.systems.checkpoints.sources import source_digest
from clir_harness.systems.distillation.settings import Distillation, Optimisation
from clir_harness.systems.distillation.student import multilingual_student, student_from_teacher
from clir_harness.systems.distillation.trainer import train
from clir_harness.systems.late_interaction.encoder import TokenEncoder
from clir_harness.systems.parallel_text.training_data import TrainingData, load_training_data
from clir_harness.systems.training.fit import Fitted
from clir_harness.systems.training.model_card import write_record


def distil(
    student: TokenEncoder,
    teacher: TokenEncoder,
    data: TrainingData,
    settings: Optimisation,
    output: Path,
    context: TrainingContext,
    origin: Mapping[str, str] | None = None,
) -> Fitted:
    """Train, and fill a folder with encoder, `training.json`, loss curve and model card.

    The encoder is read back with `TokenEncoder.load(output)`.

    Args:
        student: what is trained; ends with the last weights, or the best, see `fit`.
        teacher: what it learns from.
        data: pairs, and where they are from.
        settings: loss, steps, learning rates ...
        output: folder to fill; exists.
        context: seed, checkpoints, progress.
        origin: what else is to be known of where it started.

    Returns:
        Steps and held-out scores, as `fit`.

    Raises:
        UsageError, DivergedError, DataError: as `train`.
    """
    started_from = {"student": student.digest(), "teacher": teacher.digest(), **(origin or {})}
    result = train(student, teacher, data.pairs, data.held_out, settings, context)
    languages = sorted(data.reports)
    names = ", ".join(map(language_name, languages))
    record = {
        "languages": languages,
        "result": asdict(result),
        "settings": settings_without_places(settings),
        "seed": context.seed,
        "started_from": started_from,
        "pairs": {"training": len(data.pairs), "held_out": len(data.held_out)},
        "filters": {language: asdict(report) for language, report in data.reports.items()},
    }
    student.save(output)
    about = (
        f"Trained with the `{settings.loss}` loss, after OPTICAL (Huang, Yu & Allan, WSDM 2023): the token vectors of "
        f"a text in {names} are near those that the teacher, an encoder with the digest `{started_from['teacher']}`, "
        "gives its English translation. Search with MaxSim, English documents being encoded by that same teacher. It "
        "was trained on nothing but the files below: it inherits relevance matching from the teacher."
    )
    facts = {
        "sentence pairs": len(data.pairs),
        "steps x batch": f"{result.steps} x {settings.batch_size * settings.accumulation}",
        "seed": context.seed,
        "held-out pairs": len(data.held_out),
        **{f"held-out {name}, step {result.best_step}": f"{value:.3f}" for name, value in result.scores.items()},
    }
    title = f"Token encoder for {names}, distilled from an English teacher"
    write_record(
        output, context.scratch, record, data.files, title=title, about=about, facts=facts, languages=languages
    )
    return result


def distil_from_files(bitext: Bitext, settings: Distillation, output: Path, context: TrainingContext) -> Fitted:
    """Read teacher and text, make the student to start from, and `distil`.

    Args:
        bitext: files by language.
        settings: of the distillation.
        output: folder to fill; exists.
        context: seed, threads, checkpoints, progress.

    Returns:
        Steps and held-out scores, as `fit`.

    Raises:
        MissingDataError, DataError: as `TokenEncoder.load` and `read_bitext`.
        UsageError, DivergedError: as `load_training_data` and `train`.
    """
    torch.set_num_threads(context.threads)
    teacher = TokenEncoder.load(settings.teacher)
    if settings.augmentation is not None:
        teacher = teacher.with_settings(query_augmentation=settings.augmentation)
    data = load_training_data(bitext, settings, context.seed)
    if settings.start is None:
        context.progress(0, settings.steps, "learning subwords and word translations")
        student = student_from_teacher(
            teacher,
            data.pairs,
            vocabulary_size=settings.vocabulary,
            translated=settings.translated_start,
            seed=context.seed,
        )
    else:
        student = multilingual_student(settings.start, teacher)
        student = student.with_settings(query_augmentation=teacher.settings.query_augmentation)
    return distil(student, teacher, data, settings, output, context, {"teacher_files": source_digest(settings.teacher)})
