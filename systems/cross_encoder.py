"""A cross-encoder: one relevance score for a query and a document read together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from harness.errors import DataError
from systems.late_interaction.sources import model_folder


class CrossEncoder:
    """Scores (query, document) pairs with a Hugging Face sequence classifier.

    Args:
        source: a folder or a model hub id.
        length: tokens of a pair; the longer of the two sides is cut.
        batch_size: pairs scored at once.
        device: "auto" takes a GPU when there is one.

    Raises:
        MissingDataError: no such model.
        DataError: the model is no sequence classifier with one or two outputs.
    """

    def __init__(self, source: str, length: int, batch_size: int, device: str) -> None:
        folder = model_folder(source)
        self._device = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device)
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            model, loaded = AutoModelForSequenceClassification.from_pretrained(
                folder, local_files_only=True, output_loading_info=True
            )
        except (OSError, ValueError, KeyError) as error:
            raise DataError(f"cannot be loaded as a cross-encoder: {error}", path=folder) from error
        if head := sorted(name for name in loaded["missing_keys"] if name.startswith(("classifier", "score"))):
            raise DataError(
                f"has no classification head ({', '.join(head)})",
                path=folder,
                hint="give a cross-encoder that was trained to score pairs, not a plain encoder",
            )
        if model.config.num_labels not in (1, 2):
            raise DataError(
                f"has {model.config.num_labels} outputs, expected 1 (a score) or 2 (not relevant, relevant)",
                path=folder,
                hint="give a cross-encoder that was trained for relevance",
            )
        self._model: Any = model.to(self._device).eval()
        self._length, self._batch_size = length, batch_size

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """One score a text, the higher the more relevant; for two outputs the difference of their logits."""
        # Texts of one length stand together, so that little is padded; padding is masked and changes nothing.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        scores = [0.0] * len(texts)
        for start in range(0, len(order), self._batch_size):
            places = order[start : start + self._batch_size]
            batch = self._tokenizer(
                [query] * len(places),
                [texts[i] for i in places],
                truncation="longest_first",
                max_length=self._length,
                padding=True,
                return_tensors="pt",
            ).to(self._device)
            with torch.inference_mode():
                logits = self._model(**batch).logits.float()
            values = logits[:, 0] if logits.shape[1] == 1 else logits[:, 1] - logits[:, 0]
            for place, value in zip(places, values.tolist(), strict=True):
                scores[place] = value
        return scores
