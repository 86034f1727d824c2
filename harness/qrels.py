"""Judgements in TREC qrels format: `query iteration document grade`, read strictly."""

from __future__ import annotations

from pathlib import Path

from harness.collections.base import Qrels, content_digest
from harness.errors import DataError
from harness.textio import numbered_lines


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Read a TREC qrels file, gzipped or not.

    Raises:
        DataError: with file and line, when a line does not have four columns, the grade is not an integer, or a
            document is judged twice for one query.
    """
    qrels: dict[str, dict[str, int]] = {}
    for number, line in numbered_lines(path):
        columns = line.split()
        if len(columns) != 4:
            raise DataError(
                f"expected 4 columns (query iteration document grade), found {len(columns)}", path=path, line=number
            )
        query, _, document, grade = columns
        try:
            value = int(grade)
        except ValueError:
            raise DataError(f"expected an integer grade, found '{grade}'", path=path, line=number) from None
        judged = qrels.setdefault(query, {})
        if document in judged:
            raise DataError(
                f"document '{document}' is judged twice for query '{query}'",
                path=path,
                line=number,
                hint="keep one judgement of each document per query",
            )
        judged[document] = value
    return qrels


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
