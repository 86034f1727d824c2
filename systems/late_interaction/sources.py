"""Where a model comes from: a local folder or a model hub, one code path for both; and digests of its files.

Nothing here imports a model library, so that planning an experiment stays quick.
"""

from __future__ import annotations

import fnmatch
import functools
import hashlib
from pathlib import Path

from harness.errors import MissingDataError
from systems.late_interaction.settings import COLBERT_FILE, SETTINGS_FILE

TOKENIZER_FILES = ("tokenizer.json", "vocab.txt", "vocab.json", "sentencepiece*.model", "spiece.model", "*.spm")
"""Files of which a tokenizer needs one."""

SAFETENSORS = ("model.safetensors", "model.safetensors.index.json", "model-*.safetensors")
PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json", "pytorch_model-*.bin")
_OTHERS = (
    "config.json",
    "generation_config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "merges.txt",
    SETTINGS_FILE,
    COLBERT_FILE,
    *TOKENIZER_FILES,
)


def matching_files(folder: Path, patterns: tuple[str, ...]) -> list[Path]:
    """Files directly in a folder whose names match one of the patterns, by name."""
    return sorted(
        file for file in folder.iterdir() if file.is_file() and any(fnmatch.fnmatch(file.name, p) for p in patterns)
    )


def weight_files(folder: Path) -> list[Path]:
    """The files with a model's weights, safetensors if there are any; empty when there are none."""
    for patterns in (SAFETENSORS, PICKLES):
        if found := [file for file in matching_files(folder, patterns) if file.suffix != ".json"]:
            return found
    return []


def model_folder(source: str | Path) -> Path:
    """The local folder of a model: the folder given, or the hub's model, downloaded on first use.

    Raises:
        MissingDataError: when there is no such folder, or the hub's model is neither here nor within reach.
    """
    if (folder := Path(source).expanduser()).is_dir():
        return folder
    name = str(source)
    if isinstance(source, Path) or name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise MissingDataError(
            f"no model folder {name}", hint="give a folder with config.json, weights and tokenizer, or a model hub id"
        )
    return _hub_folder(name)


@functools.cache
def _hub_folder(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    try:
        for patterns in (SAFETENSORS, PICKLES):  # weights in pickles only where there are no others
            folder = Path(
                snapshot_download(name, allow_patterns=[*_OTHERS, *patterns], ignore_patterns=["*/*"]),
            )
            if weight_files(folder):
                break
    except (OSError, ValueError, RuntimeError, HFValidationError) as error:  # what the hub's client raises offline
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise MissingDataError(
            f"no model '{name}': it is not a folder here, and the model hub does not give it ({reason})",
            hint=f"download it where there is a network (`hf download {name} --local-dir DIR`) and give the folder "
            "DIR instead of the id; any local folder with config.json, weights and tokenizer works",
        ) from error
    return folder


def source_digest(source: str | Path) -> str:
    """Digest (hex) of the files that make up a model: weights, configuration, tokenizer, settings.

    Files are read once a process and again when their size or time of change differ.

    Raises:
        MissingDataError: when there is no such model.
    """
    folder = model_folder(source)
    digest = hashlib.blake2b(digest_size=16)
    for file in sorted({*matching_files(folder, _OTHERS), *weight_files(folder)}):
        status = file.stat()
        digest.update(f"{file.name}\0{_file_digest(file.resolve(), (status.st_size, status.st_mtime_ns))}\0".encode())
    return digest.hexdigest()


@functools.cache
def _file_digest(file: Path, signature: tuple[int, int]) -> str:  # noqa: ARG001 (a changed file is another key)
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
