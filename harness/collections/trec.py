"""TREC layout: documents, topics and qrels of TREC, CLEF, HC4 and others in the same formats."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from clir_harness.harness.collections.base import HUMAN, ORIGINAL, SourceConfig, TestCollection
from clir_harness.harness.collections.documents import LEFT_OUT_TAGS, DocumentFormat, document_set
from clir_harness.harness.collections.files import LocalConfig, LocalSource
from clir_harness.harness.collections.qrels import read_qrels
from clir_harness.harness.collections.topics import Topic, TopicField, TopicFormat, query_sets, read_topics
from clir_harness.harness.languages import LanguagePair


class TrecConfig(LocalConfig):
    """Settings of a TREC collection. File names may hold `{query}` and `{document}`."""

    documents: str = Field(description="file, folder or glob of documents")
    documents_format: DocumentFormat | None = Field(default=None, description="by the file names if none")
    left_out: tuple[str, ...] = Field(
        default=tuple(LEFT_OUT_TAGS),
        description="SGML elements of documents that are not read: ids, dates; all others are text",
    )
    topics: str = Field(
        description="topics in the query language; a CLEF file with tags such as `<EN-title>` may hold several"
    )
    topics_format: TopicFormat | None = Field(default=None, description="by the file name if none")
    human_topics: str | None = Field(
        default=None, description="the same topics worded by people in the documents' language"
    )
    qrels: str = Field(description="file of TREC judgements")
    original: TopicField = Field(default="title", description="field that the query variant `original` is made of")


class TrecSource(LocalSource):
    """Collections in TREC layout, one per language pair."""

    name: ClassVar[str] = "trec"
    summary: ClassVar[str] = "folders with TREC documents (SGML, JSONL, TSV), topics and qrels"
    Config: ClassVar[type[SourceConfig]] = TrecConfig
    config: TrecConfig

    def needs(self, pair: LanguagePair) -> list[str]:
        """Documents, topics and qrels."""
        config = self.config
        patterns = (config.documents, config.topics, config.human_topics, config.qrels)
        return [self.fill(pattern, pair) for pattern in patterns if pattern]

    def build(self, pair: LanguagePair) -> TestCollection:
        """The collection, with a variant per topic field and wording."""
        config = self.config
        documents = self.fill(config.documents, pair)
        set_id = f"{self.prefix}/{pair if '{query}' in config.documents else pair.document}"
        topics = self.expand(self.fill(config.topics, pair))
        read = read_topics(topics, config.topics_format, pair, self.code(pair.query))
        wordings: dict[str, tuple[str, list[Topic]]] = {ORIGINAL: (pair.query, [])}
        wordings |= {name: (pair.query if name == ORIGINAL else pair.document, topics) for name, topics in read.items()}
        if config.human_topics:
            paths = self.expand(self.fill(config.human_topics, pair))
            within = LanguagePair(pair.document, pair.document)
            human = read_topics(paths, config.topics_format, within, self.code(pair.document))
            wordings[HUMAN] = (pair.document, human.get(ORIGINAL, []))
        return TestCollection(
            id=self.entry_id(pair),
            pair=pair,
            documents=document_set(
                set_id, pair.document, self.expand(documents), config.documents_format, config.left_out
            ),
            queries=query_sets(wordings, config.original),
            qrels=read_qrels(*self.expand(self.fill(config.qrels, pair))),
            licence=config.licence,
        )
