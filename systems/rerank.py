"""Re-ranking: a first stage finds candidates, a slower and better model puts them in order.

Either a cross-encoder reads each candidate together with the query (Nogueira and Cho 2019, "Passage Re-ranking with
BERT"): any Hugging Face sequence classifier with one output, or with two of which the second is "relevant". Or exact
late interaction scores the candidates' token vectors, which are indexed once and shared with `colbert` and `optical`.
Documents the first stage returns below the re-ranking depth keep their order, after the re-ranked ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, model_validator

from clir_harness.harness.collections.base import Document, Query
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.system import (
    Component,
    IndexContext,
    Ranking,
    RetrievalSystem,
    SearchContext,
    Searcher,
    SystemConfig,
    register_system,
)
from clir_harness.systems.checkpoints.sources import source_digest
from clir_harness.systems.late_interaction.config import LateInteractionConfig
from clir_harness.systems.late_interaction.documents import MaxSimSearcher, TokenVectorIndex
from clir_harness.systems.late_interaction.system import ColBERT


class RerankConfig(SystemConfig):
    """Settings of re-ranking."""

    encoder: str | None = Field(
        None, description="the cross-encoder: a folder or a model hub id", json_schema_extra={"identity": False}
    )
    late_interaction: LateInteractionConfig | None = Field(
        None,
        description="in its place, exact MaxSim with the settings of `colbert`, e.g. {encoder: DIR, student: DIR}",
        json_schema_extra={"identity": False},
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

    @model_validator(mode="after")
    def _one_model(self) -> RerankConfig:
        if (self.encoder is None) == (self.late_interaction is None):
            raise ValueError("give either `encoder`, a cross-encoder, or `late_interaction`")
        return self


@register_system("rerank")
class Rerank(RetrievalSystem[RerankConfig]):
    """A cross-encoder, or exact late interaction, over the candidates of any system."""

    summary = "a cross-encoder or exact late interaction over the candidates of any first stage"
    Config = RerankConfig
    languages = "what its first stage takes"
    requires: ClassVar[tuple[str, ...]] = ("torch", "transformers")

    @cached_property
    def _parts(self) -> tuple[RetrievalSystem[Any], ...]:
        first = self.config.first.configure()
        if self.config.late_interaction is None:
            return (first,)
        return (first, TokenVectorIndex(self.config.late_interaction))

    def components(self) -> Sequence[RetrievalSystem[Any]]:
        """The first stage; and the documents' token vectors, for late interaction."""
        return self._parts

    def supports(self, pair: LanguagePair) -> str | None:
        """What the first stage takes, where there are encoders for both languages."""
        refusal = super().supports(pair)
        config = self.config.late_interaction
        return ColBERT(config).supports(pair) if refusal is None and config is not None else refusal

    def inputs(self) -> Mapping[str, str]:
        """Digests of the encoders' files, and how late interaction splits documents."""
        config = self.config.late_interaction
        if config is None:
            assert self.config.encoder is not None
            return {"encoder": source_digest(self.config.encoder)}
        digests = ColBERT(config).inputs()
        return {**digests, "passages": f"{config.passage_length} stride {config.stride}"}

    def index_settings(self) -> dict[str, Any]:
        """Whether texts are kept: they are the same for every cross-encoder."""
        return {"texts": self.config.late_interaction is None}

    def index(self, documents: Iterable[Document], folder: Path, context: IndexContext) -> None:
        """Keep the documents' texts for a cross-encoder; token vectors are the component's."""
        from clir_harness.systems.document_store import DocumentTexts

        if self.config.late_interaction is None:
            DocumentTexts.write(documents, folder)

    def open(self, folder: Path, context: SearchContext) -> Searcher:
        """Load the cross-encoder and open the texts, or take the opened token vectors."""
        from clir_harness.systems.cross_encoder import CrossEncoder
        from clir_harness.systems.document_store import DocumentTexts

        first, *others = context.components
        if others:
            (vectors,) = others
            assert isinstance(vectors, MaxSimSearcher)
            return _Reranker(first, vectors.score, self.config.top)
        assert self.config.encoder is not None
        encoder = CrossEncoder(self.config.encoder, self.config.length, self.config.batch_size, self.config.device)
        texts = DocumentTexts(folder)

        def score(query: Query, ids: Sequence[str]) -> Sequence[float]:
            return encoder.score(query.text, [texts[doc] for doc in ids])

        return _Reranker(first, score, self.config.top)


class _Reranker(Searcher):
    def __init__(self, first: Searcher, score: Callable[[Query, Sequence[str]], Sequence[float]], top: int) -> None:
        self._first, self._score, self._top = first, score, top

    def describe(self) -> Mapping[str, Any]:
        return self._first.describe()

    def search(self, queries: Sequence[Query], depth: int) -> Sequence[Ranking]:
        return [self._answer(query, depth) for query in queries]

    def _answer(self, query: Query, depth: int) -> Ranking:
        (found,) = self._first.search([query], max(depth, self._top))
        candidates = sorted(found, key=lambda hit: (hit[1], hit[0]), reverse=True)
        head = [doc for doc, _ in candidates[: self._top]]
        scores = self._score(query, head)
        ranked = sorted(zip(head, scores, strict=True), key=lambda hit: (hit[1], hit[0]), reverse=True)
        lowest = ranked[-1][1] if ranked else 0.0
        tail = [(doc, lowest - place) for place, (doc, _) in enumerate(candidates[self._top :], start=1)]
        return [*ranked, *tail][:depth]
