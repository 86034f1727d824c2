"""From training data to a folder with a trained encoder, its record and its model card."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from clir_harness.harness.identity import package_version, settings_without_places
from clir_harness.harness.languages import canonical_tag, language_name
from clir_harness.harness.training import Bitext
from clir_harness.systems.checkpoints.sources import source_digest
from clir_harness.systems.distillation.settings import Distillation, Optimisation
from clir_harness.systems.distillation.student import multilingual_student, student_from_teacher
from clir_harness.systems.distillation.trainer import Progress, TrainingResult, train
from clir_harness.systems.late_interaction.encoder import TokenEncoder
from clir_harness.systems.parallel_text.training_data import TrainingData, load_training_data
from clir_harness.systems.training.checkpoints import CURVE

RECORD, CARD = "training.json", "README.md"
PACKAGES = ("torch", "transformers", "tokenizers", "accelerate", "POT", "clir-harness")


def distil(
    student: TokenEncoder,
    teacher: TokenEncoder,
    data: TrainingData,
    settings: Optimisation,
    output: Path,
    work: Path,
    *,
    seed: int = 0,
    origin: Mapping[str, str] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> TrainingResult:
    """Train, and fill a folder with encoder, `training.json`, loss curve and `README.md`.

    The encoder is read back with `TokenEncoder.load(output)`.

    Args:
        student: what is trained; ends with the last weights, or the best, see `train`.
        teacher: what it learns from.
        data: pairs, and where they are from.
        settings: how.
        output: folder to fill; exists.
        work: folder for checkpoints, removed at the end; the same call goes on from what it holds.
        seed: of data order and dropout.
        origin: what else is to be known of where it started.
        on_progress: called after every step.

    Raises:
        UsageError, DivergedError, DataError: as `train`.
    """
    started_from = {"student": student.digest(), "teacher": teacher.digest(), **(origin or {})}
    result = train(student, teacher, data.pairs, data.held_out, settings, work, seed=seed, on_progress=on_progress)
    record = {
        "languages": sorted(data.reports),
        "result": asdict(result),
        "settings": settings_without_places(settings),
        "seed": seed,
        "started_from": started_from,
        "pairs": {"training": len(data.pairs), "held_out": len(data.held_out)},
        "files": [asdict(file) for file in data.files],
        "filters": {language: asdict(report) for language, report in data.reports.items()},
        "packages": {name: package_version(name) for name in PACKAGES},
    }
    student.save(output)
    shutil.copyfile(work / CURVE, output / CURVE)
    (output / RECORD).write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (output / CARD).write_text(_card(record), encoding="utf-8")
    shutil.rmtree(work)
    return result


def _card(record: dict[str, Any]) -> str:
    """Model card: what it is, what it was made from, what it scored, what it is not for."""
    result, settings = record["result"], record["settings"]
    languages = record["languages"]
    names = ", ".join(language_name(language) for language in languages)
    tags = "".join(f"- {language}\n" for language in languages)
    rank = result["reciprocal_rank"]
    score = (
        "No pairs were held out, so it was not evaluated."
        if rank is None
        else f"On {record['pairs']['held_out']} held-out pairs a sentence finds its translation with a mean reciprocal "
        f"rank of {rank:.3f} (after step {result['best_step']}; pairs from the training domain)."
    )
    files = "\n".join(
        f"| {file['name']} | {file['language']} | {file['bytes']} | `{file['sha256']}` |" for file in record["files"]
    )
    return f"""---
language:
{tags}library_name: clir-harness
pipeline_tag: feature-extraction
---
# Token encoder for {names}, distilled from an English teacher

Trained on {record["pairs"]["training"]} sentence pairs with the `{settings["loss"]}` loss, after OPTICAL (Huang, Yu &
Allan, WSDM 2023), for {result["steps"]} steps of {settings["batch_size"] * settings["accumulation"]} pairs (seed
{record["seed"]}). It puts the tokens of a text in {names} where the teacher, an encoder with the digest
`{record["started_from"]["teacher"]}`, puts those of its English translation: search with MaxSim, English
documents being encoded by that same teacher.

{score}

It was trained on nothing but the files below, whose licences bear on its use; relevance it only has from the teacher.

| file | language | bytes | SHA-256 |
|---|---|---|---|
{files}
"""


def distil_from_files(
    bitext: Bitext,
    settings: Distillation,
    output: Path,
    work: Path,
    *,
    seed: int = 0,
    threads: int = 1,
    on_progress: Callable[[Progress], None] | None = None,
) -> TrainingResult:
    """Read teacher and text, make the student to start from, and `distil`.

    Raises:
        MissingDataError, DataError: as `TokenEncoder.load` and `read_bitext`.
        UsageError, DivergedError: as `load_training_data` and `train`.
    """
    torch.set_num_threads(threads)
    teacher = TokenEncoder.load(settings.teacher)
    if settings.augmentation is not None:
        teacher = teacher.with_settings(query_augmentation=settings.augmentation)
    data = load_training_data(
        bitext,
        held_out=settings.held_out,
        per_language=settings.per_language,
        pivot_share=settings.pivot_share,
        pivot=canonical_tag(settings.pivot),
        seed=seed,
    )
    if settings.start is None:
        if on_progress is not None:
            on_progress(Progress(0, settings.steps, "learning subwords and word translations"))
        student = student_from_teacher(
            teacher,
            data.pairs,
            vocabulary_size=settings.vocabulary,
            translated=settings.translated_start,
            seed=seed,
        )
    else:
        student = multilingual_student(settings.start, teacher)
        student = student.with_settings(query_augmentation=teacher.settings.query_augmentation)
    origin = {"teacher_files": source_digest(settings.teacher)}
    return distil(student, teacher, data, settings, output, work, seed=seed, origin=origin, on_progress=on_progress)
