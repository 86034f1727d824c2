"""A text encoder: a transformer whose token states are pooled into one vector."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from harness.errors import DataError
from systems.dense.checkpoint import read_dense, read_transformer, write_dense
from systems.dense.recipe import Choices, Recipe, Role, read_recipe, write_recipe
from systems.late_interaction.checkpoint import read_tokenizer
from systems.late_interaction.sources import model_folder

Vectors = NDArray[np.float32]
_OFFSET_POSITIONS = ("roberta", "xlm-roberta", "camembert")


class TextEncoder(nn.Module):  # type: ignore[misc]
    """Texts to vectors.

    Args:
        body: the transformer.
        tokenizer: its fast tokenizer.
        recipe: from token states to a vector.
        dense: layer between pooling and normalisation; None for none.
        query_length: tokens of a query, special ones and prompt included; the rest is cut off.
        passage_length: the same for a passage.

    Raises:
        DataError: when tokenizer, body and dense layer do not fit one another.
    """

    body: PreTrainedModel
    dense: nn.Sequential | None

    def __init__(
        self,
        body: PreTrainedModel,
        tokenizer: PreTrainedTokenizerFast,
        recipe: Recipe,
        dense: nn.Sequential | None = None,
        query_length: int = 64,
        passage_length: int = 256,
    ) -> None:
        super().__init__()
        self.body, self.tokenizer, self.recipe, self.dense = body, tokenizer, recipe, dense
        limit = _longest_input(body, tokenizer)
        self.lengths: dict[Role, int] = {"query": min(query_length, limit), "passage": min(passage_length, limit)}
        self._check()

    @classmethod
    def load(
        cls,
        source: str | Path,
        choices: Choices | None = None,
        *,
        query_length: int = 64,
        passage_length: int = 256,
        device: str | torch.device = "cpu",
    ) -> TextEncoder:
        """Load any Hugging Face encoder, DPR's and sentence-transformers' included; float32, evaluation mode.

        Args:
            source: a folder, or a model hub id.
            choices: what shall hold in place of what the model's own files say.
            query_length, passage_length: longest texts, or the model's own limit if less.
            device: where to put it.

        Raises:
            MissingDataError: when the folder, its weights or its tokenizer are absent, or the hub is out of reach.
            DataError: when the parts are damaged or do not fit one another.
        """
        folder = model_folder(source)
        recipe = read_recipe(folder, choices or Choices())
        tokenizer, body = read_tokenizer(recipe.body), read_transformer(recipe.body)
        dense = None if recipe.dense is None else read_dense(recipe.dense)
        try:
            encoder = cls(body, tokenizer, recipe, dense, query_length, passage_length)
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
        place = write_recipe(self.recipe, self.body.config.hidden_size, folder)
        if place is not None and self.dense is not None:
            write_dense(self.dense, place)

    @property
    def dim(self) -> int:
        """Dimensions of a vector."""
        return int(self.body.config.hidden_size if self.dense is None else self.dense[0].out_features)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    def tokenize(self, texts: Sequence[str], role: Role) -> dict[str, Tensor]:
        """Token ids of texts after the role's prompt, cut, and padded on the right to the longest of them.

        Returns:
            `input_ids` and `attention_mask`, integers (B, T), on the module's device.
        """
        return self._pad(self._rows(texts, role))

    def split(self, text: str) -> list[str]:
        """A text in pieces that fit a passage one by one, prompt included; cut between tokens, without overlap."""
        room = self.lengths["passage"] - self.tokenizer.num_special_tokens_to_add()
        room -= len(self.tokenizer(self.recipe.passage_prompt, add_special_tokens=False)["input_ids"])
        offsets = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        spans = [span for span in offsets["offset_mapping"] if span[1] > span[0]]
        step = max(1, room)
        pieces = [text[spans[i][0] : spans[min(i + step, len(spans)) - 1][1]] for i in range(0, len(spans), step)]
        return pieces or [text]

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Vectors (B, dim) in float32."""
        states = self.body(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state.float()
        if self.recipe.pooling == "cls":
            vectors = states[:, 0]
        else:
            weights = attention_mask.unsqueeze(-1).to(states.dtype)
            vectors = (states * weights).sum(1) / weights.sum(1).clamp_min(1)
        if self.dense is not None:
            vectors = self.dense(vectors).float()
        return functional.normalize(vectors, dim=-1) if self.recipe.normalise else vectors

    def encode(
        self,
        texts: Sequence[str],
        role: Role,
        *,
        batch_size: int = 32,
        on_progress: Callable[[int], None] | None = None,
    ) -> Vectors:
        """Vectors (texts, dim) in the order of the texts.

        Args:
            texts: cut at the role's length.
            role: which side of the search they are on.
            batch_size: texts encoded at once; it does not bear on the result.
            on_progress: called with the number of texts done so far, after every batch.
        """
        vectors = np.empty((len(texts), self.dim), np.float32)
        rows = self._rows(texts, role)
        by_length = sorted(range(len(rows)), key=lambda number: -len(rows[number]))
        was_training = self.training
        self.eval()
        try:
            with torch.inference_mode():
                for start in range(0, len(by_length), batch_size):
                    batch = by_length[start : start + batch_size]
                    vectors[batch] = self(**self._pad([rows[number] for number in batch])).cpu().numpy()
                    if on_progress is not None:
                        on_progress(start + len(batch))
        finally:
            self.train(was_training)
        return vectors

    def digest(self) -> str:
        """Digest (hex) of weights, tokenizer, recipe and lengths: equal for what `save` wrote and `load` read."""
        digest = hashlib.blake2b(digest_size=16)
        for name, tensor in sorted(self.state_dict().items()):
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\0".encode())
            digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
        tokenizer = json.loads(self.tokenizer.backend_tokenizer.to_str())
        kept = {key: value for key, value in tokenizer.items() if key not in ("truncation", "padding")}
        recipe = [self.recipe.pooling, self.recipe.normalise, self.recipe.query_prompt, self.recipe.passage_prompt]
        digest.update(json.dumps([kept, recipe, self.lengths], sort_keys=True).encode())
        return digest.hexdigest()

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

    def _pad(self, rows: Sequence[Sequence[int]]) -> dict[str, Tensor]:
        width = max(map(len, rows), default=0)
        ids = torch.full((len(rows), width), self.tokenizer.pad_token_id or 0, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for number, row in enumerate(rows):
            ids[number, : len(row)] = torch.tensor(row, dtype=torch.long)
            mask[number, : len(row)] = 1
        return {"input_ids": ids.to(self.device), "attention_mask": mask.to(self.device)}

    def _check(self) -> None:
        hidden, rows = self.body.config.hidden_size, self.body.get_input_embeddings().num_embeddings
        largest = max(self.tokenizer.get_vocab().values(), default=-1)
        if largest >= rows:
            raise DataError(
                f"the tokenizer's ids go up to {largest}, the model has embeddings for {rows}",
                hint="give the model its own tokenizer, or resize the embeddings and train them",
            )
        if self.dense is not None and self.dense[0].in_features != hidden:
            raise DataError(
                f"the dense layer takes vectors of {self.dense[0].in_features} dimensions, the model gives {hidden}",
                hint="use the dense layer that was trained with this model",
            )


def _longest_input(body: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> int:
    """Tokens that the model takes at most; very many where neither part has a limit."""
    positions = getattr(body.config, "max_position_embeddings", None) or 10**9
    if body.config.model_type in _OFFSET_POSITIONS:  # these count positions from the padding's id plus one
        positions -= (body.config.pad_token_id or 0) + 1
    return int(min(tokenizer.model_max_length, positions))
