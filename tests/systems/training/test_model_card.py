"""What a trained model's folder says about itself."""

import json
from pathlib import Path

from huggingface_hub import ModelCard, ModelCardData

from clir_harness.harness.training import TrainingContext
from clir_harness.systems.parallel_text.training_data import DataFile
from clir_harness.systems.training.model_card import write_record
from clir_harness.systems.training.settings import FitSettings


def test_record_card_and_curve_say_what_the_model_was_made_from(tmp_path: Path) -> None:
    context, model = TrainingContext(tmp_path / "scratch", seed=5), tmp_path / "model"
    for folder in (context.scratch, model):
        folder.mkdir()
    (context.scratch / "losses.jsonl").write_text('{"step": 1, "loss": 0.5}\n')
    write_record(
        model,
        FitSettings(steps=7, batch_size=3),
        context,
        {"pairs": {"training": 90, "held_out": 10}, "score": 0.25},
        [DataFile("news.tsv", "no", 12, "abc")],
        title="A model",
        about="Made of `{braces}` and {{ more }}.",
        facts={"score": "0.250"},
        data=ModelCardData(language=["no"], library_name="clir-harness", pipeline_tag="feature-extraction"),
    )
    record = json.loads((model / "training.json").read_text())
    assert (record["seed"], record["settings"]["steps"], record["score"]) == (5, 7, 0.25)
    assert record["files"] == [{"name": "news.tsv", "language": "no", "bytes": 12, "sha256": "abc"}]
    assert "torch" in record["packages"]
    assert (model / "losses.jsonl").read_text() == '{"step": 1, "loss": 0.5}\n'
    card = ModelCard.load(model / "README.md")
    assert card.data.language == ["no"]  # a tag that YAML would take for false
    assert card.text.strip().splitlines() == [
        "# A model",
        "",
        "Made of `{braces}` and {{ more }}.",
        "",
        "| | |",
        "|---|---|",
        "| pairs trained on | 90 |",
        "| held-out pairs | 10 |",
        "| steps x batch | 7 x 3 |",
        "| seed | 5 |",
        "| score | 0.250 |",
        "",
        "The licences of the text, and that of the model it started from, if any, apply to it.",
        "",
        "| file | language | bytes | SHA-256 |",
        "|---|---|---|---|",
        "| news.tsv | no | 12 | `abc` |",
    ]
