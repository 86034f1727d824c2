"""Students to start from: what carries over from the teacher, and what is new."""

from pathlib import Path

import pytest
import torch

from clir_harness.harness.collections.embedded.bitext import bitext
from clir_harness.harness.errors import DataError
from clir_harness.systems.distillation.student import student_from_teacher
from clir_harness.systems.late_interaction.encoder import TokenEncoder
from clir_harness.systems.late_interaction.maxsim import text_scores
from clir_harness.systems.parallel_text.bitext import SentencePair
from clir_harness.systems.training.pairs import mean_reciprocal_rank


def test_the_body_carries_over_and_the_vocabulary_grows(teacher: TokenEncoder, pairs: list[SentencePair]) -> None:
    before = teacher.digest()
    student = student_from_teacher(teacher, pairs, vocabulary_size=600)
    assert teacher.digest() == before
    theirs, ours = teacher.body.state_dict(), student.body.state_dict()
    assert torch.equal(ours["encoder.layer.1.output.dense.weight"], theirs["encoder.layer.1.output.dense.weight"])
    assert torch.equal(ours["embeddings.position_embeddings.weight"], theirs["embeddings.position_embeddings.weight"])
    assert teacher.tokenizer.get_vocab().items() < student.tokenizer.get_vocab().items()
    words = pairs[0].source.lower().split()
    assert student.tokenizer.unk_token_id not in student.tokenizer(" ".join(words))["input_ids"]


def test_before_any_training_translations_help_to_find_what_was_not_read(teacher: TokenEncoder) -> None:
    pairs = [SentencePair(source, target, str(i)) for i, (source, target) in enumerate(bitext("sw", 700))]
    train, held = pairs[:600], pairs[600:]

    def rank(translated: bool) -> float:
        student = student_from_teacher(teacher, train, vocabulary_size=2000, translated=translated)
        return mean_reciprocal_rank(
            [(pair.source, pair.target) for pair in held],
            lambda queries, texts: text_scores(student.encode(queries, "query"), teacher.encode(texts, "query")),
        )

    assert rank(translated=True) > 1.5 * rank(translated=False)


def test_a_student_is_the_same_every_time_and_survives_saving(
    teacher: TokenEncoder, pairs: list[SentencePair], tmp_path: Path
) -> None:
    student = student_from_teacher(teacher, pairs, vocabulary_size=600)
    assert student_from_teacher(teacher, pairs, vocabulary_size=600).digest() == student.digest()
    student.save(tmp_path / "student")
    assert TokenEncoder.load(tmp_path / "student").digest() == student.digest()


def test_no_pairs_no_vocabulary(teacher: TokenEncoder) -> None:
    with pytest.raises(DataError, match="no sentence pairs"):
        student_from_teacher(teacher, [])
