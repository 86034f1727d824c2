"""Models of a suite: trained once, from files or from the embedded collection's sentence pairs, and stored.

Settings refer to them as `model:NAME`, at any depth: those of rows, of their components, and of other models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from clir_harness.harness.errors import ClirError, MissingDataError, StoreError, UnknownNameError, UsageError
from clir_harness.harness.execution.cell import Event, OnEvent
from clir_harness.harness.execution.measurement import available_cores
from clir_harness.harness.identity import fingerprint
from clir_harness.harness.languages import canonical_tag
from clir_harness.harness.plugins.calls import INTERRUPTS, calling, described
from clir_harness.harness.store import Store
from clir_harness.harness.suite import Suite
from clir_harness.harness.training import (
    BitextPath,
    TrainingContext,
    bitext_path,
    obtain_model,
    trainable_system,
    training_identity,
    training_settings,
)

EMBEDDED = "embedded:"
REFERENCE = "model:"


class ModelTask(BaseModel):
    """All that another process needs to train a model.

    Attributes:
        key: identity of the model.
        name: its name in the suite.
        system: what is trained.
        bitext: files by language.
        settings, seed, threads: how.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    name: str
    system: str
    bitext: dict[str, list[BitextPath]]
    settings: dict[str, Any]
    seed: int
    threads: int


class NotTrainedError(Exception):
    """Settings refer to a model that is to be trained first."""

    def __init__(self, task: ModelTask) -> None:
        super().__init__(task.name)
        self.task = task


@dataclass(frozen=True, slots=True)
class TrainedModels:
    """The models of a suite: which are there, and how the others are trained.

    Args:
        suite: names them.
        store: where they are kept.
        data: folder that the paths of parallel text start from.
    """

    suite: Suite
    store: Store
    data: Path | None = None

    def resolve(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The settings with every `model:NAME` replaced by the folder of that model.

        Raises:
            NotTrainedError: one of the models is not there yet; has the first that can be trained now.
            MissingDataError: a file of parallel text is not there; says where it was looked for.
            UsageError: a model is not of the suite, needs itself, is of a system that is not trained, or has a
                setting that cannot be used.
        """
        return {key: self._resolved(value, ()) for key, value in settings.items()}

    def _resolved(self, value: Any, needed_by: tuple[str, ...]) -> Any:
        if isinstance(value, str) and value.startswith(REFERENCE):
            return self._folder(value.removeprefix(REFERENCE).strip(), needed_by)
        if isinstance(value, Mapping):
            return {key: self._resolved(item, needed_by) for key, item in value.items()}
        if isinstance(value, list):
            return [self._resolved(item, needed_by) for item in value]
        return value

    def _folder(self, name: str, needed_by: tuple[str, ...]) -> str:
        if name not in self.suite.models:
            raise UnknownNameError("model of this suite", name, self.suite.models)
        if name in needed_by:
            raise UsageError(f"model '{name}' needs itself: {' needs '.join((*needed_by, name))}")
        if (source := self.suite.models[name].source) is not None:
            return source
        task = self._task(name, (*needed_by, name))
        if (kept := self.store.artefact("model", task.key)) is None:
            raise NotTrainedError(task)
        return str(kept.content)

    def _task(self, name: str, needed_by: tuple[str, ...]) -> ModelTask:
        model = self.suite.models[name]
        with model.placed("system"):
            system = trainable_system(model.system)
        values = self._resolved(model.settings, needed_by)
        with model.placed("settings"), calling(f"system '{model.system}'"):
            settings = training_settings(system, values)
        bitext = {
            canonical_tag(language): tuple(
                _file(file, canonical_tag(language), self.data, self.store) for file in files
            )
            for language, files in model.bitext.items()
        }
        with calling(f"system '{model.system}'"):
            key = fingerprint(training_identity(system, bitext, settings, self.suite.seed))
        return ModelTask(
            key=key,
            name=name,
            system=model.system,
            bitext={language: list(files) for language, files in bitext.items()},
            settings=values,
            seed=self.suite.seed,
            threads=available_cores(),
        )


def _file(name: str, language: str, data: Path | None, store: Store) -> BitextPath:
    if name.startswith(EMBEDDED):
        return _embedded_bitext(name, language, store)
    if data is None and not Path(name).is_absolute():
        raise MissingDataError(f"no bitext {name}", hint=f"pass --data DIR with DIR/{name}")
    return bitext_path(name, data.resolve() if data else None)


def _embedded_bitext(name: str, language: str, store: Store) -> Path:
    from clir_harness.harness.code.code_version import code_digest
    from clir_harness.harness.collections.embedded import EmbeddedSource, write_bitext

    count = name.removeprefix(EMBEDDED)
    if not count.isdigit() or int(count) < 1:
        raise UsageError(f"cannot read the bitext '{name}'", hint="write embedded:N for N sentence pairs")
    key = fingerprint({"code": code_digest(EmbeddedSource), "language": language, "pairs": int(count)})

    def build(folder: Path) -> dict[str, Any]:
        write_bitext(folder / f"{language}-en.tsv.gz", language, int(count))
        return {"language": language, "pairs": int(count), "synthetic": True}

    return store.obtain("bitext", key, build).content / f"{language}-en.tsv.gz"


def train_model(task: ModelTask, store: Store, on_event: OnEvent) -> None:
    """Train a model and store it; a failure is reported by the last event.

    Args:
        task: the model.
        store: the results store.
        on_event: called when the training starts, advances and ends.

    Raises:
        StoreError: the store cannot take the model.
    """
    on_event(Event(kind="started", key=task.key, name=f"model {task.name}", phase="training"))
    system = trainable_system(task.system)

    def progress(done: int, total: int | None, text: str) -> None:
        on_event(Event(kind="advanced", key=task.key, phase="training", done=done, total=total, reason=text))

    try:
        bitext = {language: tuple(files) for language, files in task.bitext.items()}
        settings = training_settings(system, task.settings)
        if fingerprint(training_identity(system, bitext, settings, task.seed)) != task.key:
            raise UsageError(
                f"code or files of model '{task.name}' have changed since this run was planned",
                hint="run again",
            )
        obtain_model(
            system,
            bitext,
            settings,
            store,
            lambda scratch: TrainingContext(scratch, task.seed, task.threads, progress),
            task.seed,
        )
    except StoreError:
        raise
    except INTERRUPTS:
        raise
    except BaseException as error:
        reason = str(error) if isinstance(error, ClirError) else f"system '{task.system}' raised {described(error)}"
        on_event(Event(kind="ended", key=task.key, phase="training", status="failed", reason=reason))
        return
    on_event(Event(kind="ended", key=task.key, phase="training", status="done"))
