"""Topics of TREC, CLEF, NTCIR and FIRE in SGML or XML: `<top>` or `<topic>`, fields closed or not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from clir_harness.harness.collections.files import whole_text
from clir_harness.harness.collections.sgml import INLINE, Token, attribute_list, parted, texts_outside, tokens
from clir_harness.harness.errors import DataError, UnknownNameError
from clir_harness.harness.languages import canonical_tag
from clir_harness.harness.textio import shown

_BLOCK = re.compile(r"<(/?)(topic|top)(\s[^<>]*)?>", re.IGNORECASE)
_FIELDS = {
    "num": "id",
    "number": "id",
    "identifier": "id",
    "title": "title",
    "query": "query",
    "question": "question",
    "desc": "description",
    "description": "description",
    "narr": "narrative",
    "narrative": "narrative",
}
_BREAKS = frozenset("br hr p div li ol ul".split())
"""Elements without an end tag that separate the text of a field; no topic has fields of these names."""

_TITLES = ("title", "query", "question")
_ID_ATTRIBUTES = ("number", "num", "id", "qid", "topic_id")
_LABELS = {
    "id": re.compile(r"\s*(number|topic)\s*:", re.IGNORECASE),
    "title": re.compile(r"\s*topic\s*:", re.IGNORECASE),
    "description": re.compile(r"\s*description\s*:", re.IGNORECASE),
}
"""Labels at the beginning of fields of classic topics."""


@dataclass(slots=True)
class _Field:
    name: str
    language: str | None
    open_until: str | None
    parts: list[str] = field(default_factory=list)
    within: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        lines = (" ".join(line.split()) for line in "".join(self.parts).splitlines())
        text = "\n".join(filter(None, lines))
        return _LABELS[self.name].sub("", text, count=1).strip() if self.name in _LABELS else text


@dataclass(frozen=True, slots=True)
class TrecTopic:
    """Number, title and description of a topic in one language."""

    id: str
    title: str
    description: str


def trec_topics(path: Path, code: str) -> Iterator[TrecTopic]:
    """Read the topics of a file in order.

    The number is an element or an attribute; the title is `<title>`, else `<query>` or `<question>`, else the text of a
    topic that has no elements. Fields may have languages: `<EN-title>`, `<title lang="en">`, `<topic lang="en">`.
    Markup within a field is dropped; its text is kept.

    Args:
        path: the file.
        code: code of the wanted language in such tags and attributes.

    Yields:
        The topics.

    Raises:
        DataError: there is no topic; a topic has no end, no number or no title in the language; or there is text
            outside topics and their fields. Names file and line.
    """
    text = whole_text(path)
    start: re.Match[str] | None = None
    kind, place = "", 0
    for mark in _BLOCK.finditer(text):
        kind = kind or mark[2].lower()
        if mark[2].lower() != kind:
            continue
        line = text.count("\n", 0, mark.start()) + 1
        if mark[1]:
            if start is None:
                raise DataError(f"</{kind}> without a <{kind}>", path=path, line=line)
            begun = text.count("\n", 0, start.start()) + 1
            yield _topic(text[start.end() : mark.start()], start[3] or "", code, path, begun)
            start = None
        elif start is not None:
            begun = text.count("\n", 0, start.start()) + 1
            raise DataError(f"<{kind}> is not closed before the next one, in line {line}", path=path, line=begun)
        else:
            _refuse_text_outside(text[place : mark.start()], path, line)
            start = mark
        place = mark.end()
    if not kind:
        raise DataError("has no <top> ... </top>", path=path, hint="for lines `id TAB query` set topics_format: tsv")
    if start is not None:
        line = text.count("\n", 0, start.start()) + 1
        raise DataError(f"<{kind}> is never closed by </{kind}>", path=path, line=line)
    _refuse_text_outside(text[place:], path, text.count("\n") + 1)


def _refuse_text_outside(fragment: str, path: Path, line: int) -> None:
    for text in texts_outside(fragment):
        hint = "close the topic, or remove the text"
        raise DataError(f"text outside topics: {shown(text)}", path=path, line=line, hint=hint)


def _topic(body: str, attributes: str, code: str, path: Path, line: int) -> TrecTopic:
    stated = {name.lower(): value.strip("\"'") for name, value in attribute_list(attributes)}
    language = stated.get("lang") or stated.get("xml:lang")
    fields, loose = _fields(tokens(body), language)
    if loose and fields:
        raise DataError(f"text of a topic outside its fields: {shown(loose)}", path=path, line=line)
    number = _only(fields, "id", path, line)
    number = number or next((stated[name].strip() for name in _ID_ATTRIBUTES if name in stated), None)
    if not number:
        raise DataError("topic without <num>", path=path, line=line)
    if loose:
        return TrecTopic(number, loose, "")
    known = [one for one in fields if one.language is None or _same_language(one.language, code)]
    for name in _TITLES:
        if (title := _only(known, name, path, line)) is not None:
            return TrecTopic(number, title, _only(known, "description", path, line) or "")
    have = ", ".join(one.name if one.language is None else f"{one.language}-{one.name}" for one in fields)
    wanted = f"{code.casefold()}-title" if any(one.language for one in fields) else "title"
    raise DataError(
        f"topic {number} has no <{wanted}>; it has {have}",
        path=path,
        line=line,
        hint="state the code the tags use under 'codes'; a topic needs a <title>, <query> or <question>",
    )


def _fields(found: Sequence[Token], language: str | None) -> tuple[list[_Field], str]:
    """The fields of a topic, and text that is in none."""
    fields: list[_Field] = []
    loose: list[str] = []
    current: _Field | None = None
    for token in found:
        if token.kind == "text":
            (current.parts if current else loose).append(token.text)
        elif token.kind == "comment":
            continue
        elif token.kind == "start" and not _is_within(current, token):
            prefix, _, base = token.name.rpartition("-")
            name = _FIELDS.get(base) if base in _FIELDS else None
            own = prefix if name and prefix else token.attributes.get("lang") or token.attributes.get("xml:lang")
            until = token.name if token.closed else None
            current = _Field(name or token.name, own or language, until)
            fields.append(current)
        elif token.kind == "end" and current is not None and _ends(current, token):
            current = None
        else:
            if current is not None and token.closed:
                current.within.append(token.name)
            (current.parts if current else loose).append(parted(token))
    return fields, " ".join("".join(loose).split())


def _is_within(current: _Field | None, token: Token) -> bool:
    """Whether a start tag is markup within a field: within one that is closed later, or not a field itself."""
    if token.name in INLINE:
        return True
    if current is None:
        return False
    if token.name in _BREAKS:
        return True
    return current.open_until is not None or (token.closed and token.name.rpartition("-")[2] not in _FIELDS)


def _ends(current: _Field, token: Token) -> bool:
    """Whether an end tag closes the field, and not markup within; </desc> also ends an unclosed <title>."""
    if token.name in current.within:
        current.within.remove(token.name)
        return False
    return token.name not in INLINE and current.open_until in (None, token.name)


def _only(fields: Sequence[_Field], name: str, path: Path, line: int) -> str | None:
    """The text of the one field of a name; None when there is none."""
    found = [one.text for one in fields if one.name == name]
    if len(found) > 1:
        raise DataError(f"topic with {len(found)} fields for its {name}", path=path, line=line, hint="keep one of them")
    return found[0] if found else None


def _same_language(found: str, code: str) -> bool:
    if found.casefold() == code.casefold():
        return True
    try:
        return canonical_tag(found) == canonical_tag(code)
    except UnknownNameError:
        return False
