"""The four alignment losses against sums worked out by hand and by brute force."""

import itertools

import pytest
import torch
from torch import Tensor

from clir_harness.harness.errors import UnknownNameError, UsageError
from clir_harness.systems.distillation.losses import Loss, alignment_loss

# Two student tokens at 0 and 90 degrees; teacher tokens at 0, 90 and 180. Costs 1 - cos: rows [0, 1, 2] and [1, 0, 1].
STUDENT = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
TEACHER = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]])
LOSSES: tuple[Loss, ...] = ("transport", "nearest", "mean", "position")


def everything(vectors: Tensor) -> Tensor:
    return torch.ones(vectors.shape[:2], dtype=torch.bool)


def unit(*shape: int, seed: int = 0) -> Tensor:
    return torch.nn.functional.normalize(torch.randn(*shape, generator=torch.Generator().manual_seed(seed)), dim=-1)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        # masses 1/2 to 1/3: rows give 1/3 and 1/6, 0 and 1/3 -> 1/6 from the first to the second at cost 1,
        # then the second gives 1/6 to itself and 1/3 to the third at cost 1
        ("transport", 1 / 6 + 1 / 3),
        ("nearest", 0.5 * (0 + (0 + 0 + 1) / 3)),
        ("mean", ((1 / 2 - 0) ** 2 + (1 / 2 - 1 / 3) ** 2) / 2),
        ("position", 0.0),
    ],
)
def test_losses_of_a_small_pair_worked_out_by_hand(loss: Loss, expected: float) -> None:
    found = alignment_loss(STUDENT, TEACHER, everything(STUDENT), everything(TEACHER), loss=loss, solver="exact")
    assert float(found) == pytest.approx(expected, abs=1e-6)


def test_transport_between_equal_lengths_is_the_best_permutation() -> None:
    student, teacher = unit(1, 5, 8), unit(1, 5, 8, seed=1)
    cost = 1 - student[0] @ teacher[0].T
    best = min(sum(float(cost[i, j]) for i, j in enumerate(p)) / 5 for p in itertools.permutations(range(5)))
    found = alignment_loss(student, teacher, everything(student), everything(teacher), solver="exact")
    assert float(found) == pytest.approx(best, abs=1e-6)


def test_dropping_the_coupling_never_costs_more() -> None:
    student, teacher = unit(6, 9, 8), unit(6, 7, 8, seed=1)
    masks = everything(student), everything(teacher)
    assert alignment_loss(student, teacher, *masks, loss="nearest") <= alignment_loss(student, teacher, *masks)


@pytest.mark.parametrize("loss", LOSSES)
def test_padding_changes_nothing_and_gets_no_gradient(loss: Loss) -> None:
    student, teacher = unit(1, 4, 8).requires_grad_(), unit(1, 3, 8, seed=1)
    plain = alignment_loss(student, teacher, everything(student), everything(teacher), loss=loss)
    padded = torch.cat([student.detach(), unit(1, 2, 8, seed=2)], 1).requires_grad_()
    mask = torch.tensor([[True] * 4 + [False] * 2])
    found = alignment_loss(padded, teacher, mask, everything(teacher), loss=loss)
    torch.testing.assert_close(found, plain, atol=1e-5, rtol=1e-4)
    found.backward()
    assert padded.grad is not None
    assert padded.grad[:, 4:].count_nonzero() == 0
    assert padded.grad[:, :4].count_nonzero() > 0


@pytest.mark.parametrize("loss", LOSSES)
def test_a_pair_without_tokens_counts_zero_in_the_mean(loss: Loss) -> None:
    student, teacher = unit(2, 4, 8).requires_grad_(), unit(2, 3, 8, seed=1)
    mask = everything(student)
    alone = alignment_loss(student[:1], teacher[:1], mask[:1], everything(teacher)[:1], loss=loss)
    mask = torch.tensor([[True] * 4, [False] * 4])
    found = alignment_loss(student, teacher, mask, everything(teacher), loss=loss)
    torch.testing.assert_close(found, alone / 2, atol=1e-6, rtol=1e-5)
    found.backward()
    assert student.grad is not None
    assert torch.isfinite(student.grad).all()


@pytest.mark.parametrize("loss", LOSSES)
def test_a_step_along_the_gradient_lowers_the_loss(loss: Loss) -> None:
    raw, teacher = torch.randn(3, 6, 8, generator=torch.Generator().manual_seed(3)).requires_grad_(), unit(3, 5, 8)

    def value() -> Tensor:
        vectors = torch.nn.functional.normalize(raw, dim=-1)
        return alignment_loss(vectors, teacher, everything(raw), everything(teacher), loss=loss, solver="exact")

    before = value()
    before.backward()
    assert raw.grad is not None
    with torch.no_grad():
        raw -= 0.1 * raw.grad
    assert value() < before


def test_the_position_loss_numbers_the_tokens_that_count() -> None:
    mask = torch.tensor([[False, True]])
    # the student's only token that counts, at 90 degrees, meets the teacher's first, at 0
    assert alignment_loss(STUDENT, TEACHER, mask, everything(TEACHER), loss="position") == pytest.approx(1.0)


def test_bad_requests_say_what_was_expected() -> None:
    with pytest.raises(UnknownNameError, match="unknown loss 'transprot'"):
        alignment_loss(STUDENT, TEACHER, everything(STUDENT), everything(TEACHER), loss="transprot")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="2 dimensions, the teacher's 8"):
        alignment_loss(STUDENT, unit(1, 3, 8), everything(STUDENT), everything(TEACHER))


def test_a_plan_that_is_not_detached_brings_the_gradient_of_the_whole_computation() -> None:
    """Against central differences of the loss itself; the detached plan's gradient leaves the plan's own change out."""
    teacher, student = unit(1, 3, 4, seed=2), unit(1, 4, 4, seed=1)

    def loss(vectors: Tensor, *, detach: bool) -> Tensor:
        return alignment_loss(
            vectors, teacher, everything(student), everything(teacher), beta=0.5, iterations=5, detach=detach
        )

    gradients = {}
    for detach in (True, False):
        vectors = student.clone().requires_grad_()
        loss(vectors, detach=detach).backward()
        assert vectors.grad is not None
        gradients[detach] = vectors.grad
    step = 1e-2
    differences = torch.zeros_like(student)
    for place in itertools.product(*map(range, student.shape)):
        moved = torch.zeros_like(student)
        moved[place] = step
        with torch.no_grad():
            change = loss(student + moved, detach=False) - loss(student - moved, detach=False)
        differences[place] = change / (2 * step)
    assert torch.allclose(gradients[False], differences, atol=2e-3)
    assert not torch.allclose(gradients[True], differences, atol=2e-3)


def test_only_the_iterations_of_ipot_can_be_differentiated() -> None:
    with pytest.raises(UsageError, match="no gradient runs through solver 'exact'"):
        alignment_loss(STUDENT, TEACHER, everything(STUDENT), everything(TEACHER), solver="exact", detach=False)
