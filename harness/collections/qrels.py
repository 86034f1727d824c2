"""Judgements in TREC qrels format: `query iteration document grade`, read strictly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from clir_harness.harness.characters import ID_RULE, is_id
from clir_harness.harness.collections.base import Qrels, TestCollection, content_digest
from clir_harness.harness.errors import CollectionError, DataError
from clir_harness.harness.textio import lines_of, shown


def read_qrels(*paths: Path) -> dict[str, dict[str, int]]:
    """Read TREC qrels files, compressed or not, as one.

    Raises:
        DataError: a line does not have four columns, the grade is not a 64-bit integer in ASCII digits, or a document
            is judged twice for one query; names file and line.
    """
    qrels: dict[str, dict[str, int]] = {}
    for path, number, line in lines_of(paths):
        columns = line.split()
        if len(columns) != 4:
            raise DataError(
                f"expected 4 columns (query iteration document grade), found {len(columns)}",
                path=path,
                line=number,
                hint="separate columns by spaces or tabs; ids hold no white space of any kind",
            )
        query, _, document, grade = columns
        judge(qrels, query, document, grade, path, number)
    return qrels


_GRADE = re.compile(r"[+-]?[0-9]{1,19}")
_GRADES = range(-(2**63), 2**63)


def judge(qrels: dict[str, dict[str, int]], query: str, document: str, grade: str, path: Path, line: int) -> None:
    """Add one judgement.

    Args:
        qrels: judgements so far; changed.
        query: query id.
        document: document id.
        grade: grade, as written in the file.
        path: the file, for messages.
        line: number of the line, for messages.

    Raises:
        DataError: the grade is not a 64-bit integer in ASCII digits, an id is invalid, or the document is already
            judged; names file and line.
    """
    if not _GRADE.fullmatch(grade) or int(grade) not in _GRADES:
        hint = "write a whole number, e.g. 0, 1 or 2"
        raise DataError(f"expected an integer grade, found {shown(grade)}", path=path, line=line, hint=hint)
    if fault := next((one for one in (query, document) if not is_id(one)), None):
        raise DataError(f"{shown(fault)} is not a valid id", path=path, line=line, hint=ID_RULE)
    judged = qrels.setdefault(query, {})
    if document in judged:
        raise DataError(
            f"document {shown(document)} is judged twice for query {shown(query)}",
            path=path,
            line=line,
            hint="keep one judgement of each document per query",
        )
    judged[document] = int(grade)


def check_judgements(collection: TestCollection) -> None:
    """Refuse malformed judgements, which only running code can give.

    Raises:
        CollectionError: an id is not text, or a grade is not a 64-bit integer; names it.
    """
    for query, judged in collection.qrels.items():
        if not isinstance(judged, Mapping):
            raise CollectionError(
                f"collection {collection.id}: expected grades by document for query {query!r}, found {judged!r}"
            )
        for document, grade in judged.items():
            sound = isinstance(query, str) and isinstance(document, str)
            if not sound or type(grade) is not int or grade not in _GRADES:
                raise CollectionError(
                    f"collection {collection.id}: expected ids as text and an integer of 64 bits as grade, "
                    f"found {query!r}, {document!r}, {grade!r}",
                    hint="write str(id) and int(grade)",
                )


def format_qrels(qrels: Qrels) -> str:
    """Judgements as TREC qrels text, in the mapping's order."""
    return "".join(
        f"{query} 0 {document} {grade}\n" for query, judged in qrels.items() for document, grade in judged.items()
    )


def qrels_digest(qrels: Qrels) -> str:
    """Digest of judgements, independent of their order."""
    return content_digest(
        (query, document, str(grade))
        for query, judged in sorted(qrels.items())
        for document, grade in sorted(judged.items())
    )
