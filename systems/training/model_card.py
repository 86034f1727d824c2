"""Description of a trained model: a model card for people, the same facts as JSON for programs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCard, ModelCardData

from clir_harness.harness.identity import package_version, settings_without_places
from clir_harness.harness.training import TrainingContext
from clir_harness.systems.parallel_text.training_data import DataFile
from clir_harness.systems.training.checkpoints import CURVE
from clir_harness.systems.training.settings import RECORD, FitSettings

_PACKAGES = ("POT", "clir-harness", "tokenizers", "torch", "transformers")
_TEMPLATE = """\
---
{{ card_data }}
---
# {{ title }}

{{ about }}

| | |
|---|---|
{%- for name, value in facts.items() %}
| {{ name }} | {{ value }} |
{%- endfor %}

The licences of the text, and that of the model it started from, if any, apply to it.

| file | language | bytes | SHA-256 |
|---|---|---|---|
{%- for file in files %}
| {{ file.name }} | {{ file.language }} | {{ file.bytes }} | `{{ file.sha256 }}` |
{%- endfor %}
"""


def write_record(
    folder: Path,
    settings: FitSettings,
    context: TrainingContext,
    record: Mapping[str, Any],
    files: Sequence[DataFile],
    *,
    title: str,
    about: str,
    facts: Mapping[str, object],
    data: ModelCardData,
) -> None:
    """Write `training.json`, the loss curve and `README.md`, a model card, into a trained model's folder.

    Args:
        folder: of the model.
        settings: of the training.
        context: of the training: seed, and folder of the checkpoints, where the loss curve is.
        record: more facts for programs: languages, scores ...; and under `pairs` how many were trained on and held out.
        files: what it was trained on.
        title: of the card.
        about: what the model is and what it is for, as a paragraph of Markdown.
        facts: what the card says of it besides, by name.
        data: languages, library and task of the model, as model hubs name them.
    """
    packages = {name: package_version(name) for name in _PACKAGES}
    whole = {
        **record,
        "settings": settings_without_places(settings),
        "seed": context.seed,
        "files": [asdict(file) for file in files],
        "packages": packages,
    }
    (folder / RECORD).write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    shutil.copyfile(context.scratch / CURVE, folder / CURVE)
    shown = {
        "pairs trained on": record["pairs"]["training"],
        "held-out pairs": record["pairs"]["held_out"],
        "steps x batch": f"{settings.steps} x {settings.batch_size}",
        "seed": context.seed,
        **facts,
    }
    values: dict[str, Any] = {"title": title, "about": about, "facts": shown, "files": files}
    ModelCard.from_template(data, template_str=_TEMPLATE, **values).save(folder / "README.md")
