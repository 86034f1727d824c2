"""Sources of models: a local folder or a model hub, one code path for both; and digests of their files.

Nothing here imports a model library, so that planning an experiment stays quick.
"""

from __future__ import annotations

import fnmatch
import functools
import hashlib
import json
from pathlib import Path
from typing import Any

from clir_harness.harness.errors import DataError, MissingDataError

TOKENIZER_FILES = tuple(
    "tokenizer.json vocab.txt vocab.json *sentencepiece*.model spiece.model spm.model tokenizer.model *.spm".split()
)
"""Files of which a tokenizer needs one."""

SETTINGS_FILE = "late_interaction.json"
"""Our settings of a token encoder, beside its weights."""
COLBERT_FILE = "artifact.metadata"
"""Settings of a token encoder as ColBERT writes them."""
SAFETENSORS = "model.safetensors"
PICKLE = "pytorch_model.bin"
_PICKLES = ("*.bin", "*.bin.index.json", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_NEVER_READ = (
    *"*.md *.gitattributes *.gitignore LICENSE* NOTICE* *.pdf *.png *.jpg *.jpeg *.gif *.svg".split(),
    *"*.h5 *.msgpack *.ot *.onnx *.onnx_data *.tflite *.gguf *.mlmodel *.npz".split(),  # for other libraries
    *"optimizer* scheduler* rng_state* scaler.pt trainer_state.json training_args.* events.out.*".split(),
    *"losses.jsonl *.log *.lock *.pyc".split(),
)
_NEVER_ENTERED = (".*", "__pycache__", "checkpoint-*", "onnx", "openvino", "coreml", "runs", "original")
_MODULES = "modules.json"
_ADAPTER = "adapter_config.json"


def matching_files(folder: Path, patterns: tuple[str, ...]) -> list[Path]:
    """Files directly in a folder whose names match one of the patterns, by name.

    Args:
        folder: to look in.
        patterns: as in `fnmatch`.

    Returns:
        Paths, sorted.
    """
    return sorted(
        file for file in folder.iterdir() if file.is_file() and any(fnmatch.fnmatch(file.name, p) for p in patterns)
    )


def weight_files(folder: Path) -> list[Path]:
    """The files with a model's weights, safetensors if there are any, in one file or as an index lists them.

    Empty when there are none.

    Raises:
        MissingDataError: when the index lists a file that is not there.
        DataError: when the index cannot be read.
    """
    for name in (SAFETENSORS, PICKLE):
        if (whole := folder / name).is_file():
            return [whole]
        if (index := folder / f"{name}.index.json").is_file():
            return _listed(index)
    return []


def module_folders(folder: Path) -> list[Path]:
    """The sub-folders that a model's `modules.json` names, in its order; none without such a file.

    Raises:
        DataError: when the file is damaged, or names a place outside of the folder.
    """
    path = folder / _MODULES
    return [folder / place for _, place in read_modules(path)] if path.is_file() else []


def read_modules(path: Path) -> list[tuple[str, str]]:
    """Type, by its dotted name, and sub-folder of each step that a `modules.json` lists.

    Raises:
        DataError: when the file is damaged, or names a place outside of its folder.
    """
    try:
        steps = [(str(step["type"]), str(step["path"])) for step in json.loads(path.read_bytes())]
    except ValueError as error:
        raise DataError(f"is not JSON: {error}", path=path) from None
    except (TypeError, KeyError):
        raise DataError("expected a list of steps with type and path", path=path) from None
    if not steps:
        raise DataError("lists no steps", path=path, hint="download the model again")
    for _, place in steps:
        if ".." in Path(place).parts or Path(place).is_absolute():
            raise DataError(f"names a place outside of the model's folder: {place}", path=path)
    return steps


def model_folder(source: str | Path) -> Path:
    """The local folder of a model: the folder given, or the hub's model, downloaded on first use.

    Raises:
        MissingDataError: when there is no such folder, or the hub's model is neither cached nor reachable.
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

    unread = [*_NEVER_READ, *(pattern for entry in _NEVER_ENTERED for pattern in (f"{entry}/*", f"*/{entry}/*"))]
    try:
        folder = Path(snapshot_download(name, ignore_patterns=[*unread, *_PICKLES]))
        # weights in pickles only if there are no others, and folders listed only in `modules.json`
        lacking = [
            place for place in (folder, *module_folders(folder)) if not place.is_dir() or not weight_files(place)
        ]
        if lacking:
            places = [place.relative_to(folder).as_posix() for place in lacking]
            wanted = [f"{PICKLE.removesuffix('.bin')}*" if place == "." else f"{place}/*" for place in places]
            snapshot_download(name, allow_patterns=wanted, ignore_patterns=list(_NEVER_READ))
    except (OSError, ValueError, RuntimeError, HFValidationError) as error:  # what the hub's client raises offline
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise MissingDataError(
            f"no model '{name}': it is not a folder here, and the model hub does not give it ({reason})",
            hint=f"download it where there is a network (`hf download {name} --local-dir DIR`) and give the folder "
            "DIR instead of the id; any local folder with config.json, weights and tokenizer works",
        ) from error
    return folder


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file; an empty one without a file.

    Raises:
        DataError: when the file holds something else.
    """
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise DataError(f"is not JSON: {error}", path=path) from None
    if not isinstance(found, dict):
        raise DataError("expected a JSON object", path=path)
    return found


def source_digest(source: str | Path) -> str:
    """Digest (hex) of all files that make up a model: all in its folder but those that no loader here reads.

    Whatever a file is called it counts, in sub-folders, too, but for documentation, pictures, states of trainings,
    weights for other libraries, and pickles beside safetensors. Files are read once a process and again when their
    size or time of change differ.

    Raises:
        MissingDataError: when there is no such model.
        DataError: when it is an adapter, whose weights need those of a model elsewhere.
    """
    folder = model_folder(source)
    digest = hashlib.blake2b(digest_size=16)
    for name, file in sorted(_read_files(folder).items()):
        status = file.stat()
        digest.update(f"{name}\0{_file_digest(file.resolve(), (status.st_size, status.st_mtime_ns))}\0".encode())
    return digest.hexdigest()


def _read_files(folder: Path) -> dict[str, Path]:
    """The files of a model that a loader may read, by their path in its folder."""
    found: dict[str, Path] = {}
    waiting = [folder, *(place for place in module_folders(folder) if place.is_dir())]
    seen: set[Path] = set()
    while waiting:
        if (place := waiting.pop()).resolve() in seen:  # links may go round in a circle
            continue
        seen.add(place.resolve())
        has_safetensors = any((place / name).is_file() for name in (SAFETENSORS, f"{SAFETENSORS}.index.json"))
        unread = (*_NEVER_READ, *(_PICKLES if has_safetensors else ()))
        for path in place.iterdir():
            if path.is_dir():
                if not _matches(path.name, _NEVER_ENTERED):
                    waiting.append(path)
            elif path.name == _ADAPTER:
                raise DataError(
                    "is an adapter (PEFT, LoRA): the weights it changes are elsewhere",
                    path=path,
                    hint="merge it into its model (`merge_and_unload`), save that, and give the new folder",
                )
            elif path.is_file() and not _matches(path.name, unread):
                found[path.relative_to(folder).as_posix()] = path
    return found


def _listed(index: Path) -> list[Path]:
    """The files of weights that an index lists."""
    try:
        names = sorted(set(json.loads(index.read_bytes())["weight_map"].values()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"is not an index of weights: {error!r}", path=index) from None
    files = [index.parent / name for name in names]
    if absent := [file.name for file in files if not file.is_file()]:
        raise MissingDataError(
            f"{index.parent} lacks {len(absent)} of {len(files)} files of weights, e.g. {absent[0]}",
            hint="download the whole model",
        )
    return files


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


@functools.cache
def _file_digest(file: Path, signature: tuple[int, int]) -> str:  # noqa: ARG001 (a changed file is another key)
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
