"""The encoder that a student starts from: the teacher's body with a vocabulary for more languages."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from clir_harness.harness.errors import DataError
from clir_harness.systems.late_interaction.encoder import TokenEncoder
from clir_harness.systems.parallel_text.bitext import SentencePair
from clir_harness.systems.training.vocabulary import with_vocabulary


def student_from_teacher(
    teacher: TokenEncoder,
    pairs: Sequence[SentencePair],
    *,
    vocabulary_size: int = 16_000,
    translated: bool = True,
    seed: int = 0,
) -> TokenEncoder:
    """The teacher's body, copied, with a vocabulary and embeddings for the languages of the pairs.

    They are as `with_vocabulary` makes them, the projection is the teacher's.

    Args:
        teacher: the encoder to learn from; it is left as it is.
        pairs: what subwords and the embeddings to start from are learnt from.
        vocabulary_size: subwords learnt, at most.
        translated: let embeddings start from those of translations; if not, from how the teacher writes a piece.
        seed: of embeddings without a counterpart.

    Returns:
        The student, on the teacher's device.

    Raises:
        DataError: when there are no pairs.
    """
    if not pairs:
        raise DataError("no sentence pairs to learn a vocabulary from")
    body, tokenizer = with_vocabulary(
        teacher.body,
        teacher.tokenizer,
        [pair.source for pair in pairs if pair.source != pair.target],
        vocabulary_size,
        translations=[(pair.source, pair.target) for pair in pairs] if translated else (),
        seed=seed,
    )
    student = TokenEncoder(body, copy.deepcopy(teacher.projection), tokenizer, teacher.settings)
    student.to(teacher.device)
    return student
