"""JSONL documents, TSV queries (optionally with human translations), TREC qrels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from clir_harness.harness.collections.base import HUMAN, ORIGINAL, Query, QuerySet, SourceConfig, TestCollection
from clir_harness.harness.collections.documents import document_set
from clir_harness.harness.collections.files import LocalConfig, LocalSource, refuse_header
from clir_harness.harness.collections.qrels import read_qrels
from clir_harness.harness.errors import DataError
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.textio import lines_of


class JsonlConfig(LocalConfig):
    """Settings of a JSONL collection. File names may hold `{query}` and `{document}`."""

    documents: str = Field(
        default="docs.{document}.jsonl",
        description="file, folder or glob of JSON lines with `id`, `text` (or `contents`) and optionally `title`",
    )
    queries: str = Field(
        default="queries.{query}.{document}.tsv",
        description="file of `id TAB question`, optionally with `TAB human translation into the documents' language`",
    )
    qrels: str = Field(default="qrels.{query}.{document}.txt", description="file of TREC judgements")


class JsonlSource(LocalSource):
    """Collections of JSONL documents, TSV queries and TREC qrels, one per language pair."""

    name: ClassVar[str] = "jsonl"
    summary: ClassVar[str] = "folders with JSONL documents, TSV queries and TREC qrels"
    Config: ClassVar[type[SourceConfig]] = JsonlConfig
    config: JsonlConfig

    def needs(self, pair: LanguagePair) -> list[str]:
        """Documents, queries and judgements."""
        return [self.fill(pattern, pair) for pattern in (self.config.documents, self.config.queries, self.config.qrels)]

    def build(self, pair: LanguagePair) -> TestCollection:
        """The collection; with `human` queries when the TSV has a third column."""
        documents, queries, qrels = self.needs(pair)
        set_id = f"{self.prefix}/{pair if '{query}' in self.config.documents else pair.document}"
        return TestCollection(
            id=self.entry_id(pair),
            pair=pair,
            documents=document_set(set_id, pair.document, self.expand(documents), "jsonl"),
            queries=read_translated_queries(self.expand(queries), pair),
            qrels=read_qrels(*self.expand(qrels)),
            licence=self.config.licence,
        )


def read_translated_queries(paths: Sequence[Path], pair: LanguagePair) -> dict[str, QuerySet]:
    """Read queries from TSV files without a header: `id TAB query`, optionally with a human translation as third.

    Args:
        paths: the files, read in this order.
        pair: languages of the queries and of the translations.

    Returns:
        The variant `original`, and `human` when there is a third column.

    Raises:
        DataError: a line has the wrong number of columns, or another number than the first line; names file and line.
    """
    rows: list[list[str]] = []
    for path, number, line in lines_of(paths):
        columns = line.split("\t")
        if len(columns) not in (2, 3):
            message = f"expected 2 or 3 columns (id, question, optional human translation), found {len(columns)}"
            raise DataError(message, path=path, line=number)
        refuse_header(columns, path, number)
        if rows and len(columns) != len(rows[0]):
            raise DataError(f"expected {len(rows[0])} columns as above, found {len(columns)}", path=path, line=number)
        rows.append(columns)
    sets = {ORIGINAL: QuerySet(pair.query, tuple(Query(row[0], row[1]) for row in rows))}
    if rows and len(rows[0]) == 3:
        sets[HUMAN] = QuerySet(pair.document, tuple(Query(row[0], row[2]) for row in rows))
    return sets
