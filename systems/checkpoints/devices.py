"""Device selection."""

from __future__ import annotations

import torch

from clir_harness.harness.errors import UsageError


def choose_device(name: str) -> torch.device:
    """The device that a setting names; `auto` is a GPU if there is one.

    Raises:
        UsageError: when there is no such device.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:  # torch asserts that it was built for the device
        reason = str(error).splitlines()[0]
        raise UsageError(f"cannot use the device '{name}': {reason}", hint="name auto, cpu or cuda") from None
