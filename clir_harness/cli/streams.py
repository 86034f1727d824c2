"""Terminals and pipes of any encoding: what they cannot show is escaped, and no command ends over it."""

from __future__ import annotations

import codecs
import io
import os
import re
import sys

import click

_HANDLER = "clir-escape"
_ASCII = "clir-ascii"
_escaped: list[str] = []
"""Characters that were escaped."""


def use_utf8() -> None:
    """Start this process again in Python's UTF-8 mode when the locale has another encoding for file names.

    Names of files in suites, and labels on the command line, are then what they are in every other locale. Standard
    streams keep their encoding. Nothing happens when the command line is not this process's own (in tests, say).
    """
    given = sys.argv[1:]
    own = sys.orig_argv[len(sys.orig_argv) - len(given) :] == given
    if own and codecs.lookup(sys.getfilesystemencoding()).name != "utf-8":
        os.environ["PYTHONIOENCODING"] = sys.stdout.encoding
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


def prepare_streams() -> None:
    r"""Have standard output and error write `\uXXXX` for a character that their encoding lacks."""
    codecs.register_error(_HANDLER, _escape)
    codecs.register(_find_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # click takes ASCII for a mistake and writes UTF-8 there; under another name it is let be.
            stream.reconfigure(encoding=_ASCII if _codec(stream) == "ascii" else None, errors=_HANDLER)


def report_escapes() -> None:
    """Say on standard error that characters were escaped, if there were any."""
    if _escaped and (encoding := _codec(sys.stdout)) != "utf-8":
        click.echo(
            f"note: characters that {encoding.removeprefix('clir-')} lacks ({sum(map(len, _escaped)):,}) were written "
            "as \\uXXXX; PYTHONIOENCODING=utf-8 writes them as they are",
            err=True,
        )
    _escaped.clear()


def echo_document(text: str, form: str) -> None:
    """Write a document to standard output; `form` is json, xml, html or another one.

    Where standard output has another encoding, JSON and XML are written in ASCII with their own escapes, which any
    reader understands, and HTML, which says that it is in UTF-8, is written so.
    """
    text = text if text.endswith("\n") else text + "\n"
    if _codec(sys.stdout) == "utf-8":
        click.echo(text, nl=False)
    elif form == "json":
        click.echo(re.sub(r"[^\x00-\x7f]+", lambda found: _as_units(found[0]), text), nl=False)
    elif form == "xml":
        click.echo(text.encode("ascii", "xmlcharrefreplace").decode(), nl=False)
    elif form == "html":
        click.echo(text.encode(), nl=False)
    else:
        click.echo(text, nl=False)


def _codec(stream: object) -> str:
    return codecs.lookup(getattr(stream, "encoding", None) or "utf-8").name


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    _escaped.append(lacking)
    return _as_units(lacking), error.end


def _as_units(text: str) -> str:
    r"""Characters as `\uXXXX`, those beyond the first 65,536 as two, which is how JSON has it."""
    return re.sub("(....)", r"\\u\1", text.encode("utf-16-be", "surrogatepass").hex())


def _find_ascii(name: str) -> codecs.CodecInfo | None:
    if name != _ASCII.replace("-", "_"):
        return None
    found = codecs.lookup("ascii")
    return codecs.CodecInfo(
        found.encode,
        found.decode,
        incrementalencoder=found.incrementalencoder,
        incrementaldecoder=found.incrementaldecoder,
        name=_ASCII,
    )
