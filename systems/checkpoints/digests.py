"""Digests of models, the same for what is in memory and for what was saved and loaded again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


def model_digest(weights: Mapping[str, Tensor], *parts: Any) -> str:
    """Digest (hex) of a model.

    Args:
        weights: by name.
        parts: whatever else its vectors depend on, as values that JSON can hold.

    Returns:
        128 bits.
    """
    digest = hashlib.blake2b(digest_size=16)
    for name, tensor in sorted(weights.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\0".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    for part in parts:
        digest.update(json.dumps(part, sort_keys=True, default=str).encode())
    return digest.hexdigest()


def plain_tokenizer(tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    """The tokenizer's own file, without the truncation and padding of whoever used it last."""
    found: dict[str, Any] = json.loads(tokenizer.backend_tokenizer.to_str())
    return {key: value for key, value in found.items() if key not in ("truncation", "padding")}
