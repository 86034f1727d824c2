"""Settings written by people: read from YAML or the command line and validated; errors name file and line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from clir_harness.harness.characters import TEXT_RULE, is_text
from clir_harness.harness.errors import DataError, Location, UnknownNameError, UsageError
from clir_harness.harness.textio import shown
from clir_harness.harness.yaml_values import compose_yaml, load_yaml

ModelT = TypeVar("ModelT", bound=BaseModel)
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Fault:
    """A validation error about one value.

    Attributes:
        location: path of the value: names of fields and positions in lists.
        message: what is wrong with it.
        hint: what to do about it.
        is_unknown: whether the model has no field of that name.
    """

    location: Location
    message: str
    hint: str | None = None
    is_unknown: bool = False

    @property
    def field(self) -> str:
        """The location as text: `overrides.0.rows`; empty for a fault of all values together."""
        return ".".join(map(str, self.location))

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.location else self.message


def faults(error: ValidationError, model: type[BaseModel]) -> list[Fault]:
    """Validation errors of pydantic as faults; unknown keys come first, since they explain missing ones.

    Args:
        error: the validation error.
        model: the model that was validated.

    Returns:
        The faults.
    """
    found = [_fault(one["type"], tuple(one["loc"]), one["msg"], one["input"], model) for one in error.errors()]
    return sorted(found, key=lambda fault: not fault.is_unknown)


def _fault(kind: str, location: Location, message: str, value: object, model: type[BaseModel]) -> Fault:
    if kind == "extra_forbidden":
        known = _model_at(model, location[:-1]).model_fields
        return Fault(location, "unknown key", UnknownNameError("key", str(location[-1]), known).hint, is_unknown=True)
    if kind == "missing":
        return Fault(location, "is required")
    message = message.removeprefix("Value error, ")
    said = shown(value) if isinstance(value, str) else repr(value)
    if location and len(said) < _LONGEST and said not in message:
        message += f" (found {said})"
    if kind == "string_type" and isinstance(value, int | float | None):
        meant = f"YAML reads it as {json.dumps(value)}, which is not text: put it in quotes"
        return Fault(location, message, meant)
    return Fault(location, message)


def _model_at(model: type[BaseModel], location: Location) -> type[BaseModel]:
    """The innermost model that contains a value."""
    for part in location:
        if isinstance(part, str) and part in model.model_fields:
            model = next(_models_in(model.model_fields[part].annotation), model)
    return model


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def validated(owner: str, model: type[ModelT], settings: Mapping[str, Any]) -> ModelT:
    """Validate plain settings.

    Args:
        owner: whose settings they are, as named in messages: "system 'x'".
        model: the model of the settings.
        settings: as YAML or running code gives them.

    Returns:
        The settings as an instance of the model.

    Raises:
        UnknownNameError: the model has no such setting; suggests the closest ones.
        UsageError: a value is invalid; names every invalid field, and the model's fields.
    """
    try:
        return model.model_validate(dict(settings))
    except ValidationError as error:
        found = faults(error, model)
        raised: UsageError
        if found[0].is_unknown:
            known = _model_at(model, found[0].location[:-1]).model_fields
            raised = UnknownNameError(f"setting of {owner}", found[0].field, known)
        else:
            hint = next((fault.hint for fault in found if fault.hint), None)
            names = ", ".join(model.model_fields) or "none"
            raised = UsageError(f"{owner}: {'; '.join(map(str, found))}", hint or f"settings: {names}")
        raised.location = found[0].location
        raise raised from None


def read_model(path: Path, model: type[ModelT], hint: str | None = None) -> ModelT:
    """Read settings from a YAML file.

    Args:
        path: the file.
        model: the model of the settings.
        hint: remedy for errors that have none of their own.

    Returns:
        The settings as an instance of the model.

    Raises:
        DataError: the file cannot be read, is not YAML, or holds invalid settings; names the line.
    """
    values = read_yaml(path)
    if not isinstance(values, dict):
        raise DataError("expected a mapping", path=path, line=1, hint=f"its keys are {', '.join(model.model_fields)}")
    try:
        return model.model_validate(values)
    except ValidationError as error:
        fault = faults(error, model)[0]
        raise DataError(str(fault), path=path, line=line_of(path, fault.location), hint=fault.hint or hint) from None


def read_yaml(path: Path) -> Any:
    """Read the value in a YAML file.

    Raises:
        DataError: the file cannot be read, is not UTF-8 or not YAML; names the line if known.
    """
    try:
        text = path.read_text("utf-8")
        _refuse_lone_surrogates(text, path)
        return load_yaml(text)
    except UnicodeDecodeError as error:
        raise DataError("is not UTF-8", path=path, hint="convert it with iconv") from error
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}", path=path) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or error
        raise DataError(f"is not YAML: {problem}", path=path, line=mark.line + 1 if mark else None) from None


def _refuse_lone_surrogates(text: str, path: Path) -> None:
    """Refuse YAML whose escapes denote half of a character."""
    if "\\" in text:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.ScalarEvent) and not is_text(event.value):
                line = event.start_mark.line + 1 if event.start_mark else None
                raise DataError(f"holds a lone surrogate: {event.value!r}", path=path, line=line, hint=TEXT_RULE)


def line_of(path: Path, location: Location) -> int:
    """The line of a value in a YAML file, or of the innermost enclosing value that exists.

    Args:
        path: the file.
        location: path of the value: keys and positions in lists.

    Returns:
        The line number.
    """
    node = compose_yaml(path.read_text("utf-8"))
    line = node.start_mark.line + 1 if node else 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == str(part)]
            if not found:
                break
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line


def parse_settings(assignments: Sequence[str]) -> dict[str, Any]:
    """Parse settings from the command line, `FIELD=VALUE` each.

    Raises:
        UsageError: one of them is malformed, or its value is not YAML.
    """
    settings = {}
    for assignment in assignments:
        field, equals, value = assignment.partition("=")
        if not (equals and field.strip()):
            raise UsageError(f"cannot read the setting '{assignment}'", hint="write FIELD=VALUE, e.g. k1=1.2")
        settings[field.strip()] = setting_value(assignment, value)
    return settings


def setting_value(assignment: str, value: str) -> Any:
    """Parse the value of a setting on the command line, which is YAML.

    Args:
        assignment: the whole argument, for the message.
        value: the part after the equals sign.

    Returns:
        The parsed value.

    Raises:
        UsageError: the value is not YAML.
    """
    try:
        return load_yaml(value)
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or error
        raise UsageError(
            f"cannot read the setting '{assignment}': its value is not YAML: {problem}",
            hint="put text with brackets, braces or colons in quotes",
        ) from None
