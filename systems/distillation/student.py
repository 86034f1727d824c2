"""Encoders to start a student from: a multilingual encoder as it is, or the teacher's body with a new vocabulary."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

from harness.errors import DataError, UsageError
from systems.bitext import Pair
from systems.late_interaction.encoder import TokenEncoder
from systems.vocabulary import train_tokenizer, with_vocabulary


def multilingual_student(source: str | Path, teacher: TokenEncoder, device: str = "cpu") -> TokenEncoder:
    """A multilingual encoder, from a folder or hub id, as a student of a teacher.

    Raises:
        UsageError: when its vectors have other dimensions than the teacher's.
    """
    student = TokenEncoder.load(source, device=device)
    if student.dim != teacher.dim:
        raise UsageError(
            f"the student's vectors have {student.dim} dimensions, the teacher's {teacher.dim}",
            hint="choose a student of the same size, or one with a projection to it",
        )
    return student


def student_from_teacher(
    teacher: TokenEncoder, pairs: Sequence[Pair], *, vocabulary_size: int = 16_000, seed: int = 0
) -> TokenEncoder:
    """The teacher's body, copied, with a subword vocabulary learnt from both sides of the pairs.

    The body is as `with_vocabulary` makes it, the projection the teacher's.

    Args:
        teacher: the encoder to learn from; it is left as it is.
        pairs: what the vocabulary is learnt from.
        vocabulary_size: pieces at most, special tokens included.
        seed: of embeddings without a counterpart.

    Raises:
        DataError: when there are no pairs.
    """
    if not pairs:
        raise DataError("no sentence pairs to learn a vocabulary from")
    markers = [m for m in (teacher.settings.query_marker, teacher.settings.document_marker) if m]
    texts = (text for pair in pairs for text in (pair.source, pair.target))
    tokenizer = train_tokenizer(
        texts, vocabulary_size, max_length=teacher.tokenizer.model_max_length, extra_tokens=markers
    )
    body = with_vocabulary(teacher.body, teacher.tokenizer, tokenizer, seed)
    student = TokenEncoder(body, copy.deepcopy(teacher.projection), tokenizer, teacher.settings)
    student.to(teacher.device)
    return student
