"""BM25 over machine translation: the queries are translated into the documents' language, or the documents into theirs.

The usual strong baseline where a translation model for the languages exists. Translations are kept in a cache of
the user, so that a second run translates nothing; how many came out empty, copied or in another language is part of the
record of a result.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, field_validator

from clir_harness.harness.collections.base import Document, Query
from clir_harness.harness.languages import LanguagePair, canonical_tag
from clir_harness.harness.system import IndexContext, Ranking, RetrievalSystem, SearchContext, Searcher, register_system
from clir_harness.harness.training import Bitext, TrainableSystem, TrainingContext
from clir_harness.systems.bm25 import BM25, BM25Config
from clir_harness.systems.checkpoints.sources import source_digest
from clir_harness.systems.nmt.checkpoint import languages_of
from clir_harness.systems.nmt.settings import NMTTraining, TranslatorSettings

if TYPE_CHECKING:
    from clir_harness.systems.nmt.translation import Translation

BATCH = 256
"""Documents translated at once."""
COUNTS = "translation.json"


class BM25NMTConfig(TranslatorSettings):
    """Settings of BM25 over machine translation."""

    documents_into: str | None = Field(
        None, description="language into which documents are translated; if none, queries are translated instead"
    )
    bm25: BM25Config = Field(BM25Config.model_validate({}), description="settings of BM25")

    @field_validator("documents_into")
    @classmethod
    def _known(cls, tag: str | None) -> str | None:
        return None if tag is None else canonical_tag(tag)


@register_system("bm25-nmt")
class BM25NMT(TrainableSystem[BM25NMTConfig]):
    """Translate, then search with BM25 in one language."""

    summary = "machine translation of queries (or documents), then BM25"
    Config = BM25NMTConfig
    Training = NMTTraining
    languages = "those its translation model takes; the documents' language itself untranslated"
    requires: ClassVar[tuple[str, ...]] = ("pyserini", "sentencepiece", "torch", "transformers")
    aliases: ClassVar[tuple[str, ...]] = ("nmt",)
    batch_size = 32

    @cached_property
    def _components(self) -> tuple[RetrievalSystem[Any], ...]:
        return () if self.config.documents_into else (BM25(self.config.bm25),)

    def components(self) -> Sequence[RetrievalSystem[Any]]:
        """BM25 over the documents as they are, when queries are translated: it shares its index with plain BM25."""
        return self._components

    def supports(self, pair: LanguagePair) -> str | None:
        """None for pairs that the model translates, as far as its files tell, and for pairs that need no translation.

        Raises:
            DataError: the model is not a translation model, or is damaged.
        """
        into = self.config.documents_into
        if into is None:
            needed = pair
        elif LanguagePair(pair.query, into).monolingual:
            needed = LanguagePair(pair.document, into)
        else:
            return f"documents are translated into {into}, queries are in {pair.query}"
        if needed.monolingual:
            return None
        return languages_of(self.config.model).refusal(needed.query, needed.document)

    def index_settings(self) -> Mapping[str, Any]:
        """Nothing when queries are translated: the index is BM25's."""
        if self.config.documents_into is None:
            return {}
        return self.config.model_dump(mode="json", exclude={"model", "batch", "device"})

    def inputs(self) -> Mapping[str, str]:
        """The digest of the translation model.

        Raises:
            UsageError: when the engine is not installed.
        """
        return {"model": source_digest(self.config.model), "engine": self.config.engine_version()}

    def index_inputs(self, language: str) -> Mapping[str, str]:
        """Those of the translated documents; none when queries are translated."""
        return self.inputs() if self.config.documents_into else {}

    def describe_index(self, language: str) -> Mapping[str, Any]:
        """What BM25 says of it, in the language it searches in."""
        return BM25(self.config.bm25).describe_index(self.config.documents_into or language)

    def index(self, documents: Iterable[Document], folder: Path, context: IndexContext) -> None:
        """Translate the documents into an index; when queries are translated, the component has the index."""
        into = self.config.documents_into
        if into is None:
            return
        translation = self._translation(LanguagePair(context.language, into), context.threads)
        own = folder / "bm25"
        own.mkdir()
        with translation:
            stream = _translated(documents, translation)
            BM25(self.config.bm25).index(stream, own, IndexContext(into, context.seed, context.threads))
        (folder / COUNTS).write_text(json.dumps(translation.counts()), encoding="utf-8")

    def open(self, folder: Path, context: SearchContext) -> Searcher:
        """Open the index, and the translation model once a query needs it."""
        into = self.config.documents_into
        if into is not None:
            own = SearchContext(LanguagePair(into, into), context.seed, context.threads)
            counts = json.loads((folder / COUNTS).read_text("utf-8"))
            return _TranslatedIndex(BM25(self.config.bm25).open(folder / "bm25", own), counts)
        (bm25,) = context.components
        return _TranslatedQueries(bm25, self._translation(context.pair, context.threads))

    @classmethod
    def train(cls, bitext: Bitext, settings: NMTTraining, output: Path, context: TrainingContext) -> None:
        """Train a Marian model; see `clir_harness.systems.nmt.train.train_on_bitext`."""
        from clir_harness.systems.nmt.train import train_on_bitext

        train_on_bitext(bitext, settings, output, context)

    def _translation(self, pair: LanguagePair, threads: int) -> Translation:
        from clir_harness.systems.nmt.translation import Translation

        return Translation(self.config, pair, threads)


def _translated(documents: Iterable[Document], translation: Translation) -> Iterator[Document]:
    stream = iter(documents)
    while batch := list(islice(stream, BATCH)):
        texts = translation.translate([document.contents for document in batch])
        yield from (Document(document.id, text) for document, text in zip(batch, texts, strict=True))


class _TranslatedQueries(Searcher):
    """Translates queries; the opened component answers them."""

    def __init__(self, bm25: Searcher, translation: Translation) -> None:
        self._bm25, self._translation = bm25, translation

    def search(self, queries: Sequence[Query], depth: int) -> Sequence[Ranking]:
        texts = self._translation.translate([query.text for query in queries])
        return self._bm25.search([Query(query.id, text) for query, text in zip(queries, texts, strict=True)], depth)

    def describe(self) -> Mapping[str, Any]:
        return {"translation": self._translation.counts()}

    def close(self) -> None:
        self._translation.close()


class _TranslatedIndex(Searcher):
    """BM25 over translated documents."""

    def __init__(self, bm25: Searcher, counts: Mapping[str, Any]) -> None:
        self._bm25, self._counts = bm25, counts

    def search(self, queries: Sequence[Query], depth: int) -> Sequence[Ranking]:
        return self._bm25.search(queries, depth)

    def describe(self) -> Mapping[str, Any]:
        return {"translation": self._counts}

    def close(self) -> None:
        self._bm25.close()
