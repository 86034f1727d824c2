"""mDPR: retrieval with one vector per text, by any bi-encoder, over FAISS.

The name is that of the multilingual DPR checkpoints that cross-lingual boards report (Zhang et al., 2021,
https://arxiv.org/abs/2108.08787); LaBSE, SimCSE, multilingual E5 and BGE-M3 are presets of the same system.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from clir_harness.harness.collections.base import Document, Query
from clir_harness.harness.errors import DataError
from clir_harness.harness.system import IndexContext, Ranking, SearchContext, Searcher, register_system
from clir_harness.harness.training import Bitext, TrainableSystem, TrainingContext
from clir_harness.systems.checkpoints.sources import model_folder, source_digest
from clir_harness.systems.dense.recipe import read_recipe, scoring_choices
from clir_harness.systems.dense.settings import DenseConfig, DenseTraining
from clir_harness.systems.training.settings import NEW

if TYPE_CHECKING:
    from clir_harness.systems.dense.encoder import TextEncoder
    from clir_harness.systems.dense.vectors import VectorIndex, Vectors

SORTED_AT_ONCE = 16
"""Batches of passages that are brought into the order of their lengths together, so that little is padded."""


@register_system("dense")
class DenseRetriever(TrainableSystem[DenseConfig]):
    """A bi-encoder with one vector a text, and a FAISS index."""

    aliases: ClassVar[tuple[str, ...]] = ("mdpr",)
    summary = "single-vector bi-encoder over FAISS: mDPR, LaBSE, SimCSE, multilingual E5, BGE-M3 or your own"
    Config = DenseConfig
    Training = DenseTraining
    model_field: ClassVar[str] = "encoder"
    languages = "those of the encoder"
    requires: ClassVar[tuple[str, ...]] = ("faiss-cpu", "tokenizers", "torch", "transformers")
    batch_size = 64

    def inputs(self) -> Mapping[str, str]:
        """Digests of the encoders' files."""
        sources = {"query encoder": self.config.query_source, "passage encoder": self.config.passage_source}
        return {role: source_digest(source) for role, source in sources.items()}

    def index_inputs(self, language: str) -> Mapping[str, str]:
        """The passages' encoder; another one for queries needs no new index."""
        return {"passage encoder": source_digest(self.config.passage_source)}

    def index_settings(self) -> Mapping[str, Any]:
        """What affects the passages' vectors and the index; queries may change without a new one."""
        config = self.config
        names = ["preset", "pooling", "normalise", "passage_prompt", "passage_length", "passages", "index"]
        if config.index == "hnsw":
            names += ["hnsw_m", "hnsw_ef_construction"]
        return {name: getattr(config, name) for name in names}

    def describe_index(self, language: str) -> Mapping[str, Any]:
        """Encoder, pooling, layers, normalisation, prompt, length and kind of index, as they came out."""
        folder = model_folder(self.config.passage_source)
        recipe = read_recipe(folder, scoring_choices(folder, self.config.choices))
        return {
            "encoder": Path(self.config.passage_source).name,
            "pooling": recipe.pooling,
            "normalise": recipe.normalise,
            "passage_prompt": recipe.passage_prompt,
            "passage_length": recipe.length("passage", self.config.passage_length),
            "layers": [layer.kind for layer in recipe.layers],
            "index": self.config.index,
        }

    def index(self, documents: Iterable[Document], folder: Path, context: IndexContext) -> None:
        """Encode documents in batches and index their vectors; a document without text is left out."""
        from clir_harness.systems.dense.vectors import Graph, build_index

        encoder = self._load(self.config.passage_source, context.threads)
        if self.config.passage_source != self.config.query_source:
            _require_same_dim(self._load(self.config.query_source, context.threads).dim, encoder.dim)
        config = self.config
        graph = Graph(config.hnsw_m, config.hnsw_ef_construction) if config.index == "hnsw" else None
        build_index(self._encoded(documents, encoder), encoder.dim, folder, graph=graph)

    def open(self, folder: Path, context: SearchContext) -> Searcher:
        """Load the query encoder and the index."""
        from clir_harness.systems.dense.vectors import VectorIndex

        ef_search = self.config.hnsw_ef_search if self.config.index == "hnsw" else None
        index = VectorIndex(folder, ef_search, context.threads)
        encoder = self._load(self.config.query_source, context.threads)
        _require_same_dim(encoder.dim, index.dim)
        return _VectorSearcher(encoder, index, self.batch_size)

    @classmethod
    def training_inputs(cls, settings: DenseTraining) -> Mapping[str, str]:
        """Digest of the encoder that training starts from."""
        return {"start": NEW if settings.source == NEW else source_digest(settings.source)}

    @classmethod
    def train(cls, bitext: Bitext, settings: DenseTraining, output: Path, context: TrainingContext) -> None:
        """Train with in-batch negatives on sentence pairs, either side of which is the query in turn."""
        from clir_harness.systems.dense.train import train_on_bitext

        train_on_bitext(bitext, settings, output, context)

    def _load(self, source: str, threads: int) -> TextEncoder:
        import torch

        from clir_harness.systems.checkpoints.devices import choose_device
        from clir_harness.systems.dense.encoder import TextEncoder

        torch.set_num_threads(threads)
        return TextEncoder.load(
            source,
            scoring_choices(model_folder(source), self.config.choices),
            query_length=self.config.query_length,
            passage_length=self.config.passage_length,
            device=choose_device(self.config.device),
        )

    def _encoded(self, documents: Iterable[Document], encoder: TextEncoder) -> Iterator[tuple[list[str], Vectors]]:
        passages = self._passages(documents, encoder)
        while batch := list(islice(passages, SORTED_AT_ONCE * self.config.passage_batch)):
            texts = [text for _, text in batch]
            yield (
                [name for name, _ in batch],
                encoder.encode(texts, "passage", batch_size=self.config.passage_batch),
            )

    def _passages(self, documents: Iterable[Document], encoder: TextEncoder) -> Iterator[tuple[str, str]]:
        for document in documents:
            if not document.contents.strip():
                continue
            pieces = encoder.split(document.contents) if self.config.passages == "maxp" else [document.contents]
            yield from ((document.id, piece) for piece in pieces)


class _VectorSearcher(Searcher):
    def __init__(self, encoder: TextEncoder, index: VectorIndex, batch_size: int) -> None:
        self._encoder, self._index, self._batch_size = encoder, index, batch_size

    def describe(self) -> Mapping[str, Any]:
        """Prompt and length of queries, as they came out."""
        return {"query_prompt": self._encoder.recipe.query_prompt, "query_length": self._encoder.lengths["query"]}

    def search(self, queries: Sequence[Query], depth: int) -> Sequence[Ranking]:
        worded = [number for number, query in enumerate(queries) if query.text.strip()]
        texts = [queries[number].text for number in worded]
        vectors = self._encoder.encode(texts, "query", batch_size=self._batch_size)
        found = dict(zip(worded, self._index.search(vectors, depth), strict=True))
        return [found.get(number, []) for number in range(len(queries))]


def _require_same_dim(query: int, passage: int) -> None:
    if query != passage:
        raise DataError(
            f"the query encoder gives vectors of {query} dimensions, the passage encoder of {passage}",
            hint="name two encoders that were trained together, or one for both",
        )
