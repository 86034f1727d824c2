"""From parallel text and a teacher to a folder with a trained student."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import torch
from huggingface_hub import ModelCardData

from clir_harness.harness.languages import language_name
from clir_harness.harness.training import Bitext, TrainingContext
from clir_harness.systems.checkpoints.sources import source_digest
from clir_harness.systems.distillation.settings import Distillation
from clir_harness.systems.distillation.student import student_from_teacher
from clir_harness.systems.distillation.trainer import train
from clir_harness.systems.late_interaction.encoder import TokenEncoder
from clir_harness.systems.parallel_text.training_data import load_training_data
from clir_harness.systems.training.model_card import write_record


def distil(bitext: Bitext, settings: Distillation, output: Path, context: TrainingContext) -> None:
    """Train a student, and fill a folder with it, `training.json`, loss curve and model card.

    The student is read back with `TokenEncoder.load(output)`.

    Args:
        bitext: files by language.
        settings: of the distillation.
        output: folder to fill; exists.
        context: seed, threads, checkpoints, progress.

    Raises:
        MissingDataError, DataError: as `TokenEncoder.load`, `read_bitext` and `train`.
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
        augmentation = teacher.settings.query_augmentation
        student = TokenEncoder.load(settings.start).with_settings(query_augmentation=augmentation)
    digests = {"student": student.digest(), "teacher": teacher.digest()}
    result = train(student, teacher, data.pairs, data.held_out, settings, context)
    student.save(output)
    languages = sorted(bitext)
    names = ", ".join(map(language_name, languages))
    record = {
        "languages": languages,
        "result": asdict(result),
        "started_from": {**digests, "teacher_files": source_digest(settings.teacher)},
        "pairs": {"training": len(data.pairs), "held_out": len(data.held_out)},
        "filters": {language: asdict(report) for language, report in data.reports.items()},
    }
    about = (
        f"Trained with the `{settings.loss}` loss, after OPTICAL (Huang, Yu & Allan, WSDM 2023): the token vectors of "
        f"a text in {names} are near those that the teacher, an encoder with the digest `{digests['teacher']}`, gives "
        "its English translation. Search with MaxSim, English documents being encoded by that same teacher. It was "
        "trained on nothing but the files below: it inherits relevance matching from the teacher."
    )
    facts = {f"held-out {name}, step {result.best_step}": f"{value:.3f}" for name, value in result.scores.items()}
    title = f"Token encoder for {names}, distilled from an English teacher"
    card_data = ModelCardData(language=languages, library_name="clir-harness", pipeline_tag="feature-extraction")
    write_record(output, settings, context, record, data.files, title=title, about=about, facts=facts, data=card_data)
