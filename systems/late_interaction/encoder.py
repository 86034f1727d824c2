"""A token encoder: a transformer, optionally a linear projection, and unit vectors for the tokens that count."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from clir_harness.harness.errors import DataError
from clir_harness.harness.progress import Progress, no_progress
from clir_harness.systems.checkpoints.digests import model_digest, plain_tokenizer
from clir_harness.systems.checkpoints.inference import encode_in_batches
from clir_harness.systems.checkpoints.reading import (
    POOLER,
    PROJECTION,
    longest_input,
    projection_of,
    read_body,
    read_tokenizer,
    require_embeddings,
)
from clir_harness.systems.checkpoints.sources import SETTINGS_FILE, model_folder
from clir_harness.systems.late_interaction.pylate import is_pylate, read_pylate_settings, read_steps
from clir_harness.systems.late_interaction.settings import (
    COLBERT_SETTINGS,
    EncoderSettings,
    read_settings,
)
from clir_harness.systems.late_interaction.tokenization import Role, RoleTokenizer, Tokens

__all__ = ["EncoderSettings", "Role", "TokenEncoder", "TokenVectors"]

TokenVectors = NDArray[np.float32]
"""(tokens, dim), rows of unit L2 norm."""


class TokenEncoder(nn.Module):  # type: ignore[misc]
    """Texts to token vectors of unit L2 norm.

    Args:
        body: the transformer; its hidden states are used, never its pooler.
        projection: linear map without bias onto fewer dimensions, as ColBERT has it; None for none.
        tokenizer: the body's fast tokenizer.
        settings: lengths, markers, layer.

    Raises:
        DataError: when tokenizer, body, projection and settings do not fit one another.
    """

    body: PreTrainedModel
    projection: nn.Linear | None

    def __init__(
        self,
        body: PreTrainedModel,
        projection: nn.Linear | None,
        tokenizer: PreTrainedTokenizerFast,
        settings: EncoderSettings,
    ) -> None:
        super().__init__()
        _require_fit(body, projection, tokenizer, settings)
        self.body, self.projection = body, projection
        self.tokenizer, self.settings = tokenizer, settings
        self._tokens = RoleTokenizer(tokenizer, settings)

    @classmethod
    def load(
        cls, source: str | Path, *, settings: EncoderSettings | None = None, device: str | torch.device = "cpu"
    ) -> TokenEncoder:
        """Load a Hugging Face encoder, a checkpoint of ColBERT or PyLate, or what `save` wrote; in evaluation mode.

        Args:
            source: a folder, or a model hub id.
            settings: instead of those kept with the model. Where neither says anything, ColBERT's for a
                checkpoint with a projection, else the defaults, shortened to what the model can take.
            device: where to put it.

        Returns:
            The encoder, on the device.

        Raises:
            MissingDataError: when the folder, its weights or its tokenizer are absent, or the hub is out of reach.
            DataError: when the parts are damaged or do not fit one another.
        """
        folder = model_folder(source)
        place, weight = read_steps(folder) if is_pylate(folder) else (folder, None)
        tokenizer = read_tokenizer(place)
        body, projection = read_body(place)
        if weight is not None:
            projection = projection_of(weight)
        if settings is None:
            settings = read_settings(folder) if weight is None else read_pylate_settings(folder)
        if settings is None:
            settings = EncoderSettings() if projection is None else COLBERT_SETTINGS
            limit = longest_input(body, tokenizer)
            lengths = {name: min(getattr(settings, name), limit) for name in ("query_length", "document_length")}
            settings = settings.model_copy(update=lengths)
        if projection is not None and weight is None and not (folder / SETTINGS_FILE).is_file():
            settings = _with_known_markers(settings, tokenizer)
        try:
            encoder = cls(body, projection, tokenizer, settings)
        except DataError as error:
            raise DataError(error.message, path=folder, hint=error.hint) from None
        encoder.to(device).eval()
        return encoder

    def with_settings(self, **changes: Any) -> TokenEncoder:
        """An encoder of the same modules, with some settings changed; in the same mode.

        Raises:
            DataError: when body or tokenizer do not allow the change.
        """
        settings = EncoderSettings(**{**self.settings.model_dump(), **changes})
        other: TokenEncoder = TokenEncoder(self.body, self.projection, self.tokenizer, settings).train(self.training)
        return other

    def save(self, folder: Path) -> None:
        """Write weights (safetensors), configuration, tokenizer and settings into a folder, made when absent.

        The layout is a Hugging Face encoder's, the projection beside the body's weights; the pooler is left out.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.body.config.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)
        save_file(self._weights(), folder / "model.safetensors", metadata={"format": "pt"})
        (folder / SETTINGS_FILE).write_text(self.settings.model_dump_json(indent=1) + "\n", encoding="utf-8")

    @property
    def dim(self) -> int:
        """Dimensions of a token vector."""
        return int(self.body.config.hidden_size if self.projection is None else self.projection.out_features)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    def tokenize(self, texts: Sequence[str], role: Role) -> dict[str, Tensor]:
        """Token ids of texts, cut at the role's length and padded on the right to the longest of them.

        Args:
            texts: to encode.
            role: which side of the search they are on.

        Returns:
            `input_ids` and `attention_mask`, integers (B, T), and `scored`, booleans (B, T): the positions that count
            in MaxSim. Special tokens and markers do, as in ColBERT; padding does not; the [MASK]s of augmented queries
            do; punctuation of documents does unless the settings skip it. All are on the module's device.
        """
        return self._padded(self._tokens.rows(texts, role), role)

    def passages(self, texts: Sequence[str], stride: int = 0) -> list[list[list[int]]]:
        """Token ids of each text's passages, every one of at most `document_length` tokens, for `encode_tokens`.

        Args:
            texts: texts of any length. A text without a token of its own has no passage.
            stride: tokens that a passage shares with the one before.

        Returns:
            For each text, token ids of each of its passages.

        Raises:
            UsageError: when a passage has no room beside what it shares.
        """
        return self._tokens.passages(texts, stride)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, scored: Tensor | None = None) -> Tensor:
        """Token vectors (B, T, dim), float32: rows of unit L2 norm where `scored`, zeros elsewhere.

        Args:
            input_ids: (B, T).
            attention_mask: (B, T), 1 for tokens that may be attended to.
            scored: (B, T), positions that count; the attended ones when absent.

        Returns:
            The vectors, with gradients in training.
        """
        if self.settings.layer == -1:
            states = self.body(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        else:
            found = self.body(input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=True)
            states = found.hidden_states[self.settings.layer]
        if self.projection is not None:
            states = self.projection(states)
        counted = attention_mask if scored is None else scored
        return nn.functional.normalize(states.float(), dim=-1) * counted.unsqueeze(-1)

    def encode(
        self,
        texts: Sequence[str],
        role: Role,
        *,
        batch_size: int = 32,
        progress: Progress = no_progress,
    ) -> list[TokenVectors]:
        """Vectors (tokens, dim) of each text's scored tokens, in the order of the texts.

        Args:
            texts: cut at the role's length.
            role: which side of the search they are on.
            batch_size: texts encoded at once; it does not change the result.
            progress: progress callback, called after every batch.

        Returns:
            Float32 arrays, rows of unit L2 norm.
        """
        return self.encode_tokens(self._tokens.rows(texts, role), role, batch_size=batch_size, progress=progress)

    def encode_tokens(
        self,
        rows: Sequence[Tokens],
        role: Role,
        *,
        batch_size: int = 32,
        progress: Progress = no_progress,
    ) -> list[TokenVectors]:
        """The same as `encode`, for rows of token ids such as `passages` gives.

        Args:
            rows: token ids of each text.
            role: which side of the search they are on.
            batch_size: rows encoded at once.
            progress: progress callback, called after every batch.

        Returns:
            As `encode`.
        """
        vectors: dict[int, TokenVectors] = {}

        def encode(batch: list[int]) -> None:
            padded = self._padded([rows[number] for number in batch], role)
            states, scored = self(**padded).cpu().numpy(), padded["scored"].cpu().numpy()
            vectors.update((number, state[kept]) for number, state, kept in zip(batch, states, scored, strict=True))

        encode_in_batches(self, rows, batch_size, encode, progress)
        return [vectors[number] for number in range(len(rows))]

    def digest(self) -> str:
        """Digest (hex) of weights, configuration, tokenizer and settings; what `save` wrote, `load` reads, is equal."""
        parts = (_plain_config(self.body), plain_tokenizer(self.tokenizer), self.settings.model_dump())
        return model_digest(self._weights(), *parts)

    def _padded(self, rows: Sequence[Tokens], role: Role) -> dict[str, Tensor]:
        return {name: tensor.to(self.device) for name, tensor in self._tokens.pad(rows, role).items()}

    def _weights(self) -> dict[str, Tensor]:
        """All weights that affect the vectors; a pooler does not, and is random where a checkpoint has none."""
        weights = {name: tensor for name, tensor in self.body.state_dict().items() if not name.startswith(POOLER)}
        if self.projection is not None:
            weights[PROJECTION] = self.projection.weight
        return {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}


def _with_known_markers(settings: EncoderSettings, tokenizer: PreTrainedTokenizerFast) -> EncoderSettings:
    """Markers as ColBERT's code finds them: the unknown token where a vocabulary lacks one, as XLM-R's does."""
    vocabulary = tokenizer.get_vocab()
    markers = {name: getattr(settings, name) for name in ("query_marker", "document_marker")}
    lacking = {name: tokenizer.unk_token for name, marker in markers.items() if marker and marker not in vocabulary}
    return settings.model_copy(update=lacking) if tokenizer.unk_token else settings


def _require_fit(
    body: PreTrainedModel,
    projection: nn.Linear | None,
    tokenizer: PreTrainedTokenizerFast,
    settings: EncoderSettings,
) -> None:
    hidden, layers = body.config.hidden_size, body.config.num_hidden_layers
    require_embeddings(body, tokenizer)
    if projection is not None and projection.in_features != hidden:
        raise DataError(
            f"the projection takes vectors of {projection.in_features} dimensions, the body gives {hidden}",
            hint="use the projection that was trained with this body",
        )
    if not -layers - 1 <= settings.layer <= layers:
        raise DataError(f"there is no layer {settings.layer}", hint=f"expected {-layers - 1} to {layers}")
    limit = longest_input(body, tokenizer)
    for name in ("query_length", "document_length"):
        if (length := getattr(settings, name)) > limit:
            raise DataError(f"{name} is {length}, the model takes {limit} tokens", hint=f"lower {name}")


def _plain_config(body: PreTrainedModel) -> dict[str, Any]:
    """The architecture, without what saving adds to it."""
    found = body.config.to_diff_dict()
    added = ("transformers_version", "_name_or_path", "dtype", "architectures")
    return {key: value for key, value in found.items() if key not in added}
