import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import ModelCard

from clir_harness.harness.collections.embedded import bitext, write_bitext
from clir_harness.harness.errors import UsageError
from clir_harness.harness.progress import Progress, no_progress
from clir_harness.harness.store import Store
from clir_harness.harness.training import TrainingContext, obtain_model, training_settings
from clir_harness.systems.dense.encoder import TextEncoder
from clir_harness.systems.dense.settings import DenseTraining
from clir_harness.systems.dense.system import DenseRetriever
from clir_harness.systems.dense.train import in_batch_loss, train_on_bitext
from clir_harness.systems.training.fit import DivergedError
from clir_harness.systems.training.pairs import mean_reciprocal_rank, split_pairs, unknown_share

PAIRS = list(bitext("sw", 400))


def settings(bert: Path, **changes: object) -> DenseTraining:
    plain = {
        "start": str(bert),
        "pooling": "mean",
        "normalise": True,
        "steps": 60,
        "batch_size": 32,
        "learning_rate": 3e-3,
        "held_out": 40,
        "query_length": 24,
        "passage_length": 24,
        "checkpoint_every": 20,
    }
    return DenseTraining.model_validate({**plain, **changes})


def train(folder: Path, using: DenseTraining, seed: int = 3, progress: Progress = no_progress) -> dict[str, Any]:
    """Train into `folder/model` with checkpoints in `folder/scratch`, and give the record of it."""
    for name in ("scratch", "model"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    write_bitext(folder / "sw-en.tsv", "sw", 400)
    context = TrainingContext(folder / "scratch", seed, progress=progress)
    train_on_bitext({"sw": (folder / "sw-en.tsv",)}, using, folder / "model", context)
    record: dict[str, Any] = json.loads((folder / "model" / "training.json").read_text())
    return record


@pytest.fixture(scope="module", params=["float32", "bfloat16"])
def usual(request: pytest.FixtureRequest, bert: Path) -> DenseTraining:
    return settings(bert, precision=request.param)


@pytest.fixture(scope="module")
def trained(usual: DenseTraining, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("trained")
    return folder, train(folder, usual)


def test_training_lowers_the_loss_and_raises_the_held_out_reciprocal_rank(
    trained: tuple[Path, dict[str, Any]],
) -> None:
    _, record = trained
    assert record["last_loss"] < 0.6 * record["first_loss"]
    assert record["mrr_after"] > record["mrr_before"] + 0.2
    train, held = split_pairs(PAIRS, 40)
    assert record["pairs"] == {"training": len(train), "held_out": len(held)}


def test_the_folder_holds_the_model_its_curve_and_its_papers(trained: tuple[Path, dict[str, Any]]) -> None:
    folder, record = trained
    rows = [json.loads(line) for line in (folder / "model" / "losses.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if "loss" in row] == list(range(1, 61))
    assert [row["step"] for row in rows if "mrr" in row] == [20, 40, 60]
    assert (record["seed"], record["settings"]["steps"], record["files"][0]["name"]) == (3, 60, "sw-en.tsv")
    card = ModelCard.load(folder / "model" / "README.md")
    assert card.data.language == ["sw"]
    assert f"{record['mrr_after']:.3f}" in card.text
    assert f"| started from | {record['start']} |" in card.text
    encoder = TextEncoder.load(folder / "model", query_length=24, passage_length=24)
    assert (encoder.recipe.pooling, encoder.recipe.normalise) == ("mean", True)
    held = split_pairs(PAIRS, 40)[1]

    def scores(queries: list[str], passages: list[str]) -> torch.Tensor:
        return torch.from_numpy(encoder.encode(queries, "query") @ encoder.encode(passages, "passage").T)

    assert mean_reciprocal_rank(held, scores) == pytest.approx(record["mrr_after"])


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(
    trained: tuple[Path, dict[str, Any]], usual: DenseTraining, tmp_path: Path
) -> None:
    train(tmp_path / "again", usual)
    train(tmp_path / "other", usual, seed=4)
    weights = "model/model.safetensors"
    assert (tmp_path / "again" / weights).read_bytes() == (trained[0] / weights).read_bytes()
    assert (tmp_path / "other" / weights).read_bytes() != (trained[0] / weights).read_bytes()


def test_a_training_that_was_cut_short_ends_as_if_it_had_not_been(
    trained: tuple[Path, dict[str, Any]], usual: DenseTraining, tmp_path: Path
) -> None:
    def interrupt(done: int, total: int | None, text: str) -> None:
        if done == 33:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, usual, progress=interrupt)
    assert [folder.name for folder in (tmp_path / "scratch").glob("step-*")] == ["step-000000020"]
    seen: list[int] = []
    record = train(tmp_path, usual, progress=lambda done, total, text: seen.append(done))
    assert seen[:2] == [0, 21]
    assert record == trained[1]
    for name in ("model.safetensors", "losses.jsonl", "training.json"):
        assert (tmp_path / "model" / name).read_bytes() == (trained[0] / "model" / name).read_bytes()


def test_a_checkpoint_of_another_training_is_refused(bert: Path, tmp_path: Path) -> None:
    train(tmp_path, settings(bert, steps=20))
    with pytest.raises(UsageError, match="holds a training with other settings"):
        train(tmp_path, settings(bert, steps=20, learning_rate=1e-3))


def test_a_loss_that_is_no_number_stops_the_training(bert: Path, tmp_path: Path) -> None:
    with pytest.raises(DivergedError, match=r"diverged at step \d+: loss nan") as caught:
        train(tmp_path, settings(bert, learning_rate=1e30, warmup=0.0))
    assert "lower the learning rates" in str(caught.value)


def test_the_loss_is_the_mean_negative_log_probability_of_the_relevant() -> None:
    scores = torch.tensor([[2.0, 0.0], [1.0, 1.0]])
    none = torch.eye(2, dtype=torch.bool)
    rows = (math.log(1 + math.exp(-2)) + math.log(2)) / 2
    columns = (math.log(1 + math.exp(-1)) + math.log(1 + math.exp(-1))) / 2
    assert float(in_batch_loss(scores, none, none, symmetric=False)) == pytest.approx(rows)
    assert float(in_batch_loss(scores, none, none, symmetric=True)) == pytest.approx((rows + columns) / 2)


def test_equal_passages_are_not_each_others_negatives() -> None:
    scores = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 3.0]])
    same = torch.tensor([[True, True, False], [True, True, False], [False, False, True]])
    expected = (2 * math.log(1 + math.exp(-1)) + math.log(1 + 2 * math.exp(-3))) / 3
    assert float(in_batch_loss(scores, same, torch.eye(3, dtype=torch.bool), False)) == pytest.approx(expected)


def test_a_language_the_tokenizer_cannot_write_is_refused_with_the_share(bert: Path, tmp_path: Path) -> None:
    strange = [f"ጎርፍ ድልድዩን ዘጋው {number}" for number in range(20)]
    (tmp_path / "am.tsv").write_text("".join(f"{text}\tthe flood {n}\n" for n, text in enumerate(strange)), "utf-8")
    share = unknown_share(TextEncoder.load(bert).tokenizer, strange)
    assert share > 0.5
    with pytest.raises(UsageError, match=f"{share:.0%} of the tokens of am are unknown") as caught:
        train_on_bitext({"am": (tmp_path / "am.tsv",)}, settings(bert, held_out=0), tmp_path, TrainingContext(tmp_path))
    assert "start from an encoder whose vocabulary" in str(caught.value)


def test_a_model_trained_through_the_store_is_kept_and_answers(bert: Path, tmp_path: Path) -> None:
    write_bitext(tmp_path / "sw-en.tsv.gz", "sw", 60)
    using = training_settings(DenseRetriever, {"start": str(bert), "steps": 2, "batch_size": 8})
    arguments = (DenseRetriever, {"sw": (tmp_path / "sw-en.tsv.gz",)}, using, Store(tmp_path / "store"))
    first = obtain_model(*arguments, TrainingContext, seed=0)
    again = obtain_model(*arguments, TrainingContext, seed=0)
    assert (first.reused, again.reused) == (False, True)
    assert DenseRetriever.configure({DenseRetriever.model_field: str(first.content)}).inputs()


def test_training_can_start_from_nothing(bert: Path, tmp_path: Path) -> None:
    """A new encoder with a vocabulary of the text, which the saved model brings along."""
    record = train(
        tmp_path,
        settings(bert, start="new", vocabulary=300, layers=1, width=32, pooling="mean", learning_rate=5e-3, steps=60),
    )
    assert record["mrr_after"] > record["mrr_before"] + 0.2
    model = TextEncoder.load(tmp_path / "model")
    assert (model.dim, model.recipe.pooling, len(model.tokenizer) <= 300) == (32, "mean", True)
    with pytest.raises(ValueError, match="needs `vocabulary`"):
        settings(bert, start="new")


def test_an_encoder_can_learn_another_vocabulary(bert: Path, tmp_path: Path) -> None:
    """The layers are those of the start; the embeddings fit the new vocabulary and have their own learning rate."""
    train(tmp_path, settings(bert, vocabulary=300, steps=1, learning_rate=1e-9, embedding_learning_rate=1e-2))
    start, model = TextEncoder.load(bert), TextEncoder.load(tmp_path / "model")
    assert model.tokenizer.get_vocab() != start.tokenizer.get_vocab()
    moved = {
        name: float((value - start.body.state_dict()[name]).abs().max())
        for name, value in model.body.state_dict().items()
        if "word_embeddings" not in name
    }
    assert max(moved.values()) < 1e-6
