"""JSON as text: escaped for use in other formats, with line breaks for people."""

from __future__ import annotations

import json
import re
from typing import Any

_HIDDEN = re.compile("[<\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Written as escapes: what ends a script in a page, what terminals obey, what reorders text."""


def escaped(text: str) -> str:
    r"""JSON text that a page, a terminal or a reader takes for nothing else.

    >>> print(escaped('"</script>"'))
    "\u003c/script>"
    """
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def rounded(value: float) -> float | None:
    """Six significant digits; None for what is not finite."""
    return float(f"{value:.6g}") if value - value == 0 else None


def _lines(value: Any, levels: int, indent: str = "\n") -> str:
    """JSON with line breaks in the outer levels only."""
    if levels and value and isinstance(value, dict):
        inner = [
            f"{json.dumps(key, ensure_ascii=False)}: {_lines(value[key], levels - 1, indent + ' ')}"
            for key in sorted(value)
        ]
        return "{" + indent + " " + ("," + indent + " ").join(inner) + indent + "}"
    if levels and value and isinstance(value, list):
        return (
            "["
            + indent
            + " "
            + ("," + indent + " ").join(_lines(item, levels - 1, indent + " ") for item in value)
            + indent
            + "]"
        )
    return json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False, separators=(",", ":"))


def write_lines(value: Any, levels: int) -> str:
    """JSON with sorted keys, escaped, with line breaks in the outer levels only, and a final one.

    Args:
        value: plain data.
        levels: number of outer levels with line breaks.

    Returns:
        The text.

    >>> print(write_lines({"b": [1, 2], "a": {}}, 1), end="")
    {
     "a": {},
     "b": [1,2]
    }
    """
    return escaped(_lines(value, levels)) + "\n"
