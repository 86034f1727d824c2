"""Translation of whole texts, through the cache, with counts of visible faults."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from clir_harness.harness.languages import LanguagePair
from clir_harness.systems.checkpoints.sources import source_digest
from clir_harness.systems.nmt.cache import TranslationCache, cache_folder
from clir_harness.systems.nmt.checkpoint import languages_of, token_pair
from clir_harness.systems.nmt.quality import quality
from clir_harness.systems.nmt.settings import TranslatorSettings
from clir_harness.systems.nmt.translator import Translator, load_translator, sentences_of

CACHE_FILE = "translations.sqlite"
FORMAT = 2
"""Goes up when sentences are split or decoded in another way: older translations are then made again."""


class Translation(AbstractContextManager["Translation"]):
    """Texts of one language into another; `with` closes the cache.

    Args:
        config: model, engine, decoding.
        pair: language of the texts, and language they are translated into; the same twice changes nothing.
        threads: CPU threads it may use.
    """

    def __init__(self, config: TranslatorSettings, pair: LanguagePair, threads: int) -> None:
        self._config, self._pair, self._threads = config, pair, threads
        self._translator: Translator | None = None
        self._cache: TranslationCache | None = None
        self._done: dict[str, str] = {}
        self._made, self._seconds = 0, 0.0
        self._languages: dict[str, str] = {}
        if not pair.monolingual:
            tokens = token_pair(languages_of(config.model), pair)
            self._languages = dict(zip(("from", "into"), tokens, strict=True))
            maker = [source_digest(config.model), str(pair), tokens, config.engine_version(), config.beams]
            self._cache = TranslationCache(cache_folder() / CACHE_FILE, json.dumps([*maker, config.max_tokens, FORMAT]))

    def translate(self, texts: Sequence[str]) -> list[str]:
        """Translations in the order of the texts; that of a blank text is blank.

        Raises:
            DataError, UsageError: as `load_translator`, and when the cache cannot be used.
        """
        if self._cache is None:
            return list(texts)
        split = [sentences_of(text) for text in texts]
        wanted = {sentence for sentences in split for sentence in sentences}
        known = self._cache.find(sorted(wanted))
        if missing := sorted(wanted - known.keys()):
            start = time.perf_counter()
            made = dict(zip(missing, self._load().translate(missing), strict=True))
            self._cache.keep(made)
            self._seconds += time.perf_counter() - start
            self._made += len(made)
            known = {**made, **known}
        found = [" ".join(known[sentence] for sentence in sentences) for sentences in split]
        self._done.update((text, translation) for text, translation in zip(texts, found, strict=True) if text.strip())
        return found

    def counts(self) -> dict[str, Any]:
        """Counts of `quality` over the texts so far; sentences that were not in the cache, and their seconds.

        Also the tokens that name the languages it translates `from` and `into` to the model.
        """
        counted = quality(self._done.items(), self._pair.document)
        return {**counted, **self._languages, "sentences_translated": self._made, "seconds": self._seconds}

    def close(self) -> None:
        """Close the cache."""
        if self._cache is not None:
            self._cache.close()

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _load(self) -> Translator:
        if self._translator is None:
            tokens = (self._languages["from"], self._languages["into"])
            self._translator = load_translator(self._config, tokens, self._threads)
        return self._translator
