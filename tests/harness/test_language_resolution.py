"""One rule says which language on offer stands for the one asked for."""

import pytest

from clir_harness.harness.collections.irds_languages import languages_of
from clir_harness.harness.languages import AmbiguousLanguageError, LanguagePair, canonical_tag, resolve
from tests.harness.language_codes import CLIRMATRIX, FLORES_200


@pytest.mark.parametrize("code", FLORES_200)
def test_every_code_of_flores_leads_to_a_tag_of_its_own_and_back(code: str) -> None:
    tag = canonical_tag(code)
    assert canonical_tag(tag) == tag
    assert [other for other in FLORES_200 if canonical_tag(other) == tag] == [code]
    assert resolve(tag, FLORES_200) == code
    pair = LanguagePair(code, "eng_Latn")
    assert pair == LanguagePair(tag, "en") == LanguagePair.parse(str(pair))


@pytest.mark.parametrize(
    ("code", "tag"),
    [
        ("hau_Latn", "ha"), ("arb_Arab", "ar"), ("arb_Latn", "ar-Latn"), ("zho_Hans", "zh"), ("zho_Hant", "zh-Hant"),
        ("aka_Latn", "ak"), ("twi_Latn", "tw"), ("kas_Arab", "ks"), ("kas_Deva", "ks-Deva"), ("kor_Hang", "ko"),
        ("srp_Cyrl", "sr"), ("ace_Arab", "ace-Arab"), ("min_Arab", "min-Arab"), ("knc_Latn", "kr"),
        ("knc_Arab", "kr-Arab"), ("als_Latn", "sq"), ("nob_Latn", "nb"), ("kmr_Latn", "ku"), ("azb_Arab", "azb"),
    ],
)  # fmt: skip
def test_a_script_stays_where_it_tells_two_texts_apart(code: str, tag: str) -> None:
    assert canonical_tag(code) == tag


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("tw", "twi_Latn"), ("ak", "aka_Latn"), ("no", "nob_Latn"), ("nb", "nob_Latn"), ("nn", "nno_Latn"),
        ("qu", "quy_Latn"), ("ff", "fuv_Latn"), ("ar", "arb_Arab"), ("ku", "kmr_Latn"), ("ku-Arab", "ckb_Arab"),
        ("sw-KE", "swh_Latn"), ("en-GB", "eng_Latn"), ("zh-TW", "zho_Hant"), ("zh-HK", "zho_Hant"),
        ("zh-SG", "zho_Hans"), ("zh-CN", "zho_Hans"), ("sr-Latn", "srp_Cyrl"), ("sr-ME", "srp_Cyrl"),
        ("fil", "tgl_Latn"), ("az", "azj_Latn"), ("fa-AF", "prs_Arab"), ("mn", "khk_Cyrl"), ("taq", "taq_Latn"),
    ],
)  # fmt: skip
def test_nllb_gets_the_code_that_is_meant(tag: str, code: str) -> None:
    assert resolve(tag, FLORES_200) == code
    assert resolve(tag, reversed(FLORES_200)) == code, "whatever the order"


@pytest.mark.parametrize(
    ("tag", "available", "chosen"),
    [
        ("nb", ["no"], "no"),
        ("no", ["nn", "nb"], "nb"),
        ("tw", ["ak"], "ak"),
        ("arz", ["ar"], "ar"),
        ("zh-TW", ["zh", "zh-Hant"], "zh-Hant"),
        ("zh-TW", ["zh"], "zh"),
        ("zh", ["yue", "zh-Hant"], "zh-Hant"),
        ("pt", ["pt_PT", "pt_BR"], "pt_BR"),
        ("sw", ["sw_KE", "en_XX"], "sw_KE"),
        ("en", ["sw_KE", "en_XX"], "en_XX"),
        ("nn", ["nb"], None),
        ("ku", ["ckb"], None),
        ("azb", ["az"], None),
        ("ms", ["id"], None),
        ("id", ["ms"], None),
        ("mul", ["en", "sw"], None),
        ("sw", ["question", "standard"], None),
        ("sw", [], None),
    ],
)
def test_the_nearest_language_on_offer_is_taken(tag: str, available: list[str], chosen: str | None) -> None:
    assert resolve(tag, available) == chosen


def test_members_of_a_language_that_are_equally_near_are_named() -> None:
    with pytest.raises(AmbiguousLanguageError, match="'ff' can be any of fuf_Latn, fuv_Latn"):
        resolve("ff", ["fuv_Latn", "fuf_Latn", "eng_Latn"])


def test_every_wikipedia_of_clirmatrix_has_a_tag_of_its_own() -> None:
    tags = {code: languages_of(f"clirmatrix/en/bi139-base/{code}/test1").pair.query for code in CLIRMATRIX}
    assert len(tags) == 139
    assert {code for code, tag in tags.items() if list(tags.values()).count(tag) > 1} == {"en", "simple"}
    assert all(canonical_tag(tag) == tag for tag in tags.values())
    assert (tags["als"], tags["simple"], tags["no"], tags["nn"], tags["sh"]) == ("gsw", "en", "no", "nn", "sr-Latn")


@pytest.mark.parametrize(
    ("code", "tag"),
    [
        ("als", "gsw"), ("zh_yue", "yue"), ("zh-yue", "yue"), ("be-tarask", "be-tarask"), ("bat-smg", "sgs"),
        ("roa-tara", "nap-x-tara"), ("nds-nl", "nds-NL"), ("map-bms", "jv-x-bms"), ("fiu-vro", "vro"),
        ("eml", "egl"), ("zh-min-nan", "nan"), ("nrm", "nrf"), ("simple", "en"), ("zh-classical", "lzh"),
    ],
)  # fmt: skip
def test_names_of_wikipedias_are_read_as_wikipedia_means_them(code: str, tag: str) -> None:
    found = languages_of(f"clirmatrix/{code}/bi139-base/en/test1")
    assert found is not None
    assert found.pair.document == tag


def test_a_region_makes_no_other_language() -> None:
    assert LanguagePair("en-GB", "en-US").monolingual
    assert not LanguagePair("zh-TW", "zh").monolingual
    assert not LanguagePair("sr-Latn", "sr").monolingual
    assert str(LanguagePair("sw-KE", "en")) == "sw-KE→en"
