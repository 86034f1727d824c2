"""The part of late interaction that indexes documents. All systems with one encoder for the documents share it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from clir_harness.harness.collections.base import Document, Query
from clir_harness.harness.errors import DataError
from clir_harness.harness.system import IndexContext, Ranking, RetrievalSystem, SearchContext, Searcher
from clir_harness.systems.checkpoints.sources import source_digest
from clir_harness.systems.late_interaction.config import LateInteractionConfig

if TYPE_CHECKING:
    from clir_harness.systems.late_interaction.encoder import TokenEncoder
    from clir_harness.systems.late_interaction.token_index import TokenIndex


class TokenVectorIndex(RetrievalSystem[LateInteractionConfig]):
    """Documents' passages as token vectors, by the encoder for their language, scored with exact MaxSim."""

    name = "token-vectors"
    summary = "token vectors of late interaction"
    Config = LateInteractionConfig
    requires: ClassVar[tuple[str, ...]] = ("torch", "transformers")

    def index_inputs(self, language: str) -> Mapping[str, str]:
        """The encoder of the documents: a new student for the queries needs no new index."""
        source = self.config.encoder_for(language)
        return {} if source is None else {"encoder": source_digest(source)}

    def index_settings(self) -> Mapping[str, Any]:
        """How documents are split; not what affects speed or memory only."""
        return {"passage_length": self.config.passage_length, "stride": self.config.stride}

    def describe_index(self, language: str) -> Mapping[str, Any]:
        """The encoder of the documents, and how these are split."""
        encoder = self.config.encoder_for(language)
        return {"encoder": encoder and Path(encoder).name, **self.index_settings()}

    def index(self, documents: Iterable[Document], folder: Path, context: IndexContext) -> None:
        """Encode the documents once, for queries of all languages."""
        from clir_harness.systems.late_interaction.token_index import write_index

        config = self.config
        encoder = config.load(context.language, context.threads, config.passage_length)
        write_index(documents, encoder, folder, stride=config.stride, batch_size=config.encode_batch)

    def open(self, folder: Path, context: SearchContext) -> MaxSimSearcher:
        """Open the index with the encoder for the queries' language.

        Raises:
            DataError: when that encoder's vectors have other dimensions than the index.
        """
        from clir_harness.systems.late_interaction.token_index import TokenIndex

        encoder = self.config.load(context.pair.query, context.threads)
        index = TokenIndex(folder, memory=self.config.index_memory, device=encoder.device)
        if encoder.dim != index.dim:
            raise DataError(
                f"encoder {self.config.encoder_for(context.pair.query)} gives vectors of {encoder.dim} dimensions, "
                f"the documents have {index.dim}",
                hint="take a student that was distilled from this teacher",
            )
        source = self.config.encoder_for(context.pair.query)
        return MaxSimSearcher(encoder, index, source and Path(source).name)


class MaxSimSearcher(Searcher):
    """Queries encoded and searched for in an opened index.

    Args:
        encoder: of the queries.
        index: the opened index.
        name: of the encoder, for the record: which student, where there is one a language.
    """

    def __init__(self, encoder: TokenEncoder, index: TokenIndex, name: str | None = None) -> None:
        self._encoder, self._index, self._name = encoder, index, name

    def describe(self) -> Mapping[str, Any]:
        """The encoder of the queries."""
        return {"query_encoder": self._name} if self._name else {}

    def search(self, queries: Sequence[Query], depth: int) -> Sequence[Ranking]:
        """A query of white space only finds nothing."""
        asked = [number for number, query in enumerate(queries) if query.text.strip()]
        vectors = self._encoder.encode([queries[number].text for number in asked], "query", batch_size=len(queries))
        rankings: list[Ranking] = [[] for _ in queries]
        for number, ranking in zip(asked, self._index.search(vectors, depth), strict=True):
            rankings[number] = ranking
        return rankings

    def score(self, query: Query, ids: Sequence[str]) -> list[float]:
        """Scores of some documents for a query; a text without a token scores least of all that can be.

        Args:
            query: to score the documents for.
            ids: of documents in the index.

        Returns:
            Scores in the order of the ids.
        """
        if not query.text.strip():
            return [0.0] * len(ids)
        (vectors,) = self._encoder.encode([query.text], "query")
        return self._index.score(vectors, ids)
