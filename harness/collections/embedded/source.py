"""The embedded collection as a source: seven language pairs over one set of synthetic English documents."""

from __future__ import annotations

import functools
import hashlib
from functools import partial
from importlib import resources
from importlib.resources.abc import Traversable
from typing import ClassVar

from pydantic import Field, field_validator, model_validator

from clir_harness.harness.collections.base import (
    HUMAN,
    ORIGINAL,
    CollectionEntry,
    CollectionSource,
    DocumentSet,
    SourceConfig,
    TestCollection,
)
from clir_harness.harness.collections.embedded.documents import Generator, documents_per_topic
from clir_harness.harness.collections.embedded.lexicon import LANGUAGES
from clir_harness.harness.collections.embedded.topics import MAX_TOPICS, make_topics, word_queries
from clir_harness.harness.collections.embedded.world import Split
from clir_harness.harness.collections.files import Pairs
from clir_harness.harness.errors import UnknownNameError, UsageError
from clir_harness.harness.languages import LanguagePair, language_name

PAIRS = tuple(LanguagePair(language, "en") for language in LANGUAGES if language != "en")

_DEFAULT_TOPICS = 60
_TOPICS_PER_SIZE = 10


class EmbeddedConfig(SourceConfig):
    """Settings of the embedded collection."""

    size: int = Field(default=600, ge=200, le=5_000_000, description="number of documents, the same for all pairs")
    seed: int = Field(default=0, ge=0, lt=1 << 60, description="from 0; another seed gives other documents and topics")
    split: Split = Field(
        default="test", description="whose topics; the splits share no topic, and each has documents of its own"
    )
    topics: int | None = Field(
        default=None,
        ge=1,
        le=MAX_TOPICS,
        description="number of topics; if none, 60 or a tenth of the documents, whichever is less",
    )
    pairs: Pairs = Field(default=PAIRS, description="language pairs on offer")

    @field_validator("pairs")
    @classmethod
    def _pairs_exist(cls, pairs: tuple[LanguagePair, ...]) -> tuple[LanguagePair, ...]:
        for pair in pairs:
            if pair not in PAIRS:
                raise UnknownNameError("language pair of the embedded collection", str(pair), map(str, PAIRS))
        return pairs

    @model_validator(mode="after")
    def _topics_fit(self) -> EmbeddedConfig:
        if not documents_per_topic(self.size, self.topic_count):
            raise UsageError(
                f"{self.size} documents are too few for {self.topics} topics",
                hint=f"ask for at most {self.size // _TOPICS_PER_SIZE} topics, or more documents",
            )
        return self

    @property
    def topic_count(self) -> int:
        """The number of topics, when none was given too."""
        return min(_DEFAULT_TOPICS, self.size // _TOPICS_PER_SIZE) if self.topics is None else self.topics


class EmbeddedSource(CollectionSource):
    """Synthetic collections made on the spot: queries in seven languages, English documents, graded judgements."""

    name: ClassVar[str] = "embedded"
    summary: ClassVar[str] = "synthetic: generated English documents, queries in seven languages; no download"
    Config: ClassVar[type[SourceConfig]] = EmbeddedConfig
    config: EmbeddedConfig

    def entries(self) -> list[CollectionEntry]:
        """One collection for each pair, always there."""
        return [CollectionEntry(self._id(str(pair)), pair) for pair in self.config.pairs]

    def load(self, entry_id: str) -> TestCollection:
        """The collection; `human` queries are its topics in English, in words chosen independently.

        Raises:
            UnknownNameError: when there is no such entry with these settings.
        """
        pairs = {entry.id: entry.pair for entry in self.entries()}
        if entry_id not in pairs:
            raise UnknownNameError("collection", entry_id, pairs)
        pair, config = pairs[entry_id], self.config
        generator = Generator(config.size, config.seed, config.split, config.topic_count)
        topics = make_topics(config.seed, config.split, config.topic_count)
        return TestCollection(
            id=entry_id,
            pair=pair,
            documents=DocumentSet(
                self._id("en"),
                "en",
                partial(iter, generator),
                f"{generator!r}|{source_digest()}",
            ),
            queries={
                ORIGINAL: word_queries(topics, pair.query, config.seed, config.split),
                HUMAN: word_queries(topics, "en", config.seed, config.split),
            },
            qrels=generator.qrels(),
            licence="Apache-2.0",
            description=f"Synthetic: {language_name(pair.query)} queries and {config.size} English documents, "
            f"generated from authored lexicons and grammars ({config.split} topics)",
            synthetic=True,
        )

    def _id(self, languages: str) -> str:
        """The id under default settings, and each other setting after it."""
        default = EmbeddedConfig()
        config = self.config
        parts = [f"embedded/{languages}"]
        if config.split != default.split:
            parts.append(config.split)
        if config.size != default.size:
            parts.append(f"size-{config.size}")
        if config.topic_count != min(_DEFAULT_TOPICS, config.size // _TOPICS_PER_SIZE):
            parts.append(f"topics-{config.topic_count}")
        if config.seed != default.seed:
            parts.append(f"seed-{config.seed}")
        return "/".join(parts)


@functools.cache
def source_digest() -> str:
    """Digest of this package's code and data: when it changes, the generated texts may have changed."""
    digest = hashlib.blake2b(digest_size=16)
    for name, file in sorted(_files(resources.files(__package__), ""), key=lambda row: row[0]):
        digest.update(name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _files(folder: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _files(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith((".py", ".tsv")):
            found.append((prefix + entry.name, entry))
    return found
