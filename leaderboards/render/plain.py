"""Text of others (labels, reasons, licences) made safe to put into a document."""

from __future__ import annotations

import re
import unicodedata

_BIDIRECTIONAL_CONTROLS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
"""They reorder the text around them; joiners, which scripts need, are other characters."""


def one_line(text: str) -> str:
    r"""The text on one line: line breaks, tabs and control characters become single spaces.

    >>> one_line("out of memory\n\tat 0x1\x1b[31m")
    'out of memory at 0x1 [31m'
    """
    visible = (" " if unicodedata.category(character) in ("Cc", "Zl", "Zp") else character for character in text)
    return " ".join("".join(visible).translate(_BIDIRECTIONAL_CONTROLS).split())


_MARKUP = re.compile(
    r"[\\`*\[\]<>|~$#]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # an underscore within a word is plain text
    r"|&(?=#?\w+;)"  # as is an ampersand that starts no entity
    r"|^[-+=](?!\w)"
)


def markdown_text(text: str) -> str:
    r"""The text on one line, with everything escaped that Markdown or HTML would take for markup.

    >>> markdown_text("a|b *bold* snake_case <b>")
    'a\\|b \\*bold\\* snake_case \\<b\\>'
    """
    return _MARKUP.sub(r"\\\g<0>", one_line(text))


_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def spreadsheet_text(text: str) -> str:
    """The text on one line; text that a spreadsheet would run as a formula gets a leading apostrophe.

    >>> spreadsheet_text("=HYPERLINK(1)"), spreadsheet_text("BM25")
    ("'=HYPERLINK(1)", 'BM25')
    """
    line = one_line(text)
    return f"'{line}" if line.startswith(_FORMULA) else line
