"""Suites: named benchmarks as YAML. Rows (systems with settings) over collections; tracks, models, measures, depth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from clir_harness.harness.characters import LABEL_RULE, TEXT_RULE, broken_text, is_label
from clir_harness.harness.collections.base import ORIGINAL
from clir_harness.harness.errors import Location, MissingDataError, UnknownNameError, UsageError
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.perturbation.tracks import Track
from clir_harness.harness.record import RowRecord
from clir_harness.harness.settings import line_of, read_model, setting_value
from clir_harness.harness.system import SYSTEMS


def _is_label(text: str) -> str:
    if not is_label(text):
        raise ValueError(f"{text!r} cannot be shown: {LABEL_RULE}")
    return text


Label = Annotated[str, AfterValidator(_is_label)]
"""A label: one line of visible text."""


class _Part(BaseModel):
    """A suite or a part of one, with its position in the file it was read from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    _place: tuple[Path, Location] | None = PrivateAttr(None)

    def place(self, path: Path, *location: str | int) -> None:
        """Set the position in a file.

        Args:
            path: the file.
            location: path of the part within the file's value.
        """
        self._place = (path, location)

    @contextmanager
    def placed(self, *within: str | int) -> Iterator[None]:
        """Context manager that adds file and line to errors about settings of this part.

        Args:
            within: path of the settings within the part.
        """
        try:
            yield
        except UsageError as error:
            if self._place and error.path is None:
                path, location = self._place
                error.place(path, line_of(path, (*location, *within, *error.location)))
            raise


class Model(_Part):
    """A model that rows of a suite use: an existing one (`source`) or one to train.

    Attributes:
        source: folder, or model hub id.
        system: the trainable system whose model it is.
        bitext: files of parallel text by language, relative to the data folder; `embedded:N` means N pairs of the
            embedded collection.
        settings: of the training.
    """

    source: str | None = None
    system: str = ""
    bitext: dict[str, list[str]] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_there_or_trained(self) -> Model:
        if self.source is None and not (self.system and self.bitext):
            raise ValueError("a model needs `source`, or `system` and `bitext` to train it")
        if self.source is not None and (self.system or self.bitext or self.settings):
            raise ValueError("a model with a `source` is not trained: leave out system, bitext and settings")
        return self


class Row(_Part):
    """One line of a leaderboard: a system, its settings, the wording of its queries.

    >>> Row(system="bm25", queries="human").label
    'bm25 (human queries)'
    """

    system: str
    label: Label = ""
    queries: str = ORIGINAL
    settings: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _default_label(cls, values: Any) -> Any:
        if isinstance(values, dict) and not values.get("label") and isinstance(values.get("system"), str):
            queries = values.get("queries", ORIGINAL)
            suffix = "" if queries == ORIGINAL else f" ({queries} queries)"
            values = {**values, "label": values["system"] + suffix}
        return values

    def with_settings(self, settings: Mapping[str, Any]) -> Row:
        """The row with some settings replaced; it has no position in the file."""
        row = self.model_copy(update={"settings": {**self.settings, **settings}})
        row._place = None
        return row

    def record(self) -> RowRecord:
        """What is kept of it with a cell and on a board."""
        return RowRecord(**self.model_dump(mode="json"))


class CollectionSpec(_Part):
    """Collections of a suite: a source and its settings (all further keys)."""

    model_config = ConfigDict(frozen=True, extra="allow")

    source: str

    @property
    def settings(self) -> dict[str, Any]:
        """Everything but the source's name."""
        return dict(self.__pydantic_extra__ or {})


class Suite(_Part):
    """A named benchmark: rows over collections, and the models they need.

    Every row is run on the unchanged queries and on those of every track.

    In the settings of a row or of another model, `model:NAME` refers to the folder of the model of that name.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$")
    title: Label
    description: str = ""
    measures: list[str] = Field(min_length=1)
    depth: int = Field(1000, ge=1)
    seed: int = Field(0, ge=0)
    models: dict[str, Model] = Field(default_factory=dict)
    rows: list[Row] = Field(min_length=1)
    collections: list[CollectionSpec] = Field(min_length=1)
    tracks: list[Track] = Field(default_factory=list)

    @model_validator(mode="after")
    def _texts_are_whole(self) -> Suite:
        if (text := broken_text(self.model_dump())) is not None:
            raise ValueError(f"{text!r} holds a lone surrogate; {TEXT_RULE}")
        return self

    @model_validator(mode="after")
    def _labels_are_unique(self) -> Suite:
        labels = [row.label for row in self.rows]
        if twice := sorted({label for label in labels if labels.count(label) > 1}):
            raise ValueError(f"rows share the label {', '.join(map(repr, twice))}; give each a label of its own")
        return self

    @model_validator(mode="after")
    def _tracks_are_different(self) -> Suite:
        names = [track.name for track in self.tracks]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two tracks are {', '.join(map(repr, twice))}; write one with the rates of both")
        return self

    def rows_named(self, name: str) -> list[Row]:
        """The rows meant by a name: all rows of the system with that name, otherwise the row with that label, in any
        case, otherwise all rows of the system with that alias.
        """
        found = [row for row in self.rows if row.system == name]
        found = found or [row for row in self.rows if row.label.casefold() == name.casefold()]
        return found or [row for row in self.rows if SYSTEMS.is_same(row.system, name)]

    def with_rows(self, names: Sequence[str]) -> Suite:
        """The suite with the named rows only, by label or system; a registered system without a row gets one.

        Raises:
            UnknownNameError: when a name is neither a row nor a system.
        """
        chosen: list[Row] = []
        for name in names:
            rows = self.rows_named(name)
            if not rows:
                if name not in SYSTEMS:
                    raise UnknownNameError(
                        "system", name, [*(row.label for row in self.rows), *SYSTEMS.names()]
                    ) from None
                rows = [Row.model_validate({"system": name})]
            chosen += [row for row in rows if row not in chosen]
        return self.model_copy(update={"rows": chosen})

    def with_settings(self, assignments: Sequence[str]) -> Suite:
        """The suite with settings changed by `SYSTEM.FIELD=VALUE`; SYSTEM is a label or a system, VALUE is YAML.

        Raises:
            UsageError: an assignment is malformed.
            UnknownNameError: the suite has no such row.
        """
        suite = self
        for assignment in assignments:
            path, equals, value = assignment.partition("=")
            name, dot, setting = path.rpartition(".")
            if not (equals and dot and name and setting):
                raise UsageError(
                    f"cannot read the setting '{assignment}'", hint="write SYSTEM.FIELD=VALUE, e.g. bm25.k1=1.2"
                )
            meant = suite.rows_named(name)
            if not meant:
                raise UnknownNameError("system in this suite", name, [row.label for row in suite.rows])
            change = {setting: setting_value(assignment, value)}
            if (text := broken_text(change)) is not None:
                raise UsageError(f"the setting '{path}' holds a lone surrogate: {text!r}", hint=TEXT_RULE)
            rows = [row.with_settings(change) if row in meant else row for row in suite.rows]
            suite = suite.model_copy(update={"rows": rows})
        return suite

    def with_models(self, assignments: Sequence[str]) -> Suite:
        """The suite with the models of `NAME=SOURCE` assignments taken from there instead of trained.

        Raises:
            UsageError: an assignment is malformed.
            UnknownNameError: the suite has no such model.
        """
        models = dict(self.models)
        for assignment in assignments:
            name, equals, source = assignment.partition("=")
            if not (name and equals and source):
                raise UsageError(f"cannot read the model '{assignment}'", hint="write NAME=FOLDER, or NAME=HUB-ID")
            if name not in models:
                raise UnknownNameError("model of this suite", name, models)
            models[name] = Model(source=source)
        return self.model_copy(update={"models": models})


def parse_pairs(text: Sequence[str]) -> list[LanguagePair]:
    """Parse language pairs as typed by a user.

    Raises:
        UnknownNameError: a language is unknown.
        UsageError: a text is not a language pair.
    """
    return [LanguagePair.parse(item) for item in text]


def builtin_suites() -> Mapping[str, Path]:
    """The suites that ship with the harness: file by name, sorted."""
    folder = Path(str(resources.files("clir_harness.harness").joinpath("suites")))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def load_suite(name_or_path: str | Path) -> Suite:
    """Load a built-in suite by name, or a suite from a YAML file.

    Raises:
        UnknownNameError: no built-in suite and no file has that name.
        MissingDataError: the YAML file does not exist.
        DataError: the file is malformed; names file and line, and what was expected.
    """
    path = builtin_suites().get(str(name_or_path)) or Path(name_or_path)
    if not path.is_file():
        if path.suffix in (".yaml", ".yml"):
            raise MissingDataError(f"no suite file {path}", hint="give the path of a YAML file, or a suite's name")
        raise UnknownNameError("suite", str(name_or_path), builtin_suites())
    suite = read_model(path, Suite, "`clir suites embedded` shows a suite that works")
    suite.place(path)
    for kind, parts in (("rows", suite.rows), ("collections", suite.collections)):
        for number, part in enumerate(parts):
            part.place(path, kind, number)
    for name, model in suite.models.items():
        model.place(path, "models", name)
    return suite
