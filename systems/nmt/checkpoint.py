"""Languages of a translation checkpoint, read from its JSON files without loading a model library.

Multilingual checkpoints name languages by tokens of their vocabulary: `swh_Latn` (NLLB, FLORES-200 codes), `__sw__`
(M2M-100), `sw_KE` (mBART) and, in Marian models with several targets, `>>swa<<`.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clir_harness.harness.errors import DataError, UnknownNameError
from clir_harness.harness.languages import AmbiguousLanguageError, LanguagePair, canonical_tag, resolve
from clir_harness.systems.checkpoints.sources import model_folder, source_digest, weight_files
from clir_harness.systems.training.settings import RECORD

_BOTH_SIDES = re.compile(r"__([a-z]{2,3})__|([a-z]{2,3}_[A-Z][A-Za-z]{1,3})")
_CODES = {"ns": "nso"}
"""Codes of M2M-100 that are not language tags."""
_TARGET = re.compile(r">>([A-Za-z]{2,3}(?:_[A-Za-z]+)?)<<")


@dataclass(frozen=True, slots=True)
class Languages:
    """What a checkpoint takes and gives: tokens by canonical tag; None where it does not say.

    Attributes:
        sources: tags it translates from, with the token that says so ("" for none needed).
        targets: the same for what it translates into.
    """

    sources: Mapping[str, str] | None
    targets: Mapping[str, str] | None

    def refusal(self, source: str, target: str) -> str | None:
        """None when it translates from source into target as far as is known, otherwise why not.

        Args:
            source: tag of the language to translate from.
            target: tag of the language to translate into.

        Returns:
            The reason, or None.
        """
        for known, tag, way in ((self.sources, source, "from"), (self.targets, target, "into")):
            try:
                found = known is None or resolve(tag, known)
            except AmbiguousLanguageError as error:
                return f"its model is of several: {error.message}"
            if known is not None and not found:
                names = ", ".join(sorted(known)) if len(known) <= 12 else f"{len(known)} other languages"
                return f"its model translates {way} {names}, not {way} {tag}"
        return None


def languages_of(source: str) -> Languages:
    """The languages of a checkpoint.

    Args:
        source: a folder or a model hub id.

    Raises:
        MissingDataError: when there is no such model.
        DataError: when it is not a translation checkpoint: no weights, broken JSON, not an encoder-decoder.
    """
    folder = model_folder(source)
    return _languages_in(folder, source_digest(folder))


@functools.cache
def _languages_in(folder: Path, _digest: str) -> Languages:
    config = _json(folder / "config.json")
    if not config.get("is_encoder_decoder"):
        raise DataError(
            "is not a translation model: config.json lacks is_encoder_decoder",
            path=folder,
            hint="give a Marian, NLLB, M2M-100 or mBART checkpoint, or train one with `clir train bm25-nmt`",
        )
    if not weight_files(folder):
        raise DataError("has no weights", path=folder, hint="it needs model.safetensors or pytorch_model.bin")
    if (folder / RECORD).is_file():
        record = _json(folder / RECORD)
        return Languages(dict.fromkeys(record["sources"], ""), {record["target"]: ""})
    tokens = _special_tokens(folder)
    settings = _json(folder / "tokenizer_config.json") if (folder / "tokenizer_config.json").is_file() else {}
    both = _by_tag(tokens, _BOTH_SIDES) or _by_tag(_built_in(settings), _BOTH_SIDES)
    if both:
        return Languages(both, both)
    targets = _by_tag(tokens, _TARGET)
    return Languages(_single(settings.get("source_lang")), targets or _single(settings.get("target_lang")))


def token_pair(languages: Languages, pair: LanguagePair) -> tuple[str, str]:
    """Language tokens of source and target for a checkpoint, "" if it needs none; see `languages.resolve`.

    Args:
        languages: of the checkpoint.
        pair: language to translate from, and into.

    Returns:
        Token of the source, and of the target.
    """
    sides = ((languages.sources or {}, pair.query), (languages.targets or {}, pair.document))
    found = [known.get(resolve(tag, known) or "", "") for known, tag in sides]
    return found[0], found[1]


def _single(code: Any) -> Mapping[str, str] | None:
    """The one language of a side, as a Marian tokenizer's settings name it; None for groups such as `ROMANCE`."""
    try:
        return {canonical_tag(code): ""} if isinstance(code, str) and code.islower() and code != "mul" else None
    except UnknownNameError:
        return None


def _by_tag(tokens: list[str], pattern: re.Pattern[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for token in tokens:
        if match := pattern.fullmatch(token):
            code = next(group for group in match.groups() if group)
            try:
                found.setdefault(canonical_tag(_CODES.get(code, code)), token)
            except UnknownNameError:
                continue
    return found


def _special_tokens(folder: Path) -> list[str]:
    """Tokens that can name a language, in the checkpoint's order, wherever its format keeps them."""
    found: dict[str, None] = {}
    for name in ("special_tokens_map.json", "tokenizer_config.json", "tokenizer.json", "vocab.json"):
        if not (folder / name).is_file():
            continue
        content = _json(folder / name)
        if name == "vocab.json":
            listed: list[Any] = [token for token in content if token.startswith((">>", "__"))]
        else:
            listed = [
                token
                for key in ("additional_special_tokens", "extra_special_tokens")
                for token in content.get(key) or ()
            ]
            added = content.get("added_tokens_decoder") or content.get("added_tokens") or []
            listed += list(added.values()) if isinstance(added, dict) else added
        for token in listed:
            found.setdefault(token["content"] if isinstance(token, dict) else token)
    return list(found)


def _built_in(settings: dict[str, Any]) -> list[str]:
    """Tokens that M2M-100's tokenizer adds by itself, where its files do not list them."""
    if settings.get("tokenizer_class") != "M2M100Tokenizer":
        return []
    from transformers.models.m2m_100.tokenization_m2m_100 import FAIRSEQ_LANGUAGE_CODES

    return [f"__{code}__" for code in FAIRSEQ_LANGUAGE_CODES[settings.get("language_codes", "m2m100")]]


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise DataError("is not there", path=path, hint="give a whole checkpoint folder") from None
    except ValueError as error:
        raise DataError(f"is not JSON: {error}", path=path) from None
    if not isinstance(content, dict):
        raise DataError("is not a JSON object", path=path)
    return content
