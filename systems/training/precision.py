"""Training precision: bfloat16 if the device supports it."""

from __future__ import annotations

import torch

from clir_harness.systems.training.settings import Precision


def trains_in_bfloat16(precision: Precision, device: torch.device) -> bool:
    """Whether to use autocast to bfloat16.

    A CPU without instructions for it emulates it, many times slower than float32.

    Args:
        precision: what the settings ask for; "auto" decides by what the device can do.
        device: that the model is trained on.

    Returns:
        True for bfloat16, false for float32.
    """
    if precision != "auto":
        return precision == "bfloat16"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    found = torch.cpu.get_capabilities()
    return any(found.get(name, False) for name in ("amx_bf16", "avx512_bf16", "sve_bf16"))
