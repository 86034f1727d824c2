"""A cross-encoder: one relevance score for a query and a document read together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from clir_harness.harness.errors import DataError
from clir_harness.systems.checkpoints.devices import choose_device
from clir_harness.systems.checkpoints.inference import encode_in_batches
from clir_harness.systems.checkpoints.sources import model_folder


class CrossEncoder:
    """Scores (query, document) pairs with a Hugging Face sequence classifier, in float32.

    Args:
        source: a folder or a model hub id.
        length: tokens of a pair; the longer of the two sides is cut.
        batch_size: pairs scored at once.
        device: "auto" takes a GPU when there is one.

    Raises:
        MissingDataError: no such model.
        UsageError: no such device.
        DataError: the model is not a sequence classifier with one or two outputs.
    """

    def __init__(self, source: str, length: int, batch_size: int, device: str) -> None:
        folder = model_folder(source)
        self._device = choose_device(device)
        try:
            local = {"local_files_only": True, "trust_remote_code": False}
            self._tokenizer = AutoTokenizer.from_pretrained(folder, **local)
            model, loaded = AutoModelForSequenceClassification.from_pretrained(
                folder, **local, output_loading_info=True, dtype=torch.float32
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
        _fill_with_padding(self._tokenizer, model)
        self._model: Any = model.to(self._device).eval()
        self._length, self._batch_size = length, batch_size

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """Score texts for a query; for a model with two outputs, the score is the difference of their logits.

        Args:
            query: text of the query.
            texts: texts of documents.

        Returns:
            One score per text; higher is more relevant.
        """
        scores = [0.0] * len(texts)

        def score(places: list[int]) -> None:
            batch = self._tokenizer(
                [query] * len(places),
                [texts[i] for i in places],
                truncation="longest_first",
                max_length=self._length,
                padding=True,
                return_tensors="pt",
            ).to(self._device)
            logits = self._model(**batch).logits.float()
            values = logits[:, 0] if logits.shape[1] == 1 else logits[:, 1] - logits[:, 0]
            for place, value in zip(places, values.tolist(), strict=True):
                scores[place] = value

        encode_in_batches(self._model, texts, self._batch_size, score)
        return scores


def _fill_with_padding(tokenizer: Any, model: Any) -> None:
    """Enable padding of batches, also for GPT- and Llama-like models, which come without a pad token.

    A model that scores the last token finds it by the id of the pad token, which therefore must not end a text: if none
    is defined, a new one is added. Padding is on the right, where it does not change positions.
    """
    tokenizer.padding_side = "right"
    known = model.config.pad_token_id
    if tokenizer.pad_token_id is None and known is not None:
        tokenizer.pad_token = tokenizer.convert_ids_to_tokens(known)
    if tokenizer.pad_token_id is None:
        tokenizer.add_special_tokens({"pad_token": "[PAD]"})
    if tokenizer.pad_token_id >= model.get_input_embeddings().num_embeddings:
        model.resize_token_embeddings(tokenizer.pad_token_id + 1, mean_resizing=False)
    model.config.pad_token_id = tokenizer.pad_token_id
