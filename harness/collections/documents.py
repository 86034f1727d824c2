"""Documents from files: TREC SGML, JSON lines and TSV, as streams."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Literal

from harness.collections.base import Document, DocumentSet, file_signature
from harness.collections.files import id_of, json_lines, optional_text_of, text_of
from harness.errors import DataError
from harness.textio import numbered_lines

DocumentFormat = Literal["trec", "jsonl", "tsv"]

ID_NAMES = ("id", "_id", "docid", "doc_id", "docno")
TEXT_NAMES = ("text", "contents")
TITLE_NAMES = ("title",)

TITLE_TAGS = ("HEADLINE", "TITLE", "TI", "HL", "HEAD")
"""SGML elements that are read as the title, over the newspapers of TREC and CLEF."""

TEXT_TAGS = ("TEXT", "LEADPARA", "LD", "TX")
"""SGML elements that are read as text."""


def document_set(set_id: str, language: str, paths: list[Path], file_format: DocumentFormat | None) -> DocumentSet:
    """The documents of some files as a document set.

    Args:
        set_id: id of the set.
        language: language of the documents.
        paths: at least one file, read in this order.
        file_format: None to go by the ending of each file name.
    """
    readers = [(path, format_of(path, file_format)) for path in paths]
    formats = ",".join(sorted({name for _, name in readers}))
    return DocumentSet(set_id, language, partial(_read_all, readers), f"{formats}|{file_signature(*paths)}")


def _read_all(readers: Iterable[tuple[Path, DocumentFormat]]) -> Iterator[Document]:
    for path, name in readers:
        yield from READERS[name](path)


def format_of(path: Path, stated: DocumentFormat | None = None) -> DocumentFormat:
    """The stated format, or the one the file name ends in: .jsonl and .json, .tsv and .txt, else TREC SGML.

    >>> format_of(Path("docs.jsonl.gz")), format_of(Path("sda94.sgml"))
    ('jsonl', 'trec')
    """
    if stated is not None:
        return stated
    suffix = (path.with_suffix("") if path.suffix == ".gz" else path).suffix
    return "jsonl" if suffix in {".jsonl", ".json"} else "tsv" if suffix in {".tsv", ".txt"} else "trec"


def read_jsonl_documents(path: Path) -> Iterator[Document]:
    """One JSON object a line: `id`, `_id`, `docid`, `doc_id` or `docno`; `text` or `contents`; perhaps `title`.

    Raises:
        DataError: with file and line.
    """
    for line, record in json_lines(path):
        title = optional_text_of(record, TITLE_NAMES, path, line)
        yield Document(id_of(record, ID_NAMES, path, line), text_of(record, TEXT_NAMES, path, line), title)


def read_tsv_documents(path: Path) -> Iterator[Document]:
    """`id TAB text` or `id TAB title TAB text`, without a header.

    Raises:
        DataError: with file and line.
    """
    for number, line in numbered_lines(path):
        columns = line.split("\t")
        if len(columns) not in (2, 3):
            message = f"expected 2 or 3 columns (id, perhaps title, text), found {len(columns)}"
            raise DataError(message, path=path, line=number)
        yield Document(columns[0], columns[-1], columns[1] if len(columns) == 3 else "")


def read_trec_documents(path: Path) -> Iterator[Document]:
    """TREC SGML: `<DOC>`, `<DOCNO>`, and the elements of `TITLE_TAGS` and `TEXT_TAGS`; other markup is dropped.

    Raises:
        DataError: with file and line, when a document is not closed or has no `<DOCNO>`.
    """
    start, lines = 0, list[str]()
    for number, line in numbered_lines(path):
        mark = line.strip().upper()
        if mark == "<DOC>" or mark.startswith("<DOC "):
            if start:
                raise DataError("<DOC> begins before the last one ended", path=path, line=number)
            start = number
        elif mark == "</DOC>":
            if not start:
                raise DataError("</DOC> without a <DOC>", path=path, line=number)
            yield _trec_document("\n".join(lines), path, start)
            start, lines = 0, []
        elif start:
            lines.append(line)
        else:
            raise DataError("expected <DOC> on a line of its own", path=path, line=number)
    if start:
        raise DataError("<DOC> is never closed by </DOC>", path=path, line=start)


def _trec_document(body: str, path: Path, line: int) -> Document:
    number = re.search(r"<DOCNO>\s*(.*?)\s*</DOCNO>", body, re.IGNORECASE | re.DOTALL)
    if number is None:
        raise DataError("document without <DOCNO>", path=path, line=line)
    return Document(number[1], _elements(body, TEXT_TAGS), " ".join(_elements(body, TITLE_TAGS).split()))


def _elements(body: str, tags: tuple[str, ...]) -> str:
    found = re.finditer(rf"<({'|'.join(tags)})\b[^>]*>(.*?)</\1>", body, re.IGNORECASE | re.DOTALL)
    return "\n".join(filter(None, (plain_text(match[2]) for match in found)))


def plain_text(markup: str) -> str:
    """Text of an SGML fragment: tags out, entities resolved, spaces at line ends dropped.

    >>> plain_text("<P>\\nRain &amp; wind\\n</P>")
    'Rain & wind'
    """
    text = html.unescape(re.sub(r"</?[A-Za-z][^<>]*>", " ", markup))
    return "\n".join(filter(None, (line.strip() for line in text.splitlines())))


READERS: dict[DocumentFormat, Callable[[Path], Iterator[Document]]] = {
    "trec": read_trec_documents,
    "jsonl": read_jsonl_documents,
    "tsv": read_tsv_documents,
}
