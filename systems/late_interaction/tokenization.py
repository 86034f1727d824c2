"""Tokenization for late interaction: truncation, role markers, padding, and masks."""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal

import torch
from torch import Tensor
from transformers import BatchEncoding, PreTrainedTokenizerFast

from clir_harness.harness.errors import DataError, UsageError
from clir_harness.systems.late_interaction.settings import EncoderSettings

Role = Literal["query", "document"]
Tokens = Sequence[int]


class RoleTokenizer:
    """A tokenizer with the settings of an encoder.

    Args:
        tokenizer: a fast tokenizer.
        settings: lengths and markers.

    Raises:
        DataError: when a marker is not in the vocabulary, or queries are augmented and there is no [MASK].
    """

    def __init__(self, tokenizer: PreTrainedTokenizerFast, settings: EncoderSettings) -> None:
        self.tokenizer, self.settings = tokenizer, settings
        vocabulary = tokenizer.get_vocab()
        self._markers: dict[Role, int | None] = {}
        markers: dict[Role, str | None] = {"query": settings.query_marker, "document": settings.document_marker}
        for role, marker in markers.items():
            if marker is not None and marker not in vocabulary:
                raise DataError(
                    f"the {role} marker {marker!r} is not a token of the vocabulary",
                    hint="choose a token such as [unused0], or add it to tokenizer and embeddings",
                )
            self._markers[role] = None if marker is None else vocabulary[marker]
        if settings.query_augmentation and tokenizer.mask_token_id is None:
            raise DataError("the tokenizer has no mask token to fill queries with", hint="set query_augmentation off")

    def rows(self, texts: Sequence[str], role: Role) -> list[list[int]]:
        """Token ids of each text with special tokens and marker, cut at the role's length.

        Args:
            texts: any number.
            role: which side of the search they are on.

        Returns:
            Rows of different lengths, without padding.
        """
        if not texts:
            return []
        return [self._marked(list(tokens), role) for tokens in self._encoded(texts, role)["input_ids"]]

    def passages(self, texts: Sequence[str], stride: int) -> list[list[list[int]]]:
        """Token ids of each text's passages, each of at most `document_length` tokens, overlapping by `stride`.

        Args:
            texts: of any length.
            stride: tokens that a passage shares with the one before.

        Returns:
            For each text, token ids of each of its passages; none for a text without a token of its own.
        """
        special = self.tokenizer.num_special_tokens_to_add()
        room = self._room("document") - special
        if not 0 <= stride < room:
            raise UsageError(f"passages of {room} tokens cannot share {stride}", hint=f"expected 0 to {room - 1}")
        found: list[list[list[int]]] = [[] for _ in texts]
        if texts:
            encoded = self._encoded(texts, "document", stride=stride, return_overflowing_tokens=True)
            for text, tokens in zip(encoded["overflow_to_sample_mapping"], encoded["input_ids"], strict=True):
                if len(tokens) > special:
                    found[text].append(self._marked(list(tokens), "document"))
        return found

    def pad(self, rows: Sequence[Tokens], role: Role) -> dict[str, Tensor]:
        """`input_ids`, `attention_mask` and `scored`, each (B, T), padded on the right.

        Args:
            rows: as `rows` or `passages` give them.
            role: which side of the search they are on.

        Returns:
            See `TokenEncoder.tokenize`.
        """
        augmented = role == "query" and self.settings.query_augmentation
        width = self.settings.query_length if augmented else max(map(len, rows), default=0)
        filler = self.tokenizer.mask_token_id if augmented else self.tokenizer.pad_token_id or 0
        input_ids = torch.full((len(rows), width), filler, dtype=torch.long)
        attention_mask = torch.zeros_like(input_ids)
        for number, row in enumerate(rows):
            input_ids[number, : len(row)] = torch.tensor(row, dtype=torch.long)
            attention_mask[number, : len(row)] = 1
        if augmented and self.settings.attend_augmentation:
            attention_mask[:] = 1
        scored = torch.ones_like(input_ids, dtype=torch.bool) if augmented else attention_mask.bool()
        if role == "document" and self.settings.skip_punctuation:
            scored &= ~torch.isin(input_ids, self._punctuation)
        if role == "document" and self.settings.skip_words:
            scored &= ~torch.isin(input_ids, self._skipped)
        return {"input_ids": input_ids, "attention_mask": attention_mask, "scored": scored}

    def _room(self, role: Role) -> int:
        """Tokens that a text may have, special ones included, its marker not."""
        length = self.settings.query_length if role == "query" else self.settings.document_length
        return length - (self._markers[role] is not None)

    def _encoded(self, texts: Sequence[str], role: Role, **options: Any) -> BatchEncoding:
        encoded: BatchEncoding = self.tokenizer(
            list(texts),
            truncation=True,
            max_length=self._room(role),
            padding=False,
            return_attention_mask=False,
            return_token_type_ids=False,
            verbose=False,
            **options,
        )
        return encoded

    def _marked(self, tokens: list[int], role: Role) -> list[int]:
        marker = self._markers[role]
        if marker is None:
            return tokens
        after = 1 if tokens and tokens[0] in self.tokenizer.all_special_ids else 0
        return [*tokens[:after], marker, *tokens[after:]]

    @cached_property
    def _skipped(self) -> Tensor:
        vocabulary = self.tokenizer.get_vocab()
        return torch.tensor([vocabulary[word] for word in self.settings.skip_words if word in vocabulary])

    @cached_property
    def _punctuation(self) -> Tensor:
        """Ids of single punctuation characters: ASCII's as in ColBERT, and those of other scripts."""

        def is_punctuation(token: str) -> bool:
            bare = token.removeprefix("▁").removeprefix("Ġ")
            return len(bare) == 1 and (bare in string.punctuation or unicodedata.category(bare).startswith("P"))

        vocabulary = self.tokenizer.get_vocab()
        return torch.tensor(sorted(number for token, number in vocabulary.items() if is_punctuation(token)))
