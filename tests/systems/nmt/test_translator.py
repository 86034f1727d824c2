import json
from io import BytesIO
from pathlib import Path

import pytest
import sentencepiece
import torch
from transformers import M2M100Config, M2M100ForConditionalGeneration, M2M100Tokenizer

from clir_harness.harness.errors import DataError
from clir_harness.harness.languages import LanguagePair
from clir_harness.systems.nmt.cache import cache_folder
from clir_harness.systems.nmt.checkpoint import languages_of, token_pair
from clir_harness.systems.nmt.settings import TranslatorSettings
from clir_harness.systems.nmt.translation import Translation
from clir_harness.systems.nmt.translator import load_translator, sentences_of


def config(model: Path, **settings: object) -> TranslatorSettings:
    return TranslatorSettings.model_validate({"model": str(model), "device": "cpu", "max_tokens": 24, **settings})


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", []),
        (" \n ", []),
        ("Iko wapi? Goma.", ["Iko wapi?", "Goma."]),
        ('Alisema "Njoo!" Akaenda', ['Alisema "Njoo!"', "Akaenda"]),
        ("它在哪里？在北京。好", ["它在哪里？", "在北京。", "好"]),
        ("यह कहाँ है। वहाँ", ["यह कहाँ है।", "वहाँ"]),
        ("one\ntwo\n\nthree", ["one", "two", "three"]),
        ("3.5 kg", ["3.5 kg"]),
    ],
)
def test_texts_are_split_into_sentences(text: str, sentences: list[str]) -> None:
    assert sentences_of(text) == sentences


def test_both_engines_translate_alike(model: Path, words: dict[str, str]) -> None:
    pytest.importorskip("ctranslate2", reason="needs ctranslate2")
    texts = [*words, "moja tisa", "kumi nane saba", "tatu"]
    found = {
        engine: load_translator(config(model, engine=engine), ("", ""), 1).translate(texts)
        for engine in ("transformers", "ctranslate2")
    }
    assert found["transformers"] == found["ctranslate2"]
    assert found["transformers"][-3:] == ["one nine", "ten eight seven", "three"]


@pytest.mark.parametrize("engine", ["transformers", "ctranslate2"])
def test_vowel_points_are_read_as_little_as_in_training(model: Path, engine: str) -> None:
    if engine == "ctranslate2":
        pytest.importorskip("ctranslate2", reason="needs ctranslate2")
    assert load_translator(config(model, engine=engine), ("", ""), 1).translate(["mo\u064fja"]) == ["one"]


def test_a_checkpoint_is_converted_once(model: Path) -> None:
    pytest.importorskip("ctranslate2", reason="needs ctranslate2")
    for _ in range(2):
        load_translator(config(model, engine="ctranslate2"), ("", ""), 1)
        (folder,) = (cache_folder() / "ctranslate2").iterdir()
        changed = (folder / "model.bin").stat().st_mtime_ns
    assert (folder / "model.bin").stat().st_mtime_ns == changed


def test_batches_bear_on_nothing(model: Path, words: dict[str, str]) -> None:
    texts = ["kumi nane saba", "moja", *words]
    alone = [load_translator(config(model, batch=1), ("", ""), 1).translate([text])[0] for text in texts]
    assert load_translator(config(model, batch=5), ("", ""), 1).translate(texts) == alone


@pytest.fixture(scope="module")
def multilingual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An M2M-100 checkpoint with random weights."""
    folder, made = tmp_path_factory.mktemp("m2m"), BytesIO()
    texts = ["maji ya mto", "water of the river", "one two three four"] * 5
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts), model_writer=made, vocab_size=60, hard_vocab_limit=False, minloglevel=2
    )
    (folder / "sentencepiece.bpe.model").write_bytes(made.getvalue())
    pieces = sentencepiece.SentencePieceProcessor(model_proto=made.getvalue())
    names = ["<s>", "<pad>", "</s>", "<unk>", *(pieces.id_to_piece(i) for i in range(3, len(pieces)))]
    (folder / "vocab.json").write_text(json.dumps({name: i for i, name in enumerate(names)}))
    tokenizer = M2M100Tokenizer(str(folder / "vocab.json"), str(folder / "sentencepiece.bpe.model"))
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    shape = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "max_position_embeddings": 64}
    M2M100ForConditionalGeneration(
        M2M100Config(vocab_size=tokenizer.vocab_size + 108, **shape, **heads)
    ).save_pretrained(folder)
    return folder


def test_languages_reach_the_model_as_its_tokens(multilingual: Path) -> None:
    tokens = token_pair(languages_of(str(multilingual)), LanguagePair.parse("sw-en"))
    assert tokens == ("__sw__", "__en__")
    translator = load_translator(config(multilingual, beams=1, max_tokens=8), tokens, 1)
    seen: dict[str, torch.Tensor] = {}
    generate = translator._model.generate  # type: ignore[attr-defined]

    def watch(**inputs: torch.Tensor) -> torch.Tensor:
        seen.update(inputs, output=generate(**inputs))
        return seen["output"]

    translator._model.generate = watch  # type: ignore[attr-defined]
    translator.translate(["maji ya mto"])
    tokenizer = M2M100Tokenizer.from_pretrained(multilingual)
    assert seen["input_ids"][0, 0] == tokenizer.convert_tokens_to_ids("__sw__")
    assert seen["output"][0, 1] == tokenizer.convert_tokens_to_ids("__en__")


def test_both_engines_agree_on_multilingual_checkpoints(multilingual: Path) -> None:
    pytest.importorskip("ctranslate2", reason="needs ctranslate2")
    texts = ["maji ya mto", "water"]
    one, other = (
        load_translator(config(multilingual, engine=engine, beams=1, max_tokens=8), ("__sw__", "__en__"), 1)
        for engine in ("transformers", "ctranslate2")
    )
    assert one.translate(texts) == other.translate(texts)


def test_a_tokenizer_that_is_larger_than_the_weights_is_refused(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    for file in model.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    vocabulary = json.loads((folder / "vocab.json").read_text())
    (folder / "vocab.json").write_text(json.dumps({**vocabulary, "more": len(vocabulary)}))
    with pytest.raises(DataError, match=r"its tokenizer has \d+ pieces, its weights \d+"):
        load_translator(config(folder), ("", ""), 1)


def test_damaged_weights_are_named(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "damaged"
    folder.mkdir()
    for file in model.iterdir():
        (folder / file.name).write_bytes(
            file.read_bytes()[:1000] if file.suffix == ".safetensors" else file.read_bytes()
        )
    with pytest.raises(DataError, match="cannot be loaded as a translation model"):
        load_translator(config(folder), ("", ""), 1)


def test_a_second_translation_comes_from_the_cache(model: Path, tmp_path: Path) -> None:
    pair = LanguagePair.parse("sw-en")
    with Translation(config(model), pair, 1) as translation:
        assert translation.translate(["moja\ntano", "  ", "tano"]) == ["one five", "", "five"]
        assert translation.counts()["sentences_translated"] == 2  # "moja" and "tano"
        assert translation.counts()["texts"] == 2
    with Translation(config(model, beams=4, batch=1), pair, 1) as again:
        assert again.translate(["tano", "moja"]) == ["five", "one"]
        assert again.counts()["sentences_translated"] == 0
    with Translation(config(model, beams=1), pair, 1) as other:
        other.translate(["tano"])
        assert other.counts()["sentences_translated"] == 1


def test_texts_in_the_target_language_stay_as_they_are(model: Path) -> None:
    with Translation(config(model), LanguagePair.parse("en-en"), 1) as translation:
        assert translation.translate(["One lake?  Yes."]) == ["One lake?  Yes."]
