"""From training data to a folder with a trained encoder, its record and its model card, published whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.identity import package_version
from harness.languages import language_name
from systems.distillation.data import TrainingData
from systems.distillation.settings import TrainingSettings
from systems.distillation.trainer import CURVE, Progress, TrainingResult, train
from systems.late_interaction.encoder import TokenEncoder

RECORD, CARD = "training.json", "README.md"
PACKAGES = ("torch", "transformers", "tokenizers", "accelerate", "POT", "clir-harness")


def distil(
    student: TokenEncoder,
    teacher: TokenEncoder,
    data: TrainingData,
    settings: TrainingSettings,
    destination: Path,
    *,
    on_progress: Callable[[Progress], None] | None = None,
) -> TrainingResult:
    """Train and publish: the destination appears once the run is done, with encoder, `training.json` and `README.md`.

    The encoder is read back with `TokenEncoder.load(destination)`.

    Raises:
        UsageError: when the destination exists, and as `train`.
        DivergedError, DataError: as `train`.
    """
    if destination.exists():
        raise UsageError(f"{destination} exists", hint="name a new folder, or remove it")
    work = destination.with_name(destination.name + ".training")
    origin = {"student": student.digest(), "teacher": teacher.digest()}
    result = train(student, teacher, data.pairs, data.held_out, settings, work, on_progress=on_progress)
    record = {
        "result": asdict(result),
        "settings": settings.model_dump(),
        "started_from": origin,
        "pairs": {"training": len(data.pairs), "held_out": len(data.held_out)},
        "files": [asdict(file) for file in data.files],
        "filters": {language: asdict(report) for language, report in data.reports.items()},
        "packages": {name: package_version(name) for name in PACKAGES},
    }
    part = destination.with_name(destination.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    student.save(part)
    shutil.copyfile(work / CURVE, part / CURVE)
    (part / RECORD).write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (part / CARD).write_text(_card(record, sorted(data.reports)), encoding="utf-8")
    part.rename(destination)
    shutil.rmtree(work)
    return result


def _card(record: dict[str, Any], languages: list[str]) -> str:
    """Model card: what it is, what it was made from, what it scored, what it is not for."""
    result, settings = record["result"], record["settings"]
    names = ", ".join(language_name(language) for language in languages)
    tags = "".join(f"- {language}\n" for language in languages)
    rank = result["reciprocal_rank"]
    score = (
        "No pairs were held out, so it was not evaluated."
        if rank is None
        else f"On {record['pairs']['held_out']} held-out pairs a sentence finds its translation with a mean reciprocal "
        f"rank of {rank:.3f} (best of all evaluations, at step {result['best_step']}; pairs from the training domain)."
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
{settings["seed"]}). It puts the tokens of a text in {names} where the teacher, an encoder with the digest
`{record["started_from"]["teacher"]}`, puts those of its English translation: search with MaxSim, English
documents being encoded by that same teacher.

{score}

It was trained on nothing but the files below, whose licences bear on its use; relevance it only has from the teacher.

| file | language | bytes | SHA-256 |
|---|---|---|---|
{files}
"""
