"""OPTICAL: a cross-lingual ColBERT student, distilled from an English teacher by optimal transport.

After Huang, Yu and Allan (WSDM 2023), "Improving Cross-lingual Information Retrieval on Low-Resource Languages via
Optimal Transport Distillation", https://arxiv.org/abs/2301.12566. The student learns from parallel text alone: it is
drawn to put the tokens of a sentence where the teacher puts those of its translation, each token's share of the mass
moved by the cheapest transport plan. It inherits relevance matching from the teacher, whose vectors
it searches.
"""

from __future__ import annotations

from clir_harness.harness.system import register_system
from clir_harness.systems.distillation.system import Distilled


@register_system("optical")
class OPTICAL(Distilled):
    """The student trained with the `transport` loss."""

    summary = "late interaction with a student distilled from an English teacher by optimal transport"
