"""Training of systems from parallel text, and storage of the trained models.

A trained model is a folder that the system's settings name. It is an artefact like an index: the same system, code,
training settings and text give the same model, which is trained once and shared by all cells that need it.
"""

from __future__ import annotations

import hashlib
import shutil
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from clir_harness.harness.content_store import Artefact
from clir_harness.harness.errors import MissingDataError, UsageError
from clir_harness.harness.identity import fingerprint, package_version, settings_without_places, system_code
from clir_harness.harness.languages import canonical_tag
from clir_harness.harness.progress import Progress, no_progress
from clir_harness.harness.settings import validated
from clir_harness.harness.store import Store
from clir_harness.harness.system import SYSTEMS, ConfigT, RetrievalSystem

BitextPath = Path | tuple[Path, Path]
"""A file of parallel text, or a Moses pair: two files aligned by line, the foreign side and the pivot's."""

Bitext = Mapping[str, tuple[BitextPath, ...]]
"""Parallel text by the tag of the language that is not the pivot."""

_MOSES = "+"


class TrainingSettings(BaseModel):
    """Base class of the typed settings of a training. Unknown fields are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class TrainingContext:
    """Parameters passed to `TrainableSystem.train`.

    Attributes:
        scratch: folder for checkpoints; it survives a kill, and the same training finds it again.
        seed: of random numbers.
        threads: CPU threads it may use.
        progress: progress callback: (step, number of steps, message).
    """

    scratch: Path
    seed: int = 0
    threads: int = 1
    progress: Progress = no_progress


class TrainableSystem(RetrievalSystem[ConfigT]):
    """A system that can be trained on parallel text.

    Class attributes:
        Training: the pydantic model of its training settings.
        model_field: the field of `Config` for the folder of the trained model.
    """

    Training: ClassVar[type[TrainingSettings]]
    model_field: ClassVar[str] = "model"

    @classmethod
    def training_inputs(cls, settings: Any) -> Mapping[str, str]:
        """Digests of what training reads besides the parallel text: the model it starts from, a teacher ...

        Raises:
            MissingDataError: when such an input is absent.
        """
        return {}

    @classmethod
    @abstractmethod
    def train(cls, bitext: Bitext, settings: Any, output: Path, context: TrainingContext) -> None:
        """Train on parallel text and fill an empty, existing folder with the model.

        Args:
            bitext: files by language.
            settings: an instance of `Training`.
            output: what `Config`'s `model_field` will name.
            context: seed, threads, checkpoints, progress.

        Raises:
            DataError: when the text is malformed; names file and line.
        """


def trainable_system(name: str) -> type[TrainableSystem[Any]]:
    """The trainable system with a name.

    Raises:
        UnknownNameError: no such system.
        UsageError: it is not trained; names those that are.
    """
    cls = SYSTEMS.get(name)
    if not issubclass(cls, TrainableSystem):
        trainable = [other for other, found in SYSTEMS.usable() if issubclass(found, TrainableSystem)]
        raise UsageError(f"system '{name}' is not trained", hint=f"trainable: {', '.join(trainable) or 'none'}")
    return cls


def bitext_path(name: str, folder: Path | None = None) -> BitextPath:
    """The files that a name of parallel text refers to: one file, or with `FOREIGN+PIVOT` a Moses pair.

    Args:
        name: as written by people; a file with exactly this name takes precedence over a pair.
        folder: folder that names are relative to.

    Returns:
        The file, or the two files of the pair.

    Raises:
        MissingDataError: a file is not there.
    """
    whole = (folder or Path()) / name
    names = [name] if whole.is_file() or name.count(_MOSES) != 1 else name.split(_MOSES)
    files = [(folder or Path()) / part for part in names]
    for file in files:
        if not file.is_file():
            raise MissingDataError(f"no parallel text {file}", hint="put it there, or name another file")
    return (files[0], files[1]) if len(files) == 2 else files[0]


def sides(path: BitextPath) -> tuple[Path, ...]:
    """The one or two files of parallel text."""
    return path if isinstance(path, tuple) else (path,)


def parse_bitext(assignments: Sequence[str]) -> dict[str, tuple[BitextPath, ...]]:
    """Bitext from `sw=FILE[,FILE...]`, as the command line gives it; a language may come several times.

    FILE is as `bitext_path` reads it.

    Raises:
        UsageError: an assignment is malformed.
        MissingDataError: a file is not there.
    """
    found: dict[str, tuple[BitextPath, ...]] = {}
    for assignment in assignments:
        language, equals, names = assignment.partition("=")
        files = [name for name in names.split(",") if name]
        if not (equals and language and files):
            raise UsageError(f"cannot read the bitext '{assignment}'", hint="write LANGUAGE=FILE[,FILE...]")
        tag = canonical_tag(language)
        found[tag] = (*found.get(tag, ()), *map(bitext_path, files))
    return found


def training_settings(system: type[TrainableSystem[Any]], settings: Mapping[str, Any]) -> TrainingSettings:
    """Training settings from plain values.

    Args:
        system: whose training they are for.
        settings: values by field.

    Returns:
        An instance of `system.Training`.

    Raises:
        UsageError: names the field at fault and what was expected.
    """
    return validated(f"training '{system.name}'", system.Training, settings)


def training_identity(
    system: type[TrainableSystem[Any]], bitext: Bitext, settings: TrainingSettings, seed: int
) -> dict[str, Any]:
    """Everything that can change a trained model.

    Args:
        system: what is trained.
        bitext: files by language; their contents count, not their names.
        settings: of the training.
        seed: of random numbers.

    Returns:
        Values that JSON can hold; equal for trainings that give the same model.

    Raises:
        MissingDataError: when an input of the training is absent.
    """
    return {
        "system": system.name,
        "code": system_code(system),
        "settings": settings_without_places(settings),
        "inputs": dict(system.training_inputs(settings)),
        "bitext": {
            language: [_file_digest(file) for path in files for file in sides(path)]
            for language, files in sorted(bitext.items())
        },
        "packages": {name: package_version(name) for name in system.requires},
        "seed": seed,
    }


def obtain_model(
    system: type[TrainableSystem[Any]],
    bitext: Bitext,
    settings: TrainingSettings,
    store: Store,
    context: Callable[[Path], TrainingContext],
    seed: int,
) -> Artefact:
    """The trained model from the store, trained now when it is not there.

    Args:
        system: what to train.
        bitext, settings, seed: what to train it with.
        store: where models are kept.
        context: makes the context for a given checkpoint folder.

    Returns:
        The folder of the model, and whether it was there before.
    """
    identity = training_identity(system, bitext, settings, seed)
    key = fingerprint(identity)

    def build(folder: Path) -> dict[str, Any]:
        system.train(bitext, settings, folder, context(store.work_folder(key)))
        return {"identity": identity}

    model = store.obtain("model", key, build)
    shutil.rmtree(store.work_folder(key))
    return model


def _file_digest(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
