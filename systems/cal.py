"""CAL: contextual alignment without transport, the counterpart that shows the contribution of optimal transport.

The same teacher, student, parallel text and steps as `optical`, with the coupling constraint dropped, so that each
token is aligned with its nearest counterpart: with C[i, j] = 1 - student_i . teacher_j, the loss of a sentence pair is
1/2 (mean over i of min over j of C[i, j] + mean over j of min over i of C[i, j]). Both terms are one-sided relaxations
of the transport problem, so OPTICAL minus CAL on a leaderboard is the contribution of the constraint.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from clir_harness.harness.system import register_system
from clir_harness.systems.distillation.settings import Distillation, Loss
from clir_harness.systems.distillation.system import Distilled


class CALTraining(Distillation):
    """Settings of CAL's training."""

    loss: Loss = Field("nearest", description="training loss; see clir_harness.systems.distillation.losses")


@register_system("cal")
class CAL(Distilled):
    """The student trained with the `nearest` loss."""

    summary = "as optical, each token aligned to its nearest counterpart instead of transport"
    Training: ClassVar[type[Distillation]] = CALTraining
