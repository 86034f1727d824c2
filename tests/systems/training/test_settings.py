"""Settings that trainings share."""

import pytest
from pydantic import ValidationError

from clir_harness.harness.errors import UsageError
from clir_harness.systems.training.settings import EncoderTraining


@pytest.mark.parametrize(
    ("old", "new"),
    [("lr", "learning_rate"), ("embedding_lr", "embedding_learning_rate"), ("bf16", "precision: bfloat16")],
)
def test_a_setting_that_was_renamed_is_refused_with_its_new_name(old: str, new: str) -> None:
    with pytest.raises(UsageError, match=f"'{old}' has another name now") as caught:
        EncoderTraining.model_validate({"start": "new", "vocabulary": 1000, old: 1})
    assert f"write {new}" in str(caught.value)


def test_held_out_is_a_count() -> None:
    assert EncoderTraining.model_validate({"start": "model", "held_out": 80}).held_out == 80
    with pytest.raises(ValidationError, match="valid integer"):
        EncoderTraining.model_validate({"start": "model", "held_out": 0.02})
