"""Terminals and pipes of any encoding: characters they lack are escaped, and do not end a command."""

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

    Names of files in suites, and labels on the command line, are then the same as in every other locale. Standard
    streams keep their encoding. Does nothing when the command line is not this process's own (e.g. in tests).
    """
    given = sys.argv[1:]
    own = sys.orig_argv[len(sys.orig_argv) - len(given) :] == given
    if own and codecs.lookup(sys.getfilesystemencoding()).name != "utf-8":
        os.environ["PYTHONIOENCODING"] = sys.stdout.encoding
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


def prepare_streams() -> None:
    r"""Make standard output and error write `\uXXXX` for characters that their encoding lacks."""
    codecs.register_error(_HANDLER, _escape)
    codecs.register(_find_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # click overrides ASCII with UTF-8; under another name it is left alone.
            stream.reconfigure(encoding=_ASCII if _codec(stream) == "ascii" else None, errors=_HANDLER)


def report_escapes() -> None:
    """Report on standard error how many characters were escaped, if any."""
    if _escaped and (encoding := _codec(sys.stdout)) != "utf-8":
        click.echo(
            f"note: characters that {encoding.removeprefix('clir-')} lacks ({sum(map(len, _escaped)):,}) were written "
            "as \\uXXXX; set PYTHONIOENCODING=utf-8 to see them",
            err=True,
        )
    _escaped.clear()


def echo_document(text: str, form: str) -> None:
    """Write a document to standard output.

    If standard output has another encoding, JSON and XML are written in ASCII with their own escapes, which any reader
    understands, and HTML, which declares UTF-8, is written in UTF-8.

    Args:
        text: the document.
        form: its format: json, xml, html or another one.
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
    r"""Characters as `\uXXXX`, those beyond the first 65,536 as two, as in JSON."""
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
