"""Characters allowed in ids, labels and texts: one rule for each, wherever it comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from clir_harness.harness.errors import DataError

ID_RULE = "an id is one or more characters, none of them white space, a control character, a BOM or a lone surrogate"
LABEL_RULE = "a label is visible text on one line, without control characters, BOM and lone surrogates"
TEXT_RULE = (
    "a lone surrogate is half of a character, which UTF-8 cannot encode; write the whole character or leave it out"
)

# White space as Unicode defines it, since readers of runs differ in what they split at.
_ID = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\ufeff\ud800-\udfff]+")
_LABEL = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]+")
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)


def is_id(text: object) -> bool:
    """Whether a value can be a document or query id or a run tag: a column of a TREC file.

    >>> is_id("#7"), is_id(""), is_id("doc 1"), is_id("doc\\u00a01"), is_id("doc\\x001"), is_id(7)
    (True, False, False, False, False, False)
    """
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def is_label(text: str) -> bool:
    """Whether a text can name a row, a suite or a plugin, in tables and as the tag of a run.

    >>> is_label("BM25 (human queries)"), is_label(" "), is_label("two\\nlines")
    (True, False, False)
    """
    return bool(text.strip()) and _LABEL.fullmatch(text) is not None


def is_text(text: str) -> bool:
    """Whether a text can be written: it holds no lone surrogate.

    >>> is_text("\\U0001f30a"), is_text("\\ud83c")
    (True, False)
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def broken_text(value: object) -> str | None:
    """The first text with a lone surrogate in plain data, keys included; None when there is none."""
    if isinstance(value, str):
        return None if is_text(value) else value
    if isinstance(value, Mapping):
        value = [*value.keys(), *value.values()]
    if isinstance(value, (list, tuple)):
        return next((found for item in value if (found := broken_text(item)) is not None), None)
    return None


def refuse_lone_surrogates(text: str, path: Path, line: int = 1) -> None:
    r"""Refuse JSON whose escapes denote half of a character, as `"\ud800"` does.

    Args:
        text: JSON as it is written, one or more lines.
        path: the file it is from.
        line: number of its first line.

    Raises:
        DataError: with file and line.
    """
    # Fully escaped text is common; only text with surrogates is examined escape by escape.
    if _HALF.search(text) and (fault := _lone_surrogate(text)):
        number = line + text.count("\n", 0, fault.start())
        raise DataError(f"holds the lone surrogate {fault[0]}", path=path, line=number, hint=TEXT_RULE)


def _lone_surrogate(text: str) -> re.Match[str] | None:
    """The first escape that denotes half of a character and is not next to its other half."""
    high: re.Match[str] | None = None
    for escape in _ESCAPE.finditer(text):
        code = int(escape[1], 16) if escape[1] else 0
        is_low = 0xDC00 <= code < 0xE000
        if high is not None:
            if not is_low or high.end() != escape.start():
                return high
            high = None
        elif is_low:
            return escape
        elif 0xD800 <= code < 0xDC00:
            high = escape
    return high
