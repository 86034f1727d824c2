"""Reciprocal-rank fusion of any systems: documents that several of them rank high come first.

Cormack, Clarke and Büttcher (SIGIR 2009), "Reciprocal rank fusion outperforms Condorcet and individual rank learning
methods": score(d) = sum over systems of weight / (k + rank of d), rank from 1, k = 60. No scores are compared, so
systems of any kind mix; a document that a system does not return gets nothing from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from clir_harness.harness.collections.base import Document, Query
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


class RRFConfig(SystemConfig):
    """Settings of reciprocal-rank fusion."""

    systems: list[Component] = Field(
        [Component(system="bm25"), Component(system="bm25", settings={"backend": "bm25s"})],
        min_length=2,
        description="what is fused: a list of {system, settings}",
        json_schema_extra={"identity": False},
    )
    weights: list[float] | None = Field(None, description="one a system; all 1 when left out")
    k: float = Field(60, gt=0, description="the larger, the smaller the weight of the first ranks")
    pool: int = Field(1000, ge=1, description="documents taken from each system, or the depth asked for if more")

    @model_validator(mode="after")
    def _weights_match(self) -> RRFConfig:
        if self.weights is not None and len(self.weights) != len(self.systems):
            raise ValueError(f"{len(self.weights)} weights for {len(self.systems)} systems; give each system one")
        return self


@register_system("rrf")
class RRF(RetrievalSystem[RRFConfig]):
    """Reciprocal-rank fusion; has no index of its own."""

    summary = "reciprocal-rank fusion of any systems"
    Config = RRFConfig
    languages = "what all of its systems take"
    batch_size = 32

    @cached_property
    def _parts(self) -> tuple[RetrievalSystem[Any], ...]:
        return tuple(component.configure() for component in self.config.systems)

    def components(self) -> Sequence[RetrievalSystem[Any]]:
        """The fused systems."""
        return self._parts

    def index_settings(self) -> dict[str, Any]:
        """Nothing: there is no index."""
        return {}

    def index(self, documents: Iterable[Document], folder: Path, context: IndexContext) -> None:
        """Does nothing: each component has its own index."""

    def open(self, folder: Path, context: SearchContext) -> Searcher:
        """Fuse the opened components."""
        batches = [part.batch_size for part in self._parts]
        weights = self.config.weights or [1.0] * len(batches)
        return _FusedSearcher(list(zip(context.components, batches, weights, strict=True)), self.config)


class _FusedSearcher(Searcher):
    def __init__(self, parts: list[tuple[Searcher, int, float]], config: RRFConfig) -> None:
        self._parts = parts
        self._config = config

    def describe(self) -> Mapping[str, Any]:
        return {name: value for searcher, _, _ in self._parts for name, value in searcher.describe().items()}

    def search(self, queries: Sequence[Query], depth: int) -> Sequence[Ranking]:
        pool = max(depth, self._config.pool)
        fused: list[dict[str, float]] = [{} for _ in queries]
        for searcher, batch_size, weight in self._parts:
            for start in range(0, len(queries), batch_size):
                for i, ranking in enumerate(searcher.search(queries[start : start + batch_size], pool), start):
                    for rank, (doc, _) in enumerate(_canonical(ranking), start=1):
                        fused[i][doc] = fused[i].get(doc, 0.0) + weight / (self._config.k + rank)
        return [_canonical(scores.items())[:depth] for scores in fused]


def _canonical(ranking: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    """By score, then by id, both descending: the order runs are written in, so that ties are broken in the same way."""
    return sorted(ranking, key=lambda found: (found[1], found[0]), reverse=True)
