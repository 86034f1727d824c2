"""Documents from files: TREC SGML, JSON lines and TSV, as streams."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Literal

from clir_harness.harness.collections.base import Document, DocumentSet, file_signature
from clir_harness.harness.collections.files import id_of, json_lines, optional_text_of, refuse_header, text_of
from clir_harness.harness.collections.sgml import attribute_list, content, texts_outside, tokens
from clir_harness.harness.errors import DataError
from clir_harness.harness.textio import numbered_lines, shown, without_compression

DocumentFormat = Literal["trec", "jsonl", "tsv"]

ID_NAMES = ("id", "_id", "docid", "doc_id", "docno")
TEXT_NAMES = ("text", "contents")
TITLE_NAMES = ("title",)

TITLE_TAGS = frozenset("headline title ti hl head hd ttl".split())
"""SGML elements that are read as the title, over the newspapers of TREC and CLEF; all in lower case."""

LEFT_OUT_TAGS = (
    "docno docid doc_id id fileid recordno accession date date_time datetime date1 time pubdate page pages length "
    "wordcount edition issue volume flag url dochdr lang language source copyright script style"
).split()
"""SGML elements that are neither title nor text, such as ids and dates. All others are text."""

OTHER_FIELDS = frozenset("url uri link date timestamp time published language lang score".split())
"""Fields of JSON documents that are never text, hence not reported when they are not read."""


def document_set(
    set_id: str,
    language: str,
    paths: list[Path],
    file_format: DocumentFormat | None,
    left_out: Collection[str] = LEFT_OUT_TAGS,
) -> DocumentSet:
    """The documents of some files as a document set.

    Args:
        set_id: id of the set.
        language: language of the documents.
        paths: at least one file, read in this order.
        file_format: format of all files; None to infer it from each file name.
        left_out: SGML elements that are not read.

    Returns:
        The document set; its files are read when it is streamed.

    Raises:
        FileNotFoundError: a file does not exist.
        UnknownNameError: the language is unknown.
    """
    readers = [(path, format_of(path, file_format)) for path in paths]
    formats = ",".join(sorted({name for _, name in readers}))
    skipped = frozenset(name.lower() for name in left_out)
    signature = f"{READERS_VERSION}|{formats}|{','.join(sorted(skipped))}|{file_signature(*paths)}"
    return DocumentSet(set_id, language, partial(_read_all, readers, skipped), signature)


READERS_VERSION = 3
"""Incremented when a reader here reads a file differently; cached summaries then expire."""


def _read_all(readers: Iterable[tuple[Path, DocumentFormat]], left_out: Collection[str]) -> Iterator[Document]:
    for path, name in readers:
        yield from read_trec_documents(path, left_out) if name == "trec" else READERS[name](path)


def format_of(path: Path, stated: DocumentFormat | None = None) -> DocumentFormat:
    """Format of a document file, by its name unless stated: .jsonl and .json, .tsv and .txt, otherwise TREC SGML.

    Args:
        path: the file.
        stated: the format, if known.

    Returns:
        The format.

    >>> format_of(Path("docs.jsonl.gz")), format_of(Path("sda94.sgml"))
    ('jsonl', 'trec')
    """
    if stated is not None:
        return stated
    suffix = Path(without_compression(path.name)).suffix
    return "jsonl" if suffix in {".jsonl", ".json"} else "tsv" if suffix in {".tsv", ".txt"} else "trec"


def read_jsonl_documents(path: Path) -> Iterator[Document]:
    """Read JSON objects, one per line, with `id` (or `_id`, `docid` ...), `text` or `contents`, and optionally `title`.

    Raises:
        DataError: with file and line.
    """
    for line, record in json_lines(path):
        title = optional_text_of(record, TITLE_NAMES, path, line)
        text = text_of(record, TEXT_NAMES, path, line)
        yield Document(id_of(record, ID_NAMES, path, line), text, title, left_out=_other_texts(record))


def _other_texts(record: Mapping[str, object]) -> dict[str, int]:
    """Characters of the fields of a document that hold text and are not read."""
    read = {next((name for name in names if name in record), "") for names in (ID_NAMES, TEXT_NAMES, TITLE_NAMES)}
    others = {name: value for name, value in record.items() if name not in read and name.lower() not in OTHER_FIELDS}
    counts = {name: sum(map(len, _strings(value))) for name, value in others.items() if name not in ID_NAMES}
    return {name: count for name, count in counts.items() if count}


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)


def read_tsv_documents(path: Path) -> Iterator[Document]:
    """`id TAB text` or `id TAB title TAB text`, without a header.

    Raises:
        DataError: with file and line.
    """
    for number, line in numbered_lines(path):
        columns = line.split("\t")
        if len(columns) not in (2, 3):
            message = f"expected 2 or 3 columns (id, optional title, text), found {len(columns)}"
            raise DataError(message, path=path, line=number)
        refuse_header(columns, path, number)
        yield Document(columns[0], columns[-1], columns[1] if len(columns) == 3 else "")


_DOC = re.compile(r"<(/?)DOC(\s[^<>]*)?>", re.IGNORECASE)
_DOC_IDS = ("id", "docno")


def read_trec_documents(path: Path, left_out: Collection[str] = LEFT_OUT_TAGS) -> Iterator[Document]:
    """Read TREC SGML: `<DOC>` with a `<DOCNO>` or with the id as its attribute.

    The elements of `TITLE_TAGS` are the title. All other elements are text, nested or not, except those left out, whose
    characters are counted.

    Args:
        path: the file.
        left_out: names of elements that are neither title nor text.

    Yields:
        The documents, in the order of the file.

    Raises:
        DataError: a document is not closed or has no id or two ids, or there is text outside documents; names file and
            line.
    """
    start, attributes, body = 0, "", list[str]()
    for number, line in numbered_lines(path):
        place = 0
        for mark in _DOC.finditer(line):
            before, place = line[place : mark.start()], mark.end()
            if mark[1] and not start:
                raise DataError("</DOC> without a <DOC>", path=path, line=number)
            if start and not mark[1]:
                raise DataError(f"<DOC> begins before that of line {start} ended", path=path, line=number)
            if start:
                yield _trec_document("\n".join([*body, before]), attributes, left_out, path, start)
                start = 0
            else:
                _refuse_text_outside(before, path, number)
                start, attributes, body = number, mark[2] or "", []
        if start:
            body.append(line[place:])
        else:
            _refuse_text_outside(line[place:], path, number)
    if start:
        raise DataError("<DOC> is never closed by </DOC>", path=path, line=start)


def _refuse_text_outside(fragment: str, path: Path, line: int) -> None:
    for text in texts_outside(fragment):
        raise DataError(f"expected <DOC>, found {shown(text)}", path=path, line=line, hint="is it TREC SGML?")


def _trec_document(body: str, attributes: str, left_out: Collection[str], path: Path, line: int) -> Document:
    numbers = re.findall(r"<DOCNO>\s*(.*?)\s*</DOCNO>", body, re.IGNORECASE | re.DOTALL)
    if not numbers:
        stated = {name.lower(): value.strip("\"'") for name, value in attribute_list(attributes)}
        numbers = [stated[name] for name in _DOC_IDS if name in stated][:1]
    if len(numbers) != 1:
        fault = "with two <DOCNO>" if numbers else "without <DOCNO>"
        raise DataError(f"document {fault}", path=path, line=line)
    found = content(tokens(body), TITLE_TAGS, left_out)
    counts = {name: count for name, count in found.left_out.items() if name != "docno"}
    return Document(numbers[0], found.text, found.title, left_out=counts)


READERS: dict[DocumentFormat, Callable[[Path], Iterator[Document]]] = {
    "trec": read_trec_documents,
    "jsonl": read_jsonl_documents,
    "tsv": read_tsv_documents,
}
