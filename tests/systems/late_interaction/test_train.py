"""Training a small token encoder from scratch on synthetic queries with passages."""

import json
from pathlib import Path

import pytest
import torch

from clir_harness.harness.collections.embedded import write_bitext
from clir_harness.harness.errors import UsageError
from clir_harness.harness.progress import Progress, no_progress
from clir_harness.harness.training import TrainingContext, training_settings
from clir_harness.systems.late_interaction.encoder import TokenEncoder
from clir_harness.systems.late_interaction.system import ColBERT
from clir_harness.systems.late_interaction.train import batch_scores, hard_negatives, in_batch_loss
from clir_harness.systems.training.fit import DivergedError

SMALL = {
    "start": "new",
    "vocabulary": 600,
    "layers": 1,
    "width": 32,
    "steps": 60,
    "batch_size": 16,
    "learning_rate": 3e-3,
    "query_length": 16,
    "passage_length": 40,
    "held_out": 30,
    "checkpoint_every": 20,
}


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pairs") / "en.tsv.gz"
    write_bitext(path, "en", 300)
    return path


def train(folder: Path, pairs: Path, progress: Progress = no_progress, seed: int = 0, **changes: object) -> Path:
    output, scratch = folder / "model", folder / "scratch"
    for place in (output, scratch):
        place.mkdir(parents=True, exist_ok=True)
    settings = training_settings(ColBERT, {**SMALL, **changes})
    context = TrainingContext(scratch, seed, 1, progress)
    ColBERT.train({"en": (pairs,)}, settings, output, context)
    return output


def test_a_trained_encoder_finds_passages_that_a_new_one_does_not(pairs: Path, tmp_path: Path) -> None:
    model = train(tmp_path, pairs, steps=150)
    record = json.loads((model / "training.json").read_text())
    assert record["mrr_after"] > record["mrr_before"] + 0.1
    assert f"{record['mrr_after']:.3f}" in (model / "README.md").read_text()
    assert TokenEncoder.load(model).settings.document_length == 40
    assert ColBERT.configure({"encoder": str(model)}).inputs()


def test_a_training_cut_short_ends_as_if_it_had_not_been(pairs: Path, tmp_path: Path) -> None:
    def interrupt(done: int, total: int | None, text: str) -> None:
        if done == 25:
            raise KeyboardInterrupt

    whole = train(tmp_path / "whole", pairs, steps=40)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "cut", pairs, interrupt, steps=40)
    steps: list[int] = []
    resumed = train(tmp_path / "cut", pairs, lambda done, total, text: steps.append(done), steps=40)
    assert steps[:2] == [0, 21]
    assert TokenEncoder.load(resumed).digest() == TokenEncoder.load(whole).digest()
    other = train(tmp_path / "other", pairs, steps=40, seed=1)
    assert TokenEncoder.load(other).digest() != TokenEncoder.load(whole).digest()


def test_an_encoder_gets_a_vocabulary_and_a_projection_of_its_own(
    pairs: Path, tiny_model: Path, tmp_path: Path
) -> None:
    model = train(tmp_path, pairs, start=str(tiny_model), vocabulary=500, projection=8, augmentation=True, steps=2)
    encoder = TokenEncoder.load(model)
    assert encoder.dim == 8
    assert encoder.settings.query_augmentation
    assert encoder.tokenizer.get_vocab() != TokenEncoder.load(tiny_model).tokenizer.get_vocab()


def test_hard_negatives_are_what_bm25_confuses_with_the_relevant() -> None:
    pairs = [
        ("red bridge", "the red bridge fell"),
        ("red bridge", "a red bridge"),
        ("salt", "the price of salt"),
        ("price", "the red bridge had a price"),
    ]
    found = hard_negatives(pairs, 3)
    assert found["red bridge"] == ["the red bridge had a price"]
    assert found["price"] == ["the price of salt"]
    assert found["salt"] == []


def test_the_loss_leaves_out_passages_that_are_relevant_too() -> None:
    scores = torch.log(torch.tensor([[2.0, 1.0, 1.0], [1.0, 3.0, 4.0]]))
    nothing = torch.zeros(2, 3, dtype=torch.bool)
    expected = -(torch.log(torch.tensor(2 / 4)) + torch.log(torch.tensor(3 / 8))) / 2
    assert in_batch_loss(scores, nothing).isclose(expected)
    excluded = torch.tensor([[False, True, False], [False, False, True]])
    expected = -(torch.log(torch.tensor(2 / 3)) + torch.log(torch.tensor(3 / 4))) / 2
    assert in_batch_loss(scores, excluded).isclose(expected)


def test_scores_of_a_batch_are_maxsim_and_padding_counts_for_nothing() -> None:
    queries = torch.tensor([[[1.0, 0.0], [0.0, 1.0]], [[0.6, 0.8], [0.0, 0.0]]])
    passages = torch.tensor([[[0.0, -1.0], [0.0, 0.0]], [[0.8, 0.6], [0.0, 1.0]]])
    kept = torch.tensor([[True, False], [True, True]])
    assert torch.allclose(batch_scores(queries, passages, kept), torch.tensor([[-1.0, 1.8], [-0.8, 0.96]]))


def test_a_training_that_diverges_says_so_and_keeps_its_checkpoints(pairs: Path, tmp_path: Path) -> None:
    with pytest.raises(DivergedError, match="at step"):
        train(tmp_path, pairs, temperature=1e-38, steps=60, checkpoint_every=1, learning_rate=1e6, warmup=0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"start": None}, "start"),
        ({"lr": 1e-3}, "'lr' has another name"),
        ({"vocabulary": None}, "needs `vocabulary`"),
        ({"width": 30}, "width"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes: dict[str, object], message: str) -> None:
    values = {key: value for key, value in {**SMALL, **changes}.items() if value is not None}
    with pytest.raises(UsageError, match=message):
        training_settings(ColBERT, values)
