"""Late interaction with a student that was distilled from parallel text alone: the base of `optical` and `cal`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from clir_harness.harness.errors import DataError
from clir_harness.harness.languages import LanguagePair, language_name, resolve
from clir_harness.harness.training import Bitext, TrainableSystem, TrainingContext
from clir_harness.systems.checkpoints.sources import source_digest
from clir_harness.systems.distillation.settings import Distillation
from clir_harness.systems.late_interaction.config import LateInteractionConfig, language_folders
from clir_harness.systems.late_interaction.system import LateInteraction
from clir_harness.systems.training.settings import RECORD


class DistilledConfig(LateInteractionConfig):
    """Settings of a distilled system."""

    encoder: str = Field(
        description="the teacher, for texts in the pivot language: a folder or a model hub id",
        json_schema_extra={"identity": False},
    )
    student: str = Field(
        description="the student, for texts in other languages: the folder that training made",
        json_schema_extra={"identity": False},
    )


class Distilled(LateInteraction[DistilledConfig], TrainableSystem[DistilledConfig]):
    """Queries through the student, documents in the pivot language through the teacher, MaxSim between them."""

    Config = DistilledConfig
    Training: ClassVar[type[Distillation]] = Distillation
    model_field: ClassVar[str] = "student"
    languages = "the pivot language, and those its student was trained for"
    requires: ClassVar[tuple[str, ...]] = ("POT", "tokenizers", "torch", "transformers")

    @cached_property
    def _records(self) -> list[dict[str, Any]]:
        """What the students' folders say of their training; nothing of students that were trained elsewhere."""
        folders = language_folders(self.config.student) or [Path(self.config.student).expanduser()]
        return [json.loads(path.read_bytes()) for folder in folders if (path := folder / RECORD).is_file()]

    def supports(self, pair: LanguagePair) -> str | None:
        """None for the pivot language and those of the training text; any where nothing is known of it."""
        trained = sorted({language for record in self._records for language in record["languages"]})
        known = [self.config.pivot, *trained]
        for language in (pair.query, pair.document):
            if trained and not any(resolve(language, [tag]) for tag in known):
                return (
                    f"its student was trained for {', '.join(trained)}, not for {language_name(language)} ({language})"
                )
        return super().supports(pair)

    def inputs(self) -> Mapping[str, str]:
        """Digests of teacher and student.

        Raises:
            DataError: when the student was distilled from another teacher.
        """
        found = super().inputs()
        for record in self._records:
            if (theirs := record["started_from"].get("teacher_files")) is not None and theirs != found["encoder"]:
                raise DataError(
                    f"was distilled from another teacher than {self.config.encoder}",
                    path=self.config.student,
                    hint="name the teacher it was trained with as `encoder`, or train a student for this one",
                )
        return found

    @classmethod
    def training_inputs(cls, settings: Distillation) -> Mapping[str, str]:
        """Digests of the teacher, and of the encoder that training starts from."""
        named = {"teacher": settings.teacher, "start": settings.start}
        return {name: source_digest(source) for name, source in named.items() if source is not None}

    @classmethod
    def train(cls, bitext: Bitext, settings: Distillation, output: Path, context: TrainingContext) -> None:
        """Distil a student of the teacher from parallel text; one for all languages, or one for each.

        Raises:
            DataError: malformed text; names file and line.
            UsageError: no pair passes the filters, or teacher and start differ in dimensions.
            DivergedError: the loss became NaN or infinite; checkpoints stay.
        """
        from clir_harness.systems.distillation.distil import distil

        groups = (
            {language: {language: files} for language, files in bitext.items()} if settings.separate else {"": bitext}
        )
        for name, files in groups.items():
            (output / name).mkdir(exist_ok=True)
            own = replace(context, scratch=context.scratch / (name or "all"))
            distil(files, settings, output / name, own)
