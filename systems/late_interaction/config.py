"""Settings of late interaction as a system, and its encoders, chosen by the language of the text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, field_validator

from clir_harness.harness.errors import UsageError
from clir_harness.harness.languages import canonical_tag, language_name, resolve
from clir_harness.harness.system import SystemConfig

if TYPE_CHECKING:
    from clir_harness.systems.late_interaction.encoder import TokenEncoder


class LateInteractionConfig(SystemConfig):
    """Settings of late interaction."""

    encoder: str = Field(
        description="encoder of texts in the pivot language: a folder or a model hub id",
        json_schema_extra={"identity": False},
    )
    student: str | None = Field(
        default=None,
        description="encoder of texts in other languages, in the same space; or a folder with one for each, by tag",
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

    def encoder_for(self, language: str) -> str | None:
        """Folder or hub id of the encoder for texts of a language, None when there is none.

        Raises:
            AmbiguousLanguageError: several students are as near to the language; see `languages.resolve`.
        """
        if resolve(language, [self.pivot]):
            return self.encoder
        if self.student is not None and (folders := language_folders(self.student)):
            own = {folder.name: str(folder) for folder in folders}
            return own.get(resolve(language, own) or "")
        return self.student

    def load(self, language: str, threads: int, passage_length: int | None = None) -> TokenEncoder:
        """The encoder for texts of a language, ready to use.

        Args:
            language: tag of the language of the texts.
            threads: CPU threads it may use.
            passage_length: tokens of a passage; that of the encoder if None.

        Returns:
            The encoder, on the device of the settings.

        Raises:
            UsageError: when there is none, or no such device.
            MissingDataError, DataError: as `TokenEncoder.load`.
        """
        import torch

        from clir_harness.systems.checkpoints.devices import choose_device
        from clir_harness.systems.late_interaction.encoder import TokenEncoder

        source = self.encoder_for(language)
        if source is None:
            raise UsageError(f"no encoder for texts in {language_name(language)}", hint="set `student`")
        torch.set_num_threads(threads)
        encoder = TokenEncoder.load(source, device=choose_device(self.device))
        return encoder if passage_length is None else encoder.with_settings(document_length=passage_length)


def language_folders(student: str) -> list[Path]:
    """The folders of a student that has an encoder for each language; none for a single encoder."""
    folder = Path(student).expanduser()
    if not folder.is_dir() or any((folder / name).is_file() for name in ("config.json", "modules.json")):
        return []
    return sorted(path.parent for path in folder.glob("*/config.json"))
