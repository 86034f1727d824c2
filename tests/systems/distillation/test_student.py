"""Students to start from: what carries over from the teacher, and what is new."""

from pathlib import Path

import pytest
import torch

from harness.errors import DataError, UsageError
from systems.bitext import Pair
from systems.distillation.student import multilingual_student, student_from_teacher
from systems.late_interaction.encoder import TokenEncoder
from systems.vocabulary import train_tokenizer

from .conftest import make_teacher


def test_the_body_carries_over_and_the_vocabulary_is_new(teacher: TokenEncoder, pairs: list[Pair]) -> None:
    before = teacher.digest()
    student = student_from_teacher(teacher, pairs, vocabulary_size=600)
    assert teacher.digest() == before
    theirs, ours = teacher.body.state_dict(), student.body.state_dict()
    assert torch.equal(ours["encoder.layer.1.output.dense.weight"], theirs["encoder.layer.1.output.dense.weight"])
    assert torch.equal(ours["embeddings.position_embeddings.weight"], theirs["embeddings.position_embeddings.weight"])
    assert len(student.tokenizer) != len(teacher.tokenizer)
    words = pairs[0].source.lower().split()
    assert student.tokenizer.unk_token_id not in student.tokenizer(" ".join(words))["input_ids"]


def test_pieces_that_the_teacher_knows_start_from_its_embeddings(teacher: TokenEncoder, pairs: list[Pair]) -> None:
    student = student_from_teacher(teacher, pairs, vocabulary_size=600)
    theirs, ours = teacher.tokenizer.get_vocab(), student.tokenizer.get_vocab()
    old, new = (e.body.get_input_embeddings().weight for e in (teacher, student))
    shared = sorted(set(theirs) & set(ours))
    assert {"[CLS]", "[MASK]", "[PAD]"} < set(shared)
    assert len(shared) > 50
    for piece in shared:
        torch.testing.assert_close(new[ours[piece]], old[theirs[piece]])


def test_a_student_is_the_same_every_time_and_survives_saving(
    teacher: TokenEncoder, pairs: list[Pair], tmp_path: Path
) -> None:
    student = student_from_teacher(teacher, pairs, vocabulary_size=600)
    assert student_from_teacher(teacher, pairs, vocabulary_size=600).digest() == student.digest()
    student.save(tmp_path / "student")
    assert TokenEncoder.load(tmp_path / "student").digest() == student.digest()


def test_pieces_that_the_teacher_cannot_write_start_from_noise_by_the_seed(
    teacher: TokenEncoder, pairs: list[Pair]
) -> None:
    amharic = [*pairs, *[Pair("ዝናብ", "rain", "am")] * 20]
    one, two = (student_from_teacher(teacher, amharic, vocabulary_size=600, seed=seed) for seed in (0, 1))
    new = [one.tokenizer.get_vocab()[piece] for piece in one.tokenizer.tokenize("ዝናብ")]
    assert one.tokenizer.unk_token_id not in new
    left, right = (student.body.get_input_embeddings().weight for student in (one, two))
    same = (left == right).all(1)
    assert not same[new].any()
    assert same.sum() > 500


def test_accents_are_kept_case_is_not() -> None:
    tokenizer = train_tokenizer(["Été ẹ̀kọ́"] * 5, 60)
    assert tokenizer.decode(tokenizer("ÉTÉ")["input_ids"], skip_special_tokens=True) == "été"


def test_a_multilingual_encoder_is_taken_as_it_is_if_it_fits(
    teacher: TokenEncoder, pairs: list[Pair], tmp_path: Path
) -> None:
    teacher.save(tmp_path / "same")
    make_teacher(pairs, hidden=16).save(tmp_path / "narrow")
    assert multilingual_student(tmp_path / "same", teacher).digest() == teacher.digest()
    with pytest.raises(UsageError, match="16 dimensions, the teacher's 32"):
        multilingual_student(tmp_path / "narrow", teacher)


def test_no_pairs_no_vocabulary(teacher: TokenEncoder) -> None:
    with pytest.raises(DataError, match="no sentence pairs"):
        student_from_teacher(teacher, [])
