"""The JSON files of sentence-transformers' layout, of any version; unknown content is refused by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from clir_harness.harness.errors import DataError
from clir_harness.systems.checkpoints import sources
from clir_harness.systems.checkpoints.sources import COLBERT_FILE, SETTINGS_FILE, read_object

Pooling = Literal["cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"]
POOLINGS: tuple[str, ...] = get_args(Pooling)
"""In the order in which sentence-transformers puts the vectors of several one after another."""

MODULES = "modules.json"
PROMPTS = "config_sentence_transformers.json"
TRANSFORMER_FILES = (
    "sentence_bert_config.json",
    *(f"sentence_{kind}_config.json" for kind in "roberta distilbert camembert albert xlm-roberta xlnet".split()),
)
COSINE = "cosine"

_KINDS = ("Transformer", "Pooling", "Dense", "Normalize", "LayerNorm", "Dropout")
_SINGLE_VECTOR = ("sentence_transformers.models.", "sentence_transformers.base.", "sentence_transformers.sentence_")
_POOLING_FLAGS = dict(
    zip(
        ("cls_token", "max_tokens", "mean_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens"),
        POOLINGS,
        strict=False,
    )
)
_OTHER_POOLINGS = "give the pooling in the settings, e.g. cls or mean"
_HARMLESS = {
    *("max_seq_length", "do_lower_case", "unpad_inputs"),
    *("attn_implementation", "torch_dtype", "dtype", "device_map", "padding_side", "use_fast", "trust_remote_code"),
}
_EXPECTED: dict[str, Any] = {
    "transformer_task": "feature-extraction",
    "module_output_name": "token_embeddings",
    "modality_config": {"text": {"method": "forward", "method_output_name": "last_hidden_state"}},
}
_UNLIMITED = 10**6


@dataclass(frozen=True, slots=True)
class Pooled:
    """How token states are pooled: modes joined by `+`, and whether the prompt's tokens count."""

    modes: str = "cls"
    prompt: bool = True


@dataclass(frozen=True, slots=True)
class TransformerSettings:
    """Settings stored with a transformer: longest text in tokens, None if not stated; lower-casing."""

    max_length: int | None = None
    lower_case: bool = False


def read_modules(folder: Path, pooling: str | None) -> list[tuple[str, str]]:
    """Kind and sub-folder of each step; none where the model does not say.

    Args:
        folder: the model's.
        pooling: what the user wants of a late-interaction encoder's states, as only that makes one vector of them.

    Returns:
        (kind, sub-folder) in the order of the steps.

    Raises:
        DataError: when a step is of a kind that is not known here.
    """
    path = folder / MODULES
    if not path.is_file():
        if said := [name for name in (COLBERT_FILE, SETTINGS_FILE) if (folder / name).is_file() and pooling is None]:
            raise _late_interaction(folder / said[0], "it says how tokens of queries and documents are marked")
        return []
    steps = sources.read_modules(path)
    for number, (name, _) in enumerate(steps):
        kind = name.rpartition(".")[2]
        if name.startswith("pylate.") or ".multi_vector_encoder." in name:
            raise _late_interaction(path, f"step {number} is {name}")
        if kind not in _KINDS or not name.startswith(_SINGLE_VECTOR):
            raise DataError(
                f"step {number} is '{kind}' ({name}); known are {', '.join(_KINDS)} of sentence-transformers",
                path=path,
                hint="give a model whose vectors are pooled token states",
            )
    return [(name.rpartition(".")[2], place) for name, place in steps]


def read_pooling(path: Path, chosen: str | None) -> Pooled:
    """The pooling in a file; the modes the user chose, where they did.

    Args:
        path: a `config.json` of a pooling step.
        chosen: modes to use instead, joined by `+`; None for those of the file.

    Returns:
        Modes, and whether prompts are pooled.

    Raises:
        DataError: when it has no mode, or one that is not known.
    """
    found = read_object(path)
    flags = [key.removeprefix("pooling_mode_") for key, value in found.items() if value is True and "_mode_" in key]
    stated = found.get("pooling_mode", [_POOLING_FLAGS.get(flag, flag) for flag in flags])
    modes = list(stated) if isinstance(stated, list) else [stated]
    if chosen is None and (not modes or any(mode not in POOLINGS for mode in modes)):
        raise DataError(f"expected pooling by {', '.join(POOLINGS)}, found {modes}", path=path, hint=_OTHER_POOLINGS)
    if "pooling_mode" not in found:  # flags have no order
        modes = [mode for mode in POOLINGS if mode in modes]
    return Pooled(chosen or "+".join(modes), found.get("include_prompt") is not False)


def read_prompts(folder: Path) -> tuple[str, str]:
    """What a model's files put before a query and before a passage.

    A passage's prompt is called `document`, `passage` or `corpus`: the first of them that has a text holds. A role that
    no prompt is named for has the default one.

    Raises:
        DataError: when there is no prompt of the default's name, or the files say that this is another kind of model.
    """
    path = folder / PROMPTS
    found = read_object(path)
    if any(key in found for key in ("query_prefix", "document_prefix", "attend_to_expansion_tokens")):
        raise _late_interaction(path, "it says how tokens of queries and documents are marked")
    if (kind := found.get("model_type", "SentenceTransformer")) != "SentenceTransformer":
        raise DataError(f"is a {kind}, no single-vector encoder", path=path, hint="give a SentenceTransformer")
    prompts = found.get("prompts") or {}
    if not isinstance(prompts, dict) or not all(isinstance(text, str | None) for text in prompts.values()):
        raise DataError("expected texts by their name as prompts", path=path)
    if found.get("truncate_dim") is not None:
        raise DataError("cuts vectors (truncate_dim), which is not done here", path=path, hint="save it without that")
    name = found.get("default_prompt_name")
    if name is not None and name not in prompts:
        raise DataError(f"there is no prompt '{name}' for the default", path=path, hint=f"there are {sorted(prompts)}")
    default = prompts[name] or "" if name is not None else ""
    query = prompts["query"] or "" if "query" in prompts else default
    named = [prompts[key] or "" for key in ("document", "passage", "corpus") if key in prompts]
    return query, next((text for text in named if text), "" if named else default)


def read_transformer_settings(folder: Path) -> TransformerSettings:
    """Settings stored with a transformer, under any of the names that the file has had.

    Raises:
        DataError: when it asks for what is not known here.
    """
    path = next((folder / name for name in TRANSFORMER_FILES if (folder / name).is_file()), None)
    if path is None:
        return TransformerSettings()
    found = read_object(path)
    if any(found.get(key) is not None for key in ("query_length", "document_length", "query_expansion")):
        raise _late_interaction(path, "it says how queries are expanded")
    options: dict[str, Any] = {}
    for key, value in found.items():
        nested = key.endswith(("_args", "_kwargs")) and isinstance(value, dict)
        options |= {f"{key}.{name}": part for name, part in value.items()} if nested else {key: value}
    for key, value in options.items():
        last = key.rpartition(".")[2]
        if last not in _HARMLESS and value not in (None, {}, _EXPECTED.get(key)):
            raise DataError(f"{key} is {value!r}, which is not known here", path=path, hint="give a text encoder")
    length = found.get("max_seq_length") or read_object(folder / "tokenizer_config.json").get("model_max_length")
    if not isinstance(length, int | float | None) or (length is not None and length < 1):
        raise DataError(f"max_seq_length is {length!r}, expected a number of tokens", path=path)
    known = int(length) if length is not None and length < _UNLIMITED else None
    return TransformerSettings(known, bool(found.get("do_lower_case")))


def _late_interaction(path: Path, why: str) -> DataError:
    return DataError(
        f"is a late-interaction model, with a vector for each token: {why}",
        path=path,
        hint="use it with `colbert`, or set `pooling`",
    )
