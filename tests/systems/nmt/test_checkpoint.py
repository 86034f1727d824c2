import json
from pathlib import Path
from typing import Any

import pytest

from clir_harness.harness.errors import DataError, MissingDataError
from clir_harness.harness.languages import LanguagePair
from clir_harness.systems.nmt.checkpoint import languages_of, token_pair
from tests.harness.language_codes import FLORES_200

NLLB = ["swh_Latn", "eng_Latn", "zho_Hans", "zho_Hant", "arb_Arab", "arz_Arab", "ibo_Latn"]
M2M = ["__sw__", "__en__", "__zh__"]
MBART = ["sw_KE", "en_XX", "zh_CN"]


def checkpoint(folder: Path, **files: Any) -> str:
    """A folder with the JSON files of a checkpoint; its weights are not read here."""
    for name, content in {"config": {"is_encoder_decoder": True}, **files}.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    (folder / "model.safetensors").write_bytes(b"")
    return str(folder)


@pytest.mark.parametrize(
    ("files", "source", "target"),
    [
        ({"tokenizer_config": {"additional_special_tokens": NLLB}}, "swh_Latn", "eng_Latn"),
        ({"tokenizer_config": {"extra_special_tokens": NLLB}}, "swh_Latn", "eng_Latn"),
        ({"tokenizer": {"added_tokens": [{"content": name, "id": 1} for name in NLLB]}}, "swh_Latn", "eng_Latn"),
        ({"special_tokens_map": {"additional_special_tokens": M2M}}, "__sw__", "__en__"),
        ({"tokenizer_config": {"added_tokens_decoder": {"7": {"content": "sw_KE"}, "8": {"content": "en_XX"}}}},
         "sw_KE", "en_XX"),
    ],
)  # fmt: skip
def test_tokens_of_multilingual_checkpoints(files: dict[str, Any], source: str, target: str, tmp_path: Path) -> None:
    languages = languages_of(checkpoint(tmp_path, **files))
    assert token_pair(languages, LanguagePair.parse("sw-en")) == (source, target)
    assert languages.refusal("sw", "en") is None
    assert "not from fon" in str(languages.refusal("fon", "en"))


def test_an_nllb_checkpoint_gets_the_code_of_each_of_its_languages(tmp_path: Path) -> None:
    codes = ["sat_Beng" if code == "sat_Olck" else code for code in FLORES_200]
    languages = languages_of(checkpoint(tmp_path, tokenizer_config={"additional_special_tokens": codes}))
    for code in codes:
        assert token_pair(languages, LanguagePair(code, "en")) == (code, "eng_Latn")
    for tag, code in {
        "no": "nob_Latn",
        "qu": "quy_Latn",
        "ff": "fuv_Latn",
        "tw": "twi_Latn",
        "sw-KE": "swh_Latn",
    }.items():
        assert languages.refusal(tag, "en") is None
        assert token_pair(languages, LanguagePair(tag, "en")) == (code, "eng_Latn")


def test_a_checkpoint_with_several_languages_that_fit_is_refused_with_their_names(tmp_path: Path) -> None:
    codes = ["fuv_Latn", "fuf_Latn", "eng_Latn"]
    languages = languages_of(checkpoint(tmp_path, tokenizer_config={"additional_special_tokens": codes}))
    assert "'ff' can be any of fuf, fuv" in str(languages.refusal("ff", "en"))
    assert languages.refusal("fuv", "en") is None


def test_m2ms_own_code_of_northern_sotho_is_known(tmp_path: Path) -> None:
    tokens = ["__ns__", "__en__", "__no__"]
    languages = languages_of(checkpoint(tmp_path, special_tokens_map={"additional_special_tokens": tokens}))
    assert token_pair(languages, LanguagePair("nso", "nb")) == ("__ns__", "__no__")


def test_variants_of_a_language_are_told_apart_and_the_first_stands_for_it(tmp_path: Path) -> None:
    languages = languages_of(checkpoint(tmp_path, special_tokens_map={"additional_special_tokens": NLLB}))
    assert languages.sources is not None
    assert languages.sources["zh"] == "zho_Hans"
    assert languages.sources["zh-Hant"] == "zho_Hant"
    assert languages.sources["ar"] == "arb_Arab"
    assert languages.sources["ig"] == "ibo_Latn"


def test_a_marian_checkpoint_says_its_languages_or_leaves_them_open(tmp_path: Path) -> None:
    source = checkpoint(tmp_path, tokenizer_config={"source_lang": "swa", "target_lang": "en"}, vocab={"</s>": 0})
    languages = languages_of(source)
    assert languages.refusal("sw", "en") is None
    assert languages.refusal("so", "en") == "its model translates from sw, not from so"
    assert languages.refusal("sw", "fr") == "its model translates into en, not into fr"
    assert token_pair(languages, LanguagePair.parse("sw-en")) == ("", "")


@pytest.mark.parametrize("group", ["mul", "ROMANCE"])
def test_a_group_of_languages_leaves_open_which(group: str, tmp_path: Path) -> None:
    source = checkpoint(tmp_path, tokenizer_config={"source_lang": group, "target_lang": "en"})
    assert languages_of(source).refusal("it", "en") is None


def test_a_marian_checkpoint_with_several_targets_names_them_in_its_vocabulary(tmp_path: Path) -> None:
    files = {"vocab": {">>swa<<": 0, ">>cmn_Hans<<": 1, "x": 2}, "tokenizer_config": {"source_lang": "en"}}
    languages = languages_of(checkpoint(tmp_path, **files))
    assert token_pair(languages, LanguagePair.parse("en-sw")) == ("", ">>swa<<")
    assert token_pair(languages, LanguagePair.parse("en-zh")) == ("", ">>cmn_Hans<<")
    assert "not into so" in str(languages.refusal("en", "so"))


def test_what_is_no_translation_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="no model folder /nowhere/nmt"):
        languages_of("/nowhere/nmt")
    with pytest.raises(DataError, match=r"config\.json: is not there"):
        languages_of(str(tmp_path))
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(DataError, match=r"config\.json: is not JSON"):
        languages_of(str(tmp_path))
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(DataError, match="is not a translation model"):
        languages_of(str(tmp_path))
    (tmp_path / "config.json").write_text(json.dumps({"is_encoder_decoder": True, "model_type": "marian"}))
    with pytest.raises(DataError, match="has no weights"):
        languages_of(str(tmp_path))
