"""Late interaction as a retrieval system: passages indexed token by token, scored with exact MaxSim.

Across languages there are two encoders with one vector space: the teacher, for the pivot language, and the student,
for all others. A text's encoder is chosen by its language, so the same system takes foreign queries over documents in
the pivot language, the other direction, and foreign queries over foreign documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from clir_harness.harness.collections.base import Document
from clir_harness.harness.languages import AmbiguousLanguageError, LanguagePair, language_name
from clir_harness.harness.system import IndexContext, RetrievalSystem, SearchContext, Searcher, register_system
from clir_harness.harness.training import Bitext, TrainableSystem, TrainingContext
from clir_harness.systems.checkpoints.sources import source_digest
from clir_harness.systems.late_interaction.config import LateInteractionConfig, language_folders
from clir_harness.systems.late_interaction.documents import TokenVectorIndex
from clir_harness.systems.late_interaction.train_settings import ColBERTTraining
from clir_harness.systems.training.settings import NEW

ConfigT = TypeVar("ConfigT", bound=LateInteractionConfig)


class LateInteraction(RetrievalSystem[ConfigT]):
    """Base of systems that score with MaxSim over token vectors; their indexes are their component's."""

    Config: ClassVar[type[LateInteractionConfig]] = LateInteractionConfig
    languages = "the pivot language; any, with a student"
    requires: ClassVar[tuple[str, ...]] = ("torch", "transformers")
    batch_size = 32

    @cached_property
    def _components(self) -> tuple[TokenVectorIndex, ...]:
        fields = LateInteractionConfig.model_fields
        return (TokenVectorIndex(LateInteractionConfig(**{name: getattr(self.config, name) for name in fields})),)

    def components(self) -> Sequence[RetrievalSystem[Any]]:
        """The documents' token vectors: no query language changes them, so all systems with a teacher share them."""
        return self._components

    def encoder_for(self, language: str) -> str | None:
        """Folder or hub id of the encoder for texts of a language, None when there is none."""
        return self.config.encoder_for(language)

    def supports(self, pair: LanguagePair) -> str | None:
        """Without a student, the pivot language only."""
        for side, language in (("queries", pair.query), ("documents", pair.document)):
            try:
                found = self.encoder_for(language)
            except AmbiguousLanguageError as error:
                return f"no one encoder for {side}: {error.message}"
            if found is None:
                why = f"without a student, only {language_name(self.config.pivot)} is encoded"
                if self.config.student is not None:
                    students = (folder.name for folder in language_folders(self.config.student))
                    why = f"there are students for {', '.join(students)}"
                return f"no encoder for {side} in {language_name(language)}: {why}"
        return None

    def inputs(self) -> Mapping[str, str]:
        """Digests of the encoders' files; those of a student for each language by its tag."""
        named = {"encoder": self.config.encoder}
        if (student := self.config.student) is not None:
            own = {tag.name: str(tag) for tag in language_folders(student)}
            named |= own or {"student": student}
        return {name: source_digest(source) for name, source in named.items()}

    def index_settings(self) -> Mapping[str, Any]:
        """Nothing: the index is the component's."""
        return {}

    def describe_index(self, language: str) -> Mapping[str, Any]:
        """The encoder of the documents, and how these are split."""
        return self._components[0].describe_index(language)

    def index(self, documents: Iterable[Document], folder: Path, context: IndexContext) -> None:
        """Does nothing: the component has the index."""

    def open(self, folder: Path, context: SearchContext) -> Searcher:
        """The opened component."""
        return context.components[0]


@register_system("colbert")
class ColBERT(LateInteraction[LateInteractionConfig], TrainableSystem[LateInteractionConfig]):
    """MaxSim over the token vectors of any encoder (Khattab & Zaharia 2020)."""

    summary = "Late interaction over token vectors (ColBERT); on human queries, the ceiling of what is distilled"
    Training = ColBERTTraining
    model_field: ClassVar[str] = "encoder"

    @classmethod
    def training_inputs(cls, settings: ColBERTTraining) -> Mapping[str, str]:
        """Digest of the encoder that training starts from."""
        return {"start": NEW if settings.start == NEW else source_digest(settings.start)}

    @classmethod
    def train(cls, bitext: Bitext, settings: ColBERTTraining, output: Path, context: TrainingContext) -> None:
        """Train an encoder on lines `query TAB relevant passage`; see `clir_harness.systems.late_interaction.train`."""
        from clir_harness.systems.late_interaction.train import train_on_files

        train_on_files(bitext, settings, output, context)
