"""SGML and XML as used by TREC and CLEF: text and tags of a fragment, elements closed or not."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

_ATTRIBUTE = r"""([\w:.-]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"'<>]+)"""
_MARK = re.compile(
    r"<!--(?P<comment>.*?)-->|<!\[CDATA\[(?P<verbatim>.*?)\]\]>|<\?.*?\?>|<![A-Za-z][^<>]*>"
    rf"|<(?P<slash>/?)(?P<name>[A-Za-z][\w:.-]*)(?P<attributes>(?:\s+{_ATTRIBUTE})*)\s*(?P<empty>/?)>",
    re.DOTALL,
)
INLINE = frozenset("a abbr b big cite code em font i mark q s small span strike strong sub sup tt u".split())
"""Inline elements, within a word or a sentence; they are not replaced by a space."""

COMMENTS = "comments"
"""Name under which comments, declarations and instructions are counted as left out."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a fragment.

    Attributes:
        kind: text with entities resolved; a comment, declaration or processing instruction; the start or end of an
            element.
        text: of text and comments.
        name: of elements, in lower case.
        attributes: of starts, names in lower case.
        closed: of starts, whether the end follows, before another start of that name.
    """

    kind: Literal["text", "comment", "start", "end"]
    text: str = ""
    name: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    closed: bool = False


def tokens(fragment: str) -> list[Token]:
    """Text and tags of a fragment in order; declarations and processing instructions are comments.

    What only looks like a tag remains text.

    >>> [token.text or token.name for token in tokens("a < b <I>c</I> &amp; <![CDATA[<d>]]> <e@f.org>")]
    ['a < b ', 'i', 'c', 'i', ' & ', '<d>', ' <e@f.org>']
    """
    found: list[Token] = []
    ends: dict[str, int] = {}
    place = len(fragment)
    matches = list(_MARK.finditer(fragment))
    for match in reversed(matches):  # from the end on: an end is known before its start
        if tail := fragment[match.end() : place]:
            found.append(Token("text", html.unescape(tail)))
        place = match.start()
        found.append(_token(match, ends))
    if head := fragment[:place]:
        found.append(Token("text", html.unescape(head)))
    return found[::-1]


def _token(match: re.Match[str], ends: dict[str, int]) -> Token:
    if match["comment"] is not None:
        return Token("comment", match["comment"])
    if match["verbatim"] is not None:
        return Token("text", match["verbatim"])
    if match["name"] is None:
        return Token("comment", match[0].strip("<!?>"))
    name = match["name"].lower()
    if match["slash"]:
        ends[name] = ends.get(name, 0) + 1
        return Token("end", name=name)
    attributes = {key.lower(): html.unescape(value.strip("\"'")) for key, value in attribute_list(match["attributes"])}
    closed = not match["empty"] and ends.get(name, 0) > 0
    if closed:
        ends[name] -= 1
    return Token("start", name=name, attributes=attributes, closed=closed)


def attribute_list(text: str) -> list[tuple[str, str]]:
    """Names and values, quotes included, of the attributes of a start tag."""
    return re.findall(_ATTRIBUTE, text)


def parted(token: Token) -> str:
    """Replacement of a tag: nothing for inline elements, otherwise a space."""
    return "" if token.name in INLINE else " "


@dataclass(frozen=True, slots=True)
class Content:
    """Title and text of a document, and how many characters of which elements are neither."""

    title: str
    text: str
    left_out: Mapping[str, int]


def content(fragment: Sequence[Token], titles: Collection[str], skipped: Collection[str]) -> Content:
    """Divide the text of a document into title, text and what is left out.

    An element without an end tag ends at once: what follows belongs to the element around it.

    Args:
        fragment: the document.
        titles: names of elements that hold the title.
        skipped: names of elements that hold neither title nor text, whatever is in them.

    Returns:
        Title, text and character counts.
    """
    opened: list[str] = []
    title, text, left_out = list[str](), list[str](), Counter[str]()
    for token in fragment:
        if token.kind == "comment":
            left_out[COMMENTS] += len(" ".join(token.text.split()))
        elif token.kind == "text":
            if skipper := next((name for name in opened if name in skipped), None):
                left_out[skipper] += len(" ".join(token.text.split()))
            else:
                (title if any(name in titles for name in opened) else text).append(token.text)
        else:
            if token.kind == "start" and token.closed:
                opened.append(token.name)
            elif token.kind == "end" and token.name in opened:
                while opened.pop() != token.name:
                    pass
            for part in (title, text):
                part.append(parted(token) if opened else "\n")
    lines = (" ".join(line.split()) for line in "".join(text).splitlines())
    counts = {name: count for name, count in left_out.items() if count}
    return Content(" ".join("".join(title).split()), "\n".join(filter(None, lines)), counts)


def texts_outside(fragment: str) -> Iterator[str]:
    """Text of a fragment that should hold only tags."""
    yield from (token.text.strip() for token in tokens(fragment) if token.kind == "text" and token.text.strip())
