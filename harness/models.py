"""Models that rows need: trained once, from files or from the embedded collection's sentence pairs, and kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from harness.cell import Event, Listener
from harness.errors import ClirError, MissingDataError, StoreError, UsageError
from harness.identity import fingerprint
from harness.languages import canonical_tag
from harness.measurement import available_cores
from harness.store import Store
from harness.suite import Row, RowTraining
from harness.training import (
    TrainingContext,
    obtain_model,
    trainable_system,
    training_identity,
    training_settings,
)

EMBEDDED = "embedded:"


class ModelTask(BaseModel):
    """All that another process needs to train a model.

    Attributes:
        key: identity of the model.
        row: label of a row that needs it, for people.
        system: what is trained.
        bitext: files by language.
        settings, seed, threads: how.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    row: str
    system: str
    bitext: dict[str, list[Path]]
    settings: dict[str, Any]
    seed: int
    threads: int


def plan_model(row: Row, training: RowTraining, data: Path | None, store: Store, seed: int) -> ModelTask:
    """The training that a row's model comes from, with the files it reads there.

    Raises:
        MissingDataError: a file is not there; says where it was looked for.
        UsageError: the row's system is not trainable, or a setting is wrong.
    """
    system = trainable_system(row.system)
    settings = training_settings(system, training.settings)
    bitext = {
        canonical_tag(language): tuple(_file(name, canonical_tag(language), data, store) for name in names)
        for language, names in training.bitext.items()
    }
    return ModelTask(
        key=fingerprint(training_identity(system, bitext, settings, seed)),
        row=row.label,
        system=row.system,
        bitext={language: list(files) for language, files in bitext.items()},
        settings=training.settings,
        seed=seed,
        threads=available_cores(),
    )


def _file(name: str, language: str, data: Path | None, store: Store) -> Path:
    if name.startswith(EMBEDDED):
        return _embedded_bitext(name, language, store)
    path = Path(name)
    if not path.is_absolute():
        if data is None:
            raise MissingDataError(f"no bitext {name}", hint=f"pass --data DIR with DIR/{name}")
        path = data / path
    if not path.is_file():
        raise MissingDataError(f"no bitext {path}", hint="put parallel text there, or leave the row out")
    return path.resolve()


def _embedded_bitext(name: str, language: str, store: Store) -> Path:
    from harness.code_version import code_digest
    from harness.collections.embedded import EmbeddedSource, write_bitext

    count = name.removeprefix(EMBEDDED)
    if not count.isdigit() or int(count) < 1:
        raise UsageError(f"cannot read the bitext '{name}'", hint="write embedded:N for N sentence pairs")
    key = fingerprint({"code": code_digest(EmbeddedSource), "language": language, "pairs": int(count)})

    def build(folder: Path) -> dict[str, Any]:
        write_bitext(folder / f"{language}-en.tsv.gz", language, int(count))
        return {"language": language, "pairs": int(count), "synthetic": True}

    return store.obtain("bitext", key, build).content / f"{language}-en.tsv.gz"


def model_folder(task: ModelTask, store: Store) -> Path | None:
    """Where a trained model is, None when it is not trained yet."""
    kept = store.artefact("model", task.key)
    return kept.content if kept else None


def train_model(task: ModelTask, store: Store, listen: Listener) -> None:
    """Train a model and keep it; what goes wrong is told as the end of the event.

    Raises:
        StoreError: when the store cannot take the model.
    """
    listen(Event(kind="started", key=task.key, name=f"model of {task.row}", phase="training"))
    system = trainable_system(task.system)

    def tell(done: int, total: int | None, text: str) -> None:
        listen(Event(kind="advanced", key=task.key, phase="training", done=done, total=total, reason=text))

    try:
        obtain_model(
            system,
            {language: tuple(files) for language, files in task.bitext.items()},
            training_settings(system, task.settings),
            store,
            lambda scratch: TrainingContext(scratch, task.seed, task.threads, tell),
            task.seed,
        )
    except StoreError:
        raise
    except Exception as error:
        reason = str(error) if isinstance(error, ClirError) else f"{type(error).__name__}: {error}"
        listen(Event(kind="ended", key=task.key, phase="training", status="failed", reason=reason))
        return
    listen(Event(kind="ended", key=task.key, phase="training", status="done"))
