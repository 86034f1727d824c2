"""Untrusted text (labels, reasons, licences), escaped for documents."""

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


def shortened(text: str, most: int) -> str:
    """The text, cut to a number of characters, the last of which is an ellipsis.

    Args:
        text: any text.
        most: maximum number of characters.

    Returns:
        The text.

    >>> shortened("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= most else text[: most - 1] + "…"


LONGEST_NAME = 100
"""Characters of a name that tables show."""


def markdown_name(text: str) -> str:
    """A name for a table: as `markdown_text`, and not too long."""
    return markdown_text(shortened(text, LONGEST_NAME))


def markdown_text(text: str) -> str:
    r"""The text on one line, with everything escaped that Markdown or HTML would take for markup.

    >>> markdown_text("a|b *bold* snake_case <b>")
    'a\\|b \\*bold\\* snake_case \\<b\\>'
    """
    return _MARKUP.sub(r"\\\g<0>", one_line(text))


_LATEX = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    **{character: f"{{{character}}}" for character in '[]*`"'},  # optional arguments, quotes
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "→": r"$\to$",
    "–": r"{--}",
    "…": r"\ldots{}",
}


_LATEX_PARTS = re.compile(r"(-(?=-)|'(?='))|.")
"""Two hyphens or two apostrophes would become another character, and get something between them."""


def latex_text(text: str) -> str:
    r"""The text on one line, with everything escaped that LaTeX would take for a command.

    >>> print(latex_text(r"50 % of \input{x} & a_b"))
    50 \% of \textbackslash{}input\{x\} \& a\_b
    """
    return _LATEX_PARTS.sub(lambda part: _LATEX.get(part[0], f"{part[0]}{{}}" if part[1] else part[0]), one_line(text))


def latex_name(text: str) -> str:
    """A name for a table: as `latex_text`, and not too long."""
    return latex_text(shortened(text, LONGEST_NAME))


_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def spreadsheet_text(text: str) -> str:
    """The text on one line; text that a spreadsheet would run as a formula gets a leading apostrophe.

    >>> spreadsheet_text("=HYPERLINK(1)"), spreadsheet_text("BM25")
    ("'=HYPERLINK(1)", 'BM25')
    """
    line = one_line(text)
    return f"'{line}" if line.startswith(_FORMULA) else line
