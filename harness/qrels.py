"""Judgements in TREC qrels format: `query iteration document grade`, read strictly."""

from __future__ import annotations

import re
from pathlib import Path

from harness.collections.base import Qrels, content_digest
from harness.errors import DataError
from harness.textio import lines_of, shown


def read_qrels(*paths: Path) -> dict[str, dict[str, int]]:
    """Read TREC qrels files, compressed or not, as one.

    Raises:
        DataError: with file and line, when a line does not have four columns, the grade is not an integer of 64 bits in
            ASCII digits, or a document is judged twice for one query.
    """
    qrels: dict[str, dict[str, int]] = {}
    for path, number, line in lines_of(paths):
        columns = line.split()
        if len(columns) != 4:
            raise DataError(
                f"expected 4 columns (query iteration document grade), found {len(columns)}", path=path, line=number
            )
        query, _, document, grade = columns
        judge(qrels, query, document, grade, path, number)
    return qrels


_GRADE = re.compile(r"[+-]?[0-9]+")
_GRADES = range(-(2**63), 2**63)


def judge(qrels: dict[str, dict[str, int]], query: str, document: str, grade: str, path: Path, line: int) -> None:
    """Take one judgement in.

    Raises:
        DataError: with file and line, when the grade is not an integer of 64 bits in ASCII digits, or the document is
            judged already.
    """
    if not _GRADE.fullmatch(grade) or int(grade) not in _GRADES:
        hint = "write a whole number, e.g. 0, 1 or 2"
        raise DataError(f"expected an integer grade, found {shown(grade)}", path=path, line=line, hint=hint)
    judged = qrels.setdefault(query, {})
    if document in judged:
        raise DataError(
            f"document {shown(document)} is judged twice for query {shown(query)}",
            path=path,
            line=line,
            hint="keep one judgement of each document per query",
        )
    judged[document] = int(grade)


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
