"""Translating with a checkpoint: through transformers, or through CTranslate2, which converts it once.

Long texts are translated sentence by sentence, as such models are trained. The longest are translated together, so
that little is padded.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import regex
import torch
from safetensors import SafetensorError
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from clir_harness.harness.errors import DataError
from clir_harness.systems.checkpoints.devices import choose_device
from clir_harness.systems.checkpoints.inference import encode_in_batches
from clir_harness.systems.checkpoints.sources import model_folder, source_digest
from clir_harness.systems.checkpoints.transformers_log import quiet
from clir_harness.systems.nmt.cache import cache_folder
from clir_harness.systems.nmt.settings import TranslatorSettings
from clir_harness.systems.training.settings import RECORD
from clir_harness.systems.training.vocabulary import unpointed

_SENTENCE_END = regex.compile(r"(?<=[.!?…؟]['\")\]»”]*)\s+|(?<=[。！？।॥።])\s*|\s*\n\s*")


class Translator(Protocol):
    """Translates sentences of one language into another."""

    def translate(self, sentences: Sequence[str]) -> list[str]:
        """Translations in the order of the sentences."""


def sentences_of(text: str) -> list[str]:
    """A text's sentences, split after final punctuation and at line breaks; blank ones left out.

    >>> sentences_of("Where is it? In Goma.")
    ['Where is it?', 'In Goma.']
    """
    return [part for part in (piece.strip() for piece in _SENTENCE_END.split(text)) if part]


def load_translator(config: TranslatorSettings, tokens: tuple[str, str], threads: int) -> Translator:
    """A checkpoint, ready to translate.

    Args:
        config: which checkpoint and engine, and how it decodes.
        tokens: language tokens of source and target, "" if it needs none; see `checkpoint.token_pair`.
        threads: CPU threads it may use.

    Returns:
        What translates sentences.

    Raises:
        DataError: when weights or tokenizer are damaged, or do not fit each other.
        UsageError: when CTranslate2 is asked for and not installed, or cannot convert this checkpoint.
        MissingDataError: when there is no such model.
    """
    torch.set_num_threads(threads)
    folder = model_folder(config.model)
    tokenizer = _tokenizer(folder, tokens[0])
    translator: Translator
    if config.engine == "ctranslate2":
        translator = _CTranslate2(_converted(folder), tokenizer, tokens[1], config, threads)
    else:
        translator = _Transformers(_model(folder), tokenizer, tokens[1], config)
    return _Unpointed(translator) if (folder / RECORD).is_file() else translator


class _Unpointed:
    """A checkpoint that was trained here: on text without vowel points."""

    def __init__(self, translator: Translator) -> None:
        self._translator = translator

    def translate(self, sentences: Sequence[str]) -> list[str]:
        return self._translator.translate([unpointed(sentence) for sentence in sentences])


class _Transformers:
    def __init__(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, target: str, config: TranslatorSettings
    ) -> None:
        self._model = model.to(choose_device(config.device)).eval()
        self._tokenizer, self._config = tokenizer, config
        self._prefix = f"{target} " if target.startswith(">>") else ""
        self._first = tokenizer.convert_tokens_to_ids(target) if target and not self._prefix else None
        size = model.get_input_embeddings().num_embeddings
        if len(tokenizer) > size:
            raise DataError(
                f"its tokenizer has {len(tokenizer)} pieces, its weights {size}",
                path=config.model,
                hint="take both from the same checkpoint",
            )

    def translate(self, sentences: Sequence[str]) -> list[str]:
        translations: dict[int, str] = {}

        def translate(part: list[int]) -> None:
            inputs = self._tokenizer(
                [self._prefix + sentences[i] for i in part],
                return_tensors="pt",
                padding=True,
                truncation=True,
                max_length=self._config.max_tokens,
            ).to(self._model.device)
            found = self._model.generate(
                **inputs,
                num_beams=self._config.beams,
                do_sample=False,
                max_new_tokens=self._config.max_tokens,
                forced_bos_token_id=self._first,
            )
            ids = [[number for number in row if number != self._first] for row in found.tolist()]
            texts = self._tokenizer.batch_decode(ids, skip_special_tokens=True)
            translations.update(zip(part, texts, strict=True))

        encode_in_batches(self._model, sentences, self._config.batch, translate)
        return [translations[i] for i in range(len(sentences))]


class _CTranslate2:
    def __init__(
        self, folder: Path, tokenizer: PreTrainedTokenizerBase, target: str, config: TranslatorSettings, threads: int
    ) -> None:
        import ctranslate2

        device = choose_device(config.device).type
        self._translator = ctranslate2.Translator(str(folder), device=device, intra_threads=threads)
        self._tokenizer, self._config = tokenizer, config
        self._prefix = f"{target} " if target.startswith(">>") else ""
        self._first = [target] if target and not self._prefix else None

    def translate(self, sentences: Sequence[str]) -> list[str]:
        config, tokenizer = self._config, self._tokenizer
        sources = [
            tokenizer.convert_ids_to_tokens(
                tokenizer(self._prefix + text, truncation=True, max_length=config.max_tokens)["input_ids"]
            )
            for text in sentences
        ]
        found = self._translator.translate_batch(
            sources,
            target_prefix=[self._first] * len(sources) if self._first else None,
            beam_size=config.beams,
            max_batch_size=config.batch,
            max_decoding_length=config.max_tokens,
        )
        skipped = len(self._first or ())
        ids = [tokenizer.convert_tokens_to_ids(result.hypotheses[0][skipped:]) for result in found]
        return list(tokenizer.batch_decode(ids, skip_special_tokens=True))


def _quietly(load: Callable[[], Any], folder: Path) -> Any:
    try:
        with quiet():
            return load()
    except (SafetensorError, OSError, ValueError, KeyError, RuntimeError, TypeError, AssertionError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DataError(f"cannot be loaded as a translation model: {reason}", path=folder) from error


def _model(folder: Path) -> PreTrainedModel:
    model: PreTrainedModel = _quietly(
        lambda: AutoModelForSeq2SeqLM.from_pretrained(folder, trust_remote_code=False, dtype=torch.float32), folder
    )
    return model


def _tokenizer(folder: Path, source: str) -> PreTrainedTokenizerBase:
    tokenizer: PreTrainedTokenizerBase = _quietly(
        lambda: AutoTokenizer.from_pretrained(folder, trust_remote_code=False), folder
    )
    if source:
        tokenizer.src_lang = source.strip("_") if source.startswith("__") else source
    return tokenizer


def _converted(folder: Path) -> Path:
    """The checkpoint in CTranslate2's format: made once, kept for all stores."""
    place = cache_folder() / "ctranslate2" / source_digest(folder)
    if not (place / "model.bin").is_file():
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent) as staged:
            made = Path(staged) / "model"
            _quietly(lambda: _converter(folder).convert(str(made)), folder)
            if not place.exists():  # another process may have been faster
                shutil.move(made, place)
    return place


def _converter(folder: Path) -> Any:
    """CTranslate2's converter, given the languages that M2M-100's tokenizer no longer lists among its tokens."""
    from ctranslate2.converters import TransformersConverter

    class Converter(TransformersConverter):  # type: ignore[misc]
        def load_tokenizer(self, tokenizer_class: Any, path: str, **options: Any) -> Any:
            tokenizer = super().load_tokenizer(tokenizer_class, path, **options)
            if numbers := getattr(tokenizer, "lang_token_to_id", None):
                known = {**tokenizer.special_tokens_map, "additional_special_tokens": sorted(numbers, key=numbers.get)}
                tokenizer.__class__ = type("Tokenizer", (type(tokenizer),), {"special_tokens_map": known})
            return tokenizer

    return Converter(str(folder))
