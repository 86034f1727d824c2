"""Re-ranking: a first stage finds candidates, a cross-encoder reads each of them together with the query.

Nogueira and Cho (2019), "Passage Re-ranking with BERT". The cross-encoder is any Hugging Face sequence classifier
with one output, or with two of which the second is "relevant". Documents the first stage returns below the
re-ranking depth keep their order, after the re-ranked ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from harness.collections.base import Document, Query
from harness.system import (
    Component,
    IndexContext,
    Ranking,
    RetrievalSystem,
    SearchContext,
    Searcher,
    SystemConfig,
    register_system,
)
from systems.late_interaction.sources import source_digest

if TYPE_CHECKING:
    from systems.cross_encoder import CrossEncoder
    from systems.document_store import DocumentTexts


class RerankConfig(SystemConfig):
    """Settings of re-ranking."""

    encoder: str = Field(
        description="the cross-encoder: a folder or a model hub id", json_schema_extra={"identity": False}
    )
    first: Component = Field(
        Component(system="bm25"),
        description="the first stage: {system, settings}",
        json_schema_extra={"identity": False},
    )
    top: int = Field(100, ge=1, description="candidates that are re-ranked")
    length: int = Field(256, ge=16, description="tokens of query and document together; the longer side is cut")
    batch_size: int = Field(32, ge=1, description="pairs scored at once; does not change the result")
    device: str = Field("auto", description="auto, cpu, cuda ...", json_schema_extra={"identity": False})


@register_system("rerank")
class Rerank(RetrievalSystem[RerankConfig]):
    """A cross-encoder over the candidates of any system; its index holds the documents' texts."""

    summary = "a cross-encoder over the candidates of any first stage"
    Config = RerankConfig
    languages = "what its first stage takes"
    requires: ClassVar[tuple[str, ...]] = ("torch", "transformers")

    @cached_property
    def _first(self) -> RetrievalSystem[Any]:
        return self.config.first.configure()

    def components(self) -> Sequence[RetrievalSystem[Any]]:
        """The first stage."""
        return (self._first,)

    def inputs(self) -> Mapping[str, str]:
        """Digest of the cross-encoder's files."""
        return {"encoder": source_digest(self.config.encoder)}

    def index_settings(self) -> dict[str, Any]:
        """Nothing: the texts are the same for every cross-encoder."""
        return {}

    def index(self, documents: Iterable[Document], folder: Path, context: IndexContext) -> None:
        """Keep the documents' texts."""
        from systems.document_store import DocumentTexts

        DocumentTexts.write(documents, folder)

    def open(self, folder: Path, context: SearchContext) -> Searcher:
        """Load the cross-encoder and open the texts."""
        from systems.cross_encoder import CrossEncoder
        from systems.document_store import DocumentTexts

        encoder = CrossEncoder(self.config.encoder, self.config.length, self.config.batch_size, self.config.device)
        return _Reranker(context.components[0], encoder, DocumentTexts(folder), self.config.top)


class _Reranker(Searcher):
    def __init__(self, first: Searcher, encoder: CrossEncoder, texts: DocumentTexts, top: int) -> None:
        self._first, self._encoder, self._texts, self._top = first, encoder, texts, top

    def search(self, queries: Sequence[Query], depth: int) -> Sequence[Ranking]:
        return [self._answer(query, depth) for query in queries]

    def _answer(self, query: Query, depth: int) -> Ranking:
        (found,) = self._first.search([query], max(depth, self._top))
        candidates = sorted(found, key=lambda hit: (hit[1], hit[0]), reverse=True)
        head = [doc for doc, _ in candidates[: self._top]]
        scores = self._encoder.score(query.text, [self._texts[doc] for doc in head])
        ranked = sorted(zip(head, scores, strict=True), key=lambda hit: (hit[1], hit[0]), reverse=True)
        lowest = ranked[-1][1] if ranked else 0.0
        tail = [(doc, lowest - place) for place, (doc, _) in enumerate(candidates[self._top :], start=1)]
        return [*ranked, *tail][:depth]
