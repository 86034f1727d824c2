"""YAML as people mean it: the core schema of YAML 1.2, text keys, no duplicate keys.

PyYAML implements YAML 1.1, where `no` is false, `1:30` is 90, `012` is 10, `1_0` is 10 and `2024-01-01` a date. Here
`no` is Norwegian: null is `~`, `null` or nothing, truth is `true` or `false`, numbers are decimal (or `0x` and `0o`),
and all else is text. Whether a number is meant as text is decided by the field; see `settings.faults`.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import yaml
from yaml.composer import ComposerError

_NULL, _BOOL, _INT, _FLOAT = (f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float"))
_MERGE = "tag:yaml.org,2002:merge"


class _Loader(yaml.SafeLoader):
    """SafeLoader with the scalars of the core schema, and mappings with text as keys."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """A mapping as it is written, before anything is merged into it.

        Raises:
            ComposerError: a key occurs twice, or is a list or a mapping.
        """
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise ComposerError(None, None, "a list or a mapping cannot be a key", key.start_mark)
            if key.value in seen:
                raise ComposerError(None, None, f"the key '{key.value}' occurs twice", key.start_mark)
            seen.add(key.value)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """A mapping with its keys as written; its own keys come after merged ones and override them."""
        self.flatten_mapping(node)
        return {key.value: self.construct_object(value, deep=deep) for key, value in node.value}


def _integer(loader: _Loader, node: yaml.ScalarNode) -> int:
    written = str(loader.construct_scalar(node))
    return int(written, {"0o": 8, "0x": 16}.get(written[:2], 10))


_Loader.yaml_implicit_resolvers = {}  # of its own, and without those of YAML 1.1
for _tag, _pattern, _first in (
    (_NULL, r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    (_BOOL, r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    (_INT, r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        _FLOAT,
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
    (_MERGE, r"<<", ["<"]),
):
    _Loader.add_implicit_resolver(_tag, re.compile(rf"(?:{_pattern})$"), _first)
_Loader.add_constructor(_INT, _integer)


def load_yaml(text: str) -> Any:
    """The value of one YAML document.

    Raises:
        yaml.YAMLError: it is not YAML, a key occurs twice, or a scalar contradicts its tag; with its position.

    >>> load_yaml("{no: [no, on, 1:30, 2024-01-01, 1_0], 2024: [012, 1e3, true, ~]}")
    {'no': ['no', 'on', '1:30', '2024-01-01', '1_0'], '2024': [12, 1000.0, True, None]}
    """
    try:
        return yaml.load(text, Loader=_Loader)
    except (ValueError, RecursionError) as error:  # `!!int x`, or thousands of brackets
        raise yaml.YAMLError(str(error)) from error


def compose_yaml(text: str) -> yaml.Node | None:
    """The nodes of one YAML document, with their line numbers."""
    return yaml.compose(text, Loader=_Loader)
