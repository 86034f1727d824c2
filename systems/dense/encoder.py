"""A text encoder: a transformer whose token states are pooled into one vector."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import normalizers
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from clir_harness.harness.errors import DataError
from clir_harness.harness.progress import Progress, no_progress
from clir_harness.systems.checkpoints.digests import model_digest, plain_tokenizer
from clir_harness.systems.checkpoints.inference import encode_in_batches
from clir_harness.systems.checkpoints.reading import positions, read_tokenizer, require_embeddings
from clir_harness.systems.checkpoints.sources import model_folder
from clir_harness.systems.dense.checkpoint import read_transformer
from clir_harness.systems.dense.layers import read_layers, width_after, write_layers
from clir_harness.systems.dense.pooling import pool
from clir_harness.systems.dense.recipe import Choices, Recipe, Role, read_recipe, write_recipe

Vectors = NDArray[np.float32]


class TextEncoder(nn.Module):  # type: ignore[misc]
    """Texts to vectors.

    Args:
        body: the transformer.
        tokenizer: its fast tokenizer.
        recipe: from token states to a vector.
        layers: what a vector goes through between pooling and normalisation; None for nothing.
        query_length: tokens of a query, special ones and prompt included, the rest being cut off; where it is None,
            what the recipe says. No more than the model takes.
        passage_length: the same for a passage.

    Raises:
        DataError: when tokenizer, body and layers do not fit one another.
    """

    body: PreTrainedModel
    layers: nn.Sequential

    def __init__(
        self,
        body: PreTrainedModel,
        tokenizer: PreTrainedTokenizerFast,
        recipe: Recipe,
        layers: nn.Sequential | None = None,
        query_length: int | None = None,
        passage_length: int | None = None,
    ) -> None:
        super().__init__()
        self.body, self.tokenizer, self.recipe = body, tokenizer, recipe
        self.layers = nn.Sequential() if layers is None else layers
        if recipe.lower_case:
            _fold_case(tokenizer)
        chosen: dict[Role, int | None] = {"query": query_length, "passage": passage_length}
        limit = positions(body) or tokenizer.model_max_length
        self.lengths = {role: int(min(recipe.length(role, length), limit)) for role, length in chosen.items()}
        require_embeddings(body, tokenizer)
        pooled = body.config.hidden_size * len(recipe.pooling.split("+"))
        self.dim = width_after(self.layers, pooled)

    @classmethod
    def load(
        cls,
        source: str | Path,
        choices: Choices | None = None,
        *,
        query_length: int | None = None,
        passage_length: int | None = None,
        device: str | torch.device = "cpu",
    ) -> TextEncoder:
        """Load any Hugging Face encoder, DPR's and sentence-transformers' included; float32, evaluation mode.

        Args:
            source: a folder, or a model hub id.
            choices: what overrides the model's own files.
            query_length, passage_length: longest texts instead of what the model's files say; or the model's own
                limit if less.
            device: where to put it.

        Returns:
            The encoder, on the device.

        Raises:
            MissingDataError: when the folder, its weights or its tokenizer are absent, or the hub is out of reach.
            DataError: when the parts are damaged or do not fit one another.
        """
        folder = model_folder(source)
        recipe = read_recipe(folder, choices or Choices())
        tokenizer, body = read_tokenizer(recipe.body), read_transformer(recipe.body)
        layers = read_layers(recipe.layers)
        try:
            encoder = cls(body, tokenizer, recipe, layers, query_length, passage_length)
        except DataError as error:
            raise DataError(error.message, path=folder, hint=error.hint) from None
        encoder.to(device).eval()
        return encoder

    def save(self, folder: Path) -> None:
        """Write weights (safetensors), tokenizer and recipe into a folder, made when absent.

        The layout is sentence-transformers', and the folder itself a Hugging Face encoder.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.body.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)
        write_layers(self.layers, write_recipe(self.recipe, self.body.config.hidden_size, folder))

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    def tokenize(self, texts: Sequence[str], role: Role) -> dict[str, Tensor]:
        """Token ids of texts after the role's prompt, cut, and padded on the right to the longest of them.

        Args:
            texts: to encode.
            role: which side of the search they are on.

        Returns:
            `input_ids`, `attention_mask` and `counted`, integers (B, T), on the module's device; see `forward`.
        """
        return self._pad(self._rows(texts, role), role)

    def split(self, text: str) -> list[str]:
        """A text in pieces that each fit a passage, prompt included; cut between tokens, without overlap."""
        room = self.lengths["passage"] - self.tokenizer.num_special_tokens_to_add()
        room -= len(self.tokenizer(self.recipe.passage_prompt, add_special_tokens=False)["input_ids"])
        offsets = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        spans = [span for span in offsets["offset_mapping"] if span[1] > span[0]]
        step = max(1, room)
        pieces = [text[spans[i][0] : spans[min(i + step, len(spans)) - 1][1]] for i in range(0, len(spans), step)]
        return pieces or [text]

    def forward(self, input_ids: Tensor, attention_mask: Tensor, counted: Tensor) -> Tensor:
        """Vectors (B, dim) in float32.

        Args:
            input_ids: (B, T).
            attention_mask: (B, T), 1 for tokens, 0 for padding.
            counted: (B, T), 1 for tokens that are pooled: all, or all except the prompt's.

        Returns:
            Of unit L2 norm if the recipe normalises.
        """
        states = self.body(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state.float()
        vectors = self.layers(pool(states, attention_mask, counted, self.recipe.pooling)).float()
        return functional.normalize(vectors, dim=-1) if self.recipe.normalise else vectors

    def encode(
        self,
        texts: Sequence[str],
        role: Role,
        *,
        batch_size: int = 32,
        progress: Progress = no_progress,
    ) -> Vectors:
        """Vectors (texts, dim) in the order of the texts.

        Args:
            texts: cut at the role's length.
            role: which side of the search they are on.
            batch_size: texts encoded at once; it does not change the result.
            progress: progress callback, called after every batch.

        Returns:
            Float32; rows of unit L2 norm if the recipe normalises.
        """
        vectors = np.empty((len(texts), self.dim), np.float32)
        rows = self._rows(texts, role)

        def encode(batch: list[int]) -> None:
            vectors[batch] = self(**self._pad([rows[number] for number in batch], role)).cpu().numpy()

        encode_in_batches(self, rows, batch_size, encode, progress)
        return vectors

    def digest(self) -> str:
        """Digest (hex) of weights, tokenizer, recipe and lengths: equal for what `save` wrote and `load` read."""
        how = self.recipe
        recipe = [how.pooling, how.normalise, how.query_prompt, how.passage_prompt, how.pool_prompt]
        recipe += [[layer.kind for layer in how.layers], [layer.config for layer in self.layers]]
        return model_digest(self.state_dict(), [plain_tokenizer(self.tokenizer), recipe, self.lengths])

    def _rows(self, texts: Sequence[str], role: Role) -> list[list[int]]:
        """Token ids with prompt and special tokens, cut."""
        if not texts:
            return []
        prompt = self.recipe.prompt(role)
        encoded = self.tokenizer(
            [prompt + text for text in texts],
            truncation=True,
            max_length=self.lengths[role],
            padding=False,
            return_attention_mask=False,
            return_token_type_ids=False,
            verbose=False,
        )
        rows: list[list[int]] = encoded["input_ids"]
        return rows

    def _pad(self, rows: Sequence[Sequence[int]], role: Role) -> dict[str, Tensor]:
        width = max(map(len, rows), default=0)
        ids = torch.full((len(rows), width), self.tokenizer.pad_token_id or 0, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for number, row in enumerate(rows):
            ids[number, : len(row)] = torch.tensor(row, dtype=torch.long)
            mask[number, : len(row)] = 1
        counted = mask.clone()
        counted[:, : self._uncounted(role)] = 0
        tensors = {"input_ids": ids, "attention_mask": mask, "counted": counted}
        return {name: tensor.to(self.device) for name, tensor in tensors.items()}

    def _uncounted(self, role: Role) -> int:
        """Tokens at the beginning that do not count in the pooling: a prompt's, and the special ones before it."""
        prompt = self.recipe.prompt(role)
        if self.recipe.pool_prompt or not prompt:
            return 0
        tokens = self.tokenizer(prompt)["input_ids"]
        return len(tokens) - (tokens[-1] in self.tokenizer.all_special_ids)


def _fold_case(tokenizer: PreTrainedTokenizerFast) -> None:
    """Make a tokenizer lower-case texts, before all else, where it does not do so already."""
    backend = tokenizer.backend_tokenizer
    state = json.dumps(json.loads(backend.to_str())["normalizer"])
    if '"Lowercase"' not in state and '"lowercase": true' not in state:
        first = [normalizers.Lowercase()]
        backend.normalizer = normalizers.Sequence(first + ([backend.normalizer] if backend.normalizer else []))
