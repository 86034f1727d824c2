import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import MarianMTModel, MarianTokenizer

from clir_harness.harness.errors import DataError, UsageError
from clir_harness.harness.training import TrainingContext
from clir_harness.systems.nmt.settings import NMTTraining
from clir_harness.systems.nmt.start import start_model
from clir_harness.systems.nmt.train import train_on_bitext
from clir_harness.systems.training.fit import DivergedError

Train = Callable[..., Path]


def test_what_was_learnt_is_translated_by_plain_transformers(model: Path, words: dict[str, str]) -> None:
    tokenizer, marian = MarianTokenizer.from_pretrained(model), MarianMTModel.from_pretrained(model)
    inputs = tokenizer(list(words), return_tensors="pt", padding=True)
    found = tokenizer.batch_decode(marian.generate(**inputs, max_new_tokens=8), skip_special_tokens=True)
    assert sum(text == word for text, word in zip(found, words.values(), strict=True)) >= 9


def test_the_record_says_what_it_was_made_from_and_what_it_scored(model: Path, bitext: Path) -> None:
    record = json.loads((model / "training.json").read_text())
    assert (record["sources"], record["target"]) == (["sw"], "en")
    assert record["pairs"] == {"training": 738, "too_long": 0, "held_out": 82}
    assert record["files"][0]["name"] == bitext.name
    assert record["held_out"]["chrf"] > 90
    assert record["held_out"]["perplexity"] < 2
    card = (model / "README.md").read_text()
    assert "| pairs trained on | 738 |" in card
    assert "Translation from Swahili into English" in card


def test_two_trainings_give_the_same_weights(train: Train, bitext: Path, tmp_path: Path) -> None:
    one, other = (load_file(train(tmp_path / name, bitext) / "model.safetensors") for name in ("a", "b"))
    assert all(one[name].equal(other[name]) for name in one)


def test_a_killed_training_goes_on_to_the_same_weights(train: Train, bitext: Path, tmp_path: Path) -> None:
    class KilledError(Exception):
        pass

    def kill(done: int, _total: int | None, _text: str) -> None:
        if done == 8:
            raise KilledError

    whole = load_file(train(tmp_path / "whole", bitext, dropout=0.2) / "model.safetensors")
    (tmp_path / "scratch").mkdir()
    context = TrainingContext(tmp_path / "scratch", progress=kill)
    with pytest.raises(KilledError):
        train(tmp_path / "killed", bitext, context, dropout=0.2)
    seen: list[int] = []
    again = replace(context, progress=lambda done, _total, _text: seen.append(done))
    resumed = load_file(train(tmp_path / "again", bitext, again, dropout=0.2) / "model.safetensors")
    assert seen == [0, *range(6, 13)]  # step 5 was the last checkpoint
    assert all(whole[name].equal(resumed[name]) for name in whole)


def test_pivot_sentences_teach_to_copy(train: Train, bitext: Path, tmp_path: Path) -> None:
    record = json.loads((train(tmp_path, bitext, pivot_share=0.5, steps=1) / "training.json").read_text())
    assert record["pairs"]["training"] == 738 + 369


def test_a_training_starts_from_word_translations(
    train: Train, bitext: Path, tmp_path: Path, words: dict[str, str]
) -> None:
    folder = train(tmp_path, bitext, steps=1, learning_rate=1e-9)
    tokenizer, marian = MarianTokenizer.from_pretrained(folder), MarianMTModel.from_pretrained(folder)
    sources = tokenizer(list(words), return_tensors="pt", padding=True)
    first = torch.full((len(words), 1), tokenizer.pad_token_id)
    translations = [tokenizer(text_target=word).input_ids[0] for word in words.values()]
    logits = marian(**sources, decoder_input_ids=first).logits[:, 0, translations]
    assert sum(best == number for number, best in enumerate(logits.argmax(0).tolist())) >= 8


def test_unknown_pieces_are_no_translations(model: Path) -> None:
    tokenizer = MarianTokenizer.from_pretrained(model)
    end, unknown, word, translation = tokenizer.eos_token_id, tokenizer.unk_token_id, 5, 6
    pairs = [([unknown, word, end], [translation, unknown, end])] * 3
    started = start_model(tokenizer, pairs, NMTTraining.model_validate({"width": 64, "layers": 1}), 0).model
    sources, targets = started.encoder.embed_tokens.weight, started.decoder.embed_tokens.weight
    assert torch.equal(sources[unknown], targets[unknown])
    assert torch.cosine_similarity(sources[word], targets[translation], dim=0).item() == pytest.approx(1)


def test_long_sentences_teach_word_translations_only(train: Train, bitext: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.tsv"
    text.write_text(bitext.read_text("utf-8") + "moja " * 40 + "\t" + "one " * 40 + "\n", encoding="utf-8")
    record = json.loads((train(tmp_path, text, steps=1, held_out=0) / "training.json").read_text())
    assert record["pairs"] == {"training": 820, "too_long": 1, "held_out": 0}


def test_text_of_long_sentences_only_is_refused(train: Train, tmp_path: Path) -> None:
    text = tmp_path / "text.tsv"
    text.write_text("".join(f"neno{i} " * 30 + "\t" + f"word{i} " * 30 + "\n" for i in range(40)), encoding="utf-8")
    with pytest.raises(UsageError, match="all 40 sentence pairs have more than 24 pieces"):
        train(tmp_path, text, steps=1, vocabulary=200, held_out=0)


def test_the_other_direction_is_learnt_on_demand(train: Train, bitext: Path, tmp_path: Path) -> None:
    record = json.loads((train(tmp_path, bitext, reverse=True, steps=1) / "training.json").read_text())
    assert (record["sources"], record["target"]) == (["en"], "sw")


def test_one_model_translates_into_one_language(train: Train, bitext: Path, tmp_path: Path) -> None:
    settings = NMTTraining.model_validate({"reverse": True})
    with pytest.raises(UsageError, match="cannot translate from en into ha, sw with one model"):
        train_on_bitext({"sw": (bitext,), "ha": (bitext,)}, settings, tmp_path, TrainingContext(tmp_path))


def test_a_vocabulary_that_is_too_small_for_the_script_is_refused(tmp_path: Path) -> None:
    lines = [f"{chr(number)}{chr(number + 1)}\twater\n" for number in range(0x4E00, 0x4F00)]
    (tmp_path / "zh.tsv").write_text("".join(lines))
    settings, context = NMTTraining.model_validate({"vocabulary": 100}), TrainingContext(tmp_path)
    with pytest.raises(UsageError, match=r"cannot make a vocabulary of \d+ sentences") as caught:
        train_on_bitext({"zh": (tmp_path / "zh.tsv",)}, settings, tmp_path, context)
    assert "raise vocabulary" in str(caught.value)


def test_malformed_text_is_named_with_its_line(train: Train, tmp_path: Path) -> None:
    (tmp_path / "bad.tsv").write_text("maji\twater\nmto\n")
    with pytest.raises(DataError, match=r"bad\.tsv:2"):
        train(tmp_path, tmp_path / "bad.tsv")


def test_a_training_that_diverges_says_so_and_keeps_its_checkpoints(train: Train, bitext: Path, tmp_path: Path) -> None:
    with pytest.raises(DivergedError, match="diverged at step"):
        train(tmp_path, bitext, learning_rate=1e30, warmup=0, checkpoint_every=1)
    assert list((tmp_path / "scratch").glob("step-*"))
