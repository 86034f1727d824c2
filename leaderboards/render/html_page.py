"""Leaderboards as one self-contained HTML file, without network or other files.

The page is drawn by its script from the JSON document that it holds. A content security policy allows this one script
and this one style, by their digests, and no request.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import zlib
from collections.abc import Mapping
from importlib import resources
from typing import Any

import numpy as np

from clir_harness.leaderboards.json_text import escaped
from clir_harness.leaderboards.query_details import CollectionDetails
from clir_harness.leaderboards.render.plain import LONGEST_NAME, one_line, shortened
from clir_harness.leaderboards.schema import BoardDocument

SCRIPTS = ("dom", "scale", "model", "table", "plots", "queries", "dialogs", "sections", "main")
MOST_SCORES = 500_000
"""Scores of queries beyond which a page holds those of the first measure only."""
LEVELS = 4095
_DIGITS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", np.uint8)


def render_html(document: BoardDocument, details: Mapping[str, CollectionDetails] | None = None) -> str:
    """The board as an HTML page.

    Args:
        document: the board; with the scores of every query, systems can be compared query by query.
        details: words and top documents of queries, see `read_details`; None for none.

    Returns:
        HTML, self-contained.
    """
    style, script = page_file("board.css"), _script()
    return fill_template(
        page_file("board.html"),
        policy=policy(style, script),
        title=html.escape(shortened(one_line(document.suite.title), LONGEST_NAME)),
        style=style,
        document=_inert(_without_queries(document)),
        details=_details(document, details or {}),
        script=script,
    )


def page_file(name: str) -> str:
    """Content of one of the source files of pages."""
    return resources.files("clir_harness.leaderboards").joinpath("page", name).read_text("utf-8")


def policy(style: str, script: str = "") -> str:
    """Content security policy that allows a style and a script, and nothing else.

    Args:
        style: the style sheet.
        script: the script, if any.

    Returns:
        The value of the header.
    """
    parts = ["default-src 'none'", f"style-src {_digest(style)}", "img-src data:"]
    parts += [f"script-src {_digest(script)}"] if script else []
    return "; ".join([*parts, "base-uri 'none'", "form-action 'none'"])


def fill_template(template: str, **values: str) -> str:
    """Replace the names in braces of a template; inserted text is not scanned again.

    Args:
        template: the template.
        values: text by name.

    Returns:
        The text.

    >>> fill_template("<b>{name}</b> {other}", name="{other}", other="x")
    '<b>{other}</b> x'
    """
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], template)


def _script() -> str:
    parts = "\n".join(page_file(f"{name}.js") for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _inert(value: Any) -> str:
    """JSON in which nothing ends a script element or starts markup."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False, separators=(",", ":"))
    return escaped(text).replace(">", "\\u003e").replace("&", "\\u0026")


def _without_queries(document: BoardDocument) -> dict[str, Any]:
    value = document.model_dump(mode="json", by_alias=True)
    value["queries"] = None
    for row in value["rows"]:
        for cell in row["cells"]:
            del cell["scores"]
    return value


def _details(document: BoardDocument, details: Mapping[str, CollectionDetails]) -> str:
    """Single queries as compressed JSON, in base 64; empty without them."""
    if document.queries is None:
        return ""
    scores = len(document.rows) * sum(map(len, document.queries.values()))
    measures = document.measures[: max(1, MOST_SCORES // max(scores, 1))]
    nothing = CollectionDetails()
    collections = {}
    for collection in document.queries:
        found = details.get(collection, nothing)
        collections[collection] = {
            "scores": {measure: _packed(document, collection, measure) for measure in measures},
            "ids": found.ids,
            "texts": found.texts,
            "tops": found.tops,
        }
    text = json.dumps({"collections": collections}, ensure_ascii=False, separators=(",", ":"))
    return json.dumps(base64.b64encode(zlib.compress(text.encode(), 9)).decode())


def _packed(document: BoardDocument, collection: str, measure: str) -> dict[str, Any]:
    """Scores of a collection's queries by row, two characters each; None for rows without a result."""
    found = [next((cell.scores for cell in row.cells if cell.collection == collection), None) for row in document.rows]
    values = [None if scores is None else np.array(scores[measure]) for scores in found]
    highest = max([1.0, *(float(scores.max(initial=0.0)) for scores in values if scores is not None)])
    return {"highest": highest, "rows": [None if scores is None else _pack(scores / highest) for scores in values]}


def _pack(shares: np.ndarray[Any, np.dtype[np.float64]]) -> str:
    """Numbers from 0 to 1 in steps of 1/4095, two characters each, the higher digit first.

    >>> _pack(np.array([0.0, 1.0, 0.5]))
    'AA__gA'
    """
    levels = np.rint(np.clip(shares, 0.0, 1.0) * LEVELS).astype(np.int64)
    characters: bytes = _DIGITS[np.stack([levels // 64, levels % 64], axis=1)].tobytes()
    return characters.decode("ascii")
