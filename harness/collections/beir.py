"""BEIR layout: `corpus.jsonl`, `queries.jsonl`, `qrels/SPLIT.tsv`."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from clir_harness.harness.collections.base import HUMAN, ORIGINAL, Query, QuerySet, SourceConfig, TestCollection
from clir_harness.harness.collections.documents import document_set
from clir_harness.harness.collections.files import LocalConfig, LocalSource, id_of, json_lines, text_of
from clir_harness.harness.collections.qrels import judge
from clir_harness.harness.errors import DataError
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.textio import lines_of


class BeirConfig(LocalConfig):
    """Settings of a BEIR folder. File names may hold `{query}`, `{document}` and `{split}`."""

    split: str = Field(default="test", description="which judgements: `qrels/SPLIT.tsv`")
    corpus: str = Field(default="corpus.jsonl", description="file of documents, JSON lines")
    queries: str = Field(
        default="queries.jsonl",
        description="file of queries, JSON lines; those that the split does not judge are left out, as BEIR does",
    )
    human_queries: str | None = Field(
        default=None, description="file of the same queries worded by people in the documents' language"
    )
    qrels: str = Field(default="qrels/{split}.tsv", description="file of judgements, TSV with a header")


class BeirSource(LocalSource):
    """Collections in BEIR layout, one per language pair."""

    name: ClassVar[str] = "beir"
    summary: ClassVar[str] = "folders in BEIR layout (corpus.jsonl, queries.jsonl, qrels/test.tsv)"
    Config: ClassVar[type[SourceConfig]] = BeirConfig
    config: BeirConfig

    def needs(self, pair: LanguagePair) -> list[str]:
        """Corpus, queries and judgements."""
        config = self.config
        patterns = (config.corpus, config.queries, config.human_queries, config.qrels)
        return [self.fill(pattern, pair, split=config.split) for pattern in patterns if pattern]

    def build(self, pair: LanguagePair) -> TestCollection:
        """The collection; with `human` queries when the settings name a file of them."""
        config = self.config
        qrels = read_beir_qrels(*self.expand(self.fill(config.qrels, pair, split=config.split)))
        variants = {ORIGINAL: (config.queries, pair.query)}
        if config.human_queries:
            variants[HUMAN] = (config.human_queries, pair.document)
        sets = {}
        for name, (pattern, language) in variants.items():
            queries = read_beir_queries(*self.expand(self.fill(pattern, pair, split=config.split)))
            sets[name] = QuerySet(language, tuple(query for query in queries if query.id in qrels))
        corpus = self.fill(config.corpus, pair, split=config.split)
        set_id = f"{self.prefix}/{pair if '{query}' in config.corpus else pair.document}"
        return TestCollection(
            id=self.entry_id(pair),
            pair=pair,
            documents=document_set(set_id, pair.document, self.expand(corpus), "jsonl"),
            queries=sets,
            qrels=qrels,
            licence=config.licence,
        )


def read_beir_queries(*paths: Path) -> list[Query]:
    """Queries as JSON lines with `_id` and `text`.

    Raises:
        DataError: with file and line.
    """
    return [
        Query(id_of(record, ("_id", "id"), path, line), text_of(record, ("text",), path, line))
        for path in paths
        for line, record in json_lines(path)
    ]


def read_beir_qrels(*paths: Path) -> dict[str, dict[str, int]]:
    """Judgements as `query-id TAB corpus-id TAB score`; a first line whose score is a word is the header.

    Raises:
        DataError: with file and line, when a line does not have that form or a document is judged twice.
    """
    qrels: dict[str, dict[str, int]] = {}
    for path, number, line in lines_of(paths):
        columns = line.split("\t")
        if len(columns) != 3:
            message = f"expected 3 columns (query-id, corpus-id, score), found {len(columns)}"
            raise DataError(message, path=path, line=number)
        query, document, score = columns
        if number > 1 or not score.strip().isalpha():
            judge(qrels, query, document, score.strip(), path, number)
    return qrels
