"""Late interaction as a retrieval system: passages indexed token by token, scored with exact MaxSim.

Across languages there are two encoders with one vector space: the teacher, for the pivot language, and the student,
for all others. A text's encoder is chosen by its language, so the same system takes foreign queries over documents in
the pivot language, the other direction, and foreign queries over foreign documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pydantic import Field, field_validator

from harness.collections.base import Document, Query
from harness.errors import DataError, UsageError
from harness.languages import LanguagePair, canonical_tag, language_name
from harness.system import (
    IndexContext,
    Ranking,
    RetrievalSystem,
    SearchContext,
    Searcher,
    SystemConfig,
    register_system,
)
from systems.late_interaction.settings import EncoderSettings
from systems.late_interaction.sources import source_digest

if TYPE_CHECKING:
    from systems.late_interaction.encoder import TokenEncoder
    from systems.late_interaction.token_index import TokenIndex


class LateInteractionConfig(SystemConfig):
    """Settings of late interaction."""

    encoder: str = Field(
        description="encoder of texts in the pivot language: a folder or a model hub id",
        json_schema_extra={"identity": False},
    )
    student: str | None = Field(
        default=None,
        description="encoder of texts in other languages, in the same space",
        json_schema_extra={"identity": False},
    )
    pivot: str = Field(default="en", description="language of the encoder")
    passage_length: int | None = Field(default=None, ge=3, description="tokens a passage; the encoder's length if none")
    stride: int = Field(default=0, ge=0, description="tokens that a passage shares with the one before")
    encode_batch: int = Field(default=32, ge=1, description="passages encoded at once")
    index_memory: int = Field(default=4 * 2**30, ge=0, description="bytes of index kept in memory; else read from disk")
    device: str = Field(default="auto", description="auto (a GPU if there is one), cpu, cuda, cuda:1 ...")

    @field_validator("pivot")
    @classmethod
    def _known(cls, tag: str) -> str:
        return canonical_tag(tag)


ConfigT = TypeVar("ConfigT", bound=LateInteractionConfig)


class LateInteraction(RetrievalSystem[ConfigT]):
    """Base of systems that score with MaxSim over a token index; a subclass may get its encoders elsewhere."""

    Config = LateInteractionConfig
    languages = "the pivot language; any, with a student"
    requires: ClassVar[tuple[str, ...]] = ("torch", "transformers")
    batch_size = 32

    def encoder_for(self, language: str) -> str | None:
        """Folder or hub id of the encoder for texts of a language, None when there is none."""
        pivot = self.config.pivot
        if language == pivot or language.startswith(f"{pivot}-"):
            return self.config.encoder
        return self.config.student

    def supports(self, pair: LanguagePair) -> str | None:
        """Without a student, the pivot language only."""
        for side, language in (("queries", pair.query), ("documents", pair.document)):
            if self.encoder_for(language) is None:
                return (
                    f"no encoder for {side} in {language_name(language)}: "
                    f"without a student, only {language_name(self.config.pivot)} is encoded"
                )
        return None

    def inputs(self) -> Mapping[str, str]:
        """Digests of the encoders' files."""
        named = {"encoder": self.config.encoder, "student": self.config.student}
        return {name: source_digest(source) for name, source in named.items() if source is not None}

    def index_inputs(self, language: str) -> Mapping[str, str]:
        """The encoder of the documents: a new student for the queries needs no new index."""
        source = self.encoder_for(language)
        return {} if source is None else {"encoder": source_digest(source)}

    def index_settings(self) -> Mapping[str, Any]:
        """How documents are split; not what bears on speed or memory only."""
        return {"passage_length": self.config.passage_length, "stride": self.config.stride}

    def describe_index(self, language: str) -> Mapping[str, Any]:
        """The encoder of the documents, and how these are split."""
        splitting = {"passage_length": self.config.passage_length, "stride": self.config.stride}
        return {"encoder": self.encoder_for(language), **splitting}

    def index(self, documents: Iterable[Document], folder: Path, context: IndexContext) -> None:
        """Encode the documents once, for queries of all languages."""
        from systems.late_interaction.token_index import write_index

        encoder = self._load(context.language, context.threads, self.config.passage_length)
        write_index(documents, encoder, folder, stride=self.config.stride, batch_size=self.config.encode_batch)

    def open(self, folder: Path, context: SearchContext) -> Searcher:
        """Open the index with the encoder for the queries' language.

        Raises:
            DataError: when that encoder's vectors have other dimensions than the index.
        """
        from systems.late_interaction.token_index import TokenIndex

        encoder = self._load(context.pair.query, context.threads)
        index = TokenIndex(folder, memory=self.config.index_memory, device=encoder.device)
        if encoder.dim != index.dim:
            raise DataError(
                f"encoder {self.encoder_for(context.pair.query)} gives vectors of {encoder.dim} dimensions, "
                f"the documents have {index.dim}",
                hint="take a student that was distilled from this teacher",
            )
        return _MaxSimSearcher(encoder, index)

    def _load(self, language: str, threads: int, passage_length: int | None = None) -> TokenEncoder:
        import torch

        from systems.late_interaction.encoder import TokenEncoder

        source = self.encoder_for(language)
        if source is None:
            raise UsageError(f"no encoder for texts in {language_name(language)}", hint="set `student`")
        torch.set_num_threads(threads)
        encoder = TokenEncoder.load(source, device=_device(self.config.device))
        if passage_length is None:
            return encoder
        settings = EncoderSettings(**{**encoder.settings.model_dump(), "document_length": passage_length})
        shorter: TokenEncoder = TokenEncoder(encoder.body, encoder.projection, encoder.tokenizer, settings).eval()
        return shorter


@register_system("colbert")
class ColBERT(LateInteraction[LateInteractionConfig]):
    """MaxSim over the token vectors of any encoder (Khattab & Zaharia 2020)."""

    summary = "Late interaction over token vectors (ColBERT); on human queries, the ceiling of what is distilled"


class _MaxSimSearcher(Searcher):
    def __init__(self, encoder: TokenEncoder, index: TokenIndex) -> None:
        self._encoder, self._index = encoder, index

    def search(self, queries: Sequence[Query], depth: int) -> Sequence[Ranking]:
        """A query of white space only finds nothing."""
        asked = [number for number, query in enumerate(queries) if query.text.strip()]
        vectors = self._encoder.encode([queries[number].text for number in asked], "query", batch_size=len(queries))
        rankings: list[Ranking] = [[] for _ in queries]
        for number, ranking in zip(asked, self._index.search(vectors, depth), strict=True):
            rankings[number] = ranking
        return rankings


def _device(name: str) -> str:
    """The device of a setting.

    Raises:
        UsageError: when there is no such device here.
    """
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:  # torch asserts that it was built for CUDA
        reason = str(error).splitlines()[0]
        raise UsageError(f"there is no device '{name}' here: {reason}", hint="set device to auto or cpu") from None
    return name
