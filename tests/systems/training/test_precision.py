"""Training in bfloat16 only where the processor computes in it, unless told otherwise."""

import torch

from clir_harness.systems.training.precision import trains_in_bfloat16

CPU = torch.device("cpu")


def test_what_is_asked_for_is_done() -> None:
    assert trains_in_bfloat16("bfloat16", CPU)
    assert not trains_in_bfloat16("float32", CPU)


def test_by_default_the_processor_decides() -> None:
    found = torch.cpu.get_capabilities()
    assert trains_in_bfloat16("auto", CPU) == bool(found.get("amx_bf16") or found.get("avx512_bf16"))
