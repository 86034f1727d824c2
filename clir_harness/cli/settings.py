"""Settings of plugins for people: type in plain words, default and meaning of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import click
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from clir_harness.cli.options import echo_table

_TYPES = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}


def settings_of(model: type[BaseModel]) -> list[dict[str, Any]]:
    """Fields of a settings model: name, type, default, description.

    Settings inside a setting follow it, as `first.system`. A field that a subclass redeclares without a
    description, to change its default, keeps its description.
    """
    return list(_rows(model, ""))


def _rows(model: type[BaseModel], prefix: str) -> Iterator[dict[str, Any]]:
    schema = model.model_json_schema()
    for name, field in model.model_fields.items():
        yield {
            "name": prefix + name,
            "type": _type(schema["properties"][name], schema.get("$defs", {})),
            "default": None if field.is_required() else _plain(field),
            "required": field.is_required(),
            "description": _meaning(model, name),
        }
        for inner in _models_in(field.annotation):
            yield from _rows(inner, f"{prefix}{name}.")


def _plain(field: FieldInfo) -> Any:
    """The default as in JSON."""
    default = field.get_default(call_default_factory=True, validated_data={})
    annotation: Any = field.annotation
    return TypeAdapter[Any](annotation).dump_python(default, mode="json", warnings=False)


def _meaning(model: type[BaseModel], name: str) -> str:
    fields = (base.model_fields.get(name) for base in model.__mro__ if issubclass(base, BaseModel))
    return next((field.description for field in fields if field and field.description), "")


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def _type(schema: dict[str, Any], models: dict[str, Any]) -> str:
    """The type of a JSON schema, in plain words.

    >>> _type({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]}, {})
    'list of text'
    >>> _type({"type": "object", "additionalProperties": {"type": "integer"}}, {}), _type({}, {})
    ('text to whole number', 'any')
    """
    if "$ref" in schema:
        return _type(models[schema["$ref"].rpartition("/")[2]], models)
    if "anyOf" in schema:
        parts = [_type(part, models) for part in schema["anyOf"] if part.get("type") != "null"]
        return " or ".join(dict.fromkeys(parts))
    if "enum" in schema or "const" in schema:
        return " | ".join(map(repr, schema.get("enum", [schema.get("const")])))
    match schema.get("type"):
        case "string" if schema.get("format") in ("path", "file-path", "directory-path"):
            return "path"
        case "array":
            items = _type(schema.get("items", {}), models)
            return f"list of {items}s" if items.endswith(("number", "path")) else f"list of {items}"
        case "object" if "properties" in schema:
            return "settings"
        case "object":
            values = schema.get("additionalProperties")
            return f"text to {_type(values if isinstance(values, dict) else {}, models)}"
        case kind:
            return _TYPES.get(str(kind), "any")


def echo_settings(settings: list[dict[str, Any]]) -> None:
    """Write the settings of a plugin as a table."""
    if not settings:
        click.echo("no settings")
        return
    rows = [
        [s["name"], s["type"], "required" if s["required"] else _shown(s["default"]), s["description"]]
        for s in settings
    ]
    echo_table(["setting", "type", "default", "meaning"], rows)


def _shown(default: Any) -> str:
    """A default as written in a suite; empty values are shown as none or –.

    >>> _shown(None), _shown(""), _shown([]), _shown(["sw-en", "ha-en"]), _shown(True), _shown({"k": 1, "s": {}})
    ('none', '–', '–', 'sw-en, ha-en', 'true', 'k: 1')
    """
    if default is None:
        return "none"
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, list):
        return ", ".join(map(_shown, default)) or "–"
    if isinstance(default, dict):
        filled = {key: _shown(value) for key, value in default.items()}
        return ", ".join(f"{key}: {value}" for key, value in filled.items() if value != "–") or "–"
    return str(default) or "–"
