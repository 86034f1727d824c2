import unicodedata
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clir_harness.harness.perturbation.noise import (
    NOISES,
    Noise,
    diacritics,
    drop,
    insert,
    keyboard,
    noise_refusal,
    swap,
)
from clir_harness.harness.perturbation.scripts import clusters, is_letter, main_script, script_of

RATES = [0.05, 0.1, 0.3, 0.7, 1.0]
SENTENCES = {
    "Latin": "Je, daraja la Kisumu lilijengwa mwaka gani?",
    "Cyrillic": "Когда построили мост через реку?",
    "Greek": "Πότε χτίστηκε η γέφυρα;",
    "Arabic": "متى بني الجسر فوق النهر؟",
    "Devanagari": "नदी पर पुल कब बनाया गया था?",
    "Han": "这座桥是什么时候建成的？",
    "Ethiopic": "ድልድዩ መቼ ተሠራ?",
    "Hangul": "그 다리는 언제 지어졌나요?",
    "Thai": "สะพานสร้างเมื่อใด",
}
NFC_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40).map(
    lambda text: unicodedata.normalize("NFC", text)
)
WORDS = st.text("abcdefgh éñABĐ 12", max_size=60).map(lambda text: unicodedata.normalize("NFC", text))
SEEDS = st.integers(0, 10_000)


def letters(text: str) -> list[str]:
    return [part for part in clusters(text) if is_letter(part)]


def changes(before: str, after: str) -> dict[int, str]:
    """What stands where now, of places that changed; both texts have as many characters."""
    old, new = clusters(before), clusters(after)
    assert len(old) == len(new)
    return {i: b for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b}


def is_subsequence(short: str, long: str) -> bool:
    rest = iter(long)
    return all(character in rest for character in short)


@pytest.mark.parametrize("noise", Noise)
@given(text=NFC_TEXTS, seed=SEEDS, rate=st.sampled_from(RATES))
def test_noise_keeps_normal_form_c_and_never_empties_a_text(noise: Noise, text: str, seed: int, rate: float) -> None:
    noisy = NOISES[noise](text, rate, Random(seed))
    assert unicodedata.is_normalized("NFC", noisy)
    assert bool(letters(text)) == bool(letters(noisy))


@pytest.mark.parametrize("noise", Noise)
@given(text=NFC_TEXTS, seed=SEEDS, rate=st.sampled_from(RATES))
def test_the_same_draws_give_the_same_noise(noise: Noise, text: str, seed: int, rate: float) -> None:
    assert NOISES[noise](text, rate, Random(seed)) == NOISES[noise](text, rate, Random(seed))


@pytest.mark.parametrize("noise", Noise)
@given(text=NFC_TEXTS, seed=SEEDS)
def test_as_many_numbers_are_drawn_at_every_rate(noise: Noise, text: str, seed: int) -> None:
    low, high = Random(seed), Random(seed)
    NOISES[noise](text, 0.0, low)
    NOISES[noise](text, 1.0, high)
    assert low.random() == high.random()


@pytest.mark.parametrize("noise", Noise)
@given(text=st.text("0123456789 -,.?!€🙂\n", max_size=20), seed=SEEDS)
def test_digits_spaces_and_signs_are_left_alone(noise: Noise, text: str, seed: int) -> None:
    assert NOISES[noise](text, 1.0, Random(seed)) == text


@pytest.mark.parametrize("noise", Noise)
def test_at_rate_zero_a_text_comes_back_as_it_is(noise: Noise) -> None:
    decomposed = unicodedata.normalize("NFD", "Đà Nẵng ở đâu")
    assert NOISES[noise](decomposed, 0.0, Random(1)) == decomposed


@pytest.mark.parametrize("noise", [Noise.SWAP, Noise.KEYBOARD, Noise.DIACRITICS])
@given(text=WORDS, seed=SEEDS)
def test_what_is_affected_at_a_rate_is_affected_alike_at_every_higher_one(noise: Noise, text: str, seed: int) -> None:
    found = [changes(text, NOISES[noise](text, rate, Random(seed))) for rate in RATES]
    assert all(low.items() <= high.items() for low, high in pairwise(found))


@pytest.mark.parametrize("sentence", SENTENCES.values(), ids=SENTENCES)
@given(seed=SEEDS)
def test_drops_and_insertions_at_a_rate_are_among_those_of_every_higher_one(sentence: str, seed: int) -> None:
    dropped = [drop(sentence, rate, Random(seed)) for rate in RATES]
    assert all(is_subsequence(more, less) for less, more in pairwise(dropped))
    inserted = [insert(sentence, rate, Random(seed)) for rate in RATES]
    assert all(is_subsequence(less, more) for less, more in pairwise(inserted))


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.5])
@pytest.mark.parametrize("sentence", SENTENCES.values(), ids=SENTENCES)
def test_the_rate_is_the_share_of_letters_that_are_affected(sentence: str, rate: float) -> None:
    total = len(letters(sentence)) * 400
    moved = sum(len(changes(sentence, swap(sentence, rate, Random(seed)))) for seed in range(400))
    dropped = total - sum(len(letters(drop(sentence, rate, Random(seed)))) for seed in range(400))
    assert moved / total == pytest.approx(rate, abs=0.02)
    assert dropped / total == pytest.approx(rate, abs=0.02)


@pytest.mark.parametrize("script", ["Latin", "Cyrillic", "Greek", "Arabic"])
def test_the_rate_is_the_share_of_letters_that_a_neighbouring_key_replaces(script: str) -> None:
    text = SENTENCES[script]
    total = len(letters(text)) * 400
    hit = sum(len(changes(text, keyboard(text, 0.2, Random(seed)))) for seed in range(400))
    assert hit / total == pytest.approx(0.2, abs=0.02)


def test_a_swap_moves_letters_within_a_word_only() -> None:
    assert {swap("ab c1d ef", 1.0, Random(seed)) for seed in range(20)} == {"ba c1d fe"}


def test_swapped_characters_keep_their_marks() -> None:
    assert swap("की", 1.0, Random(1)) == "की"  # one character
    assert swap("किता", 1.0, Random(1)) == "ताकि"


def test_a_letter_that_is_left_out_takes_its_marks_along() -> None:
    assert {drop("किता", 1.0, Random(seed)) for seed in range(20)} == {"कि", "ता"}


@pytest.mark.parametrize(("script", "sentence"), SENTENCES.items(), ids=SENTENCES)
def test_what_is_inserted_is_of_the_script_of_its_neighbour(script: str, sentence: str) -> None:
    mixed = f"{sentence} mRNA"
    noisy = insert(mixed, 1.0, Random(5))
    assert {script_of(part[0]) for part in letters(noisy)} == {script, "Latin"}
    assert main_script([noisy]) == main_script([sentence])


def test_letters_of_an_unknown_script_are_doubled() -> None:
    assert insert("𐌰𐌱", 1.0, Random(1)) == "𐌰𐌰𐌱𐌱"


def test_a_key_beside_is_hit_in_the_same_case() -> None:
    for seed in range(50):
        hit = keyboard("Q", 1.0, Random(seed))
        assert hit in {"W", "A"}


def test_an_accented_letter_has_the_neighbours_of_its_plain_letter() -> None:
    assert {keyboard("é", 1.0, Random(seed)) for seed in range(100)} == set("wrsd")


def test_letters_without_a_key_stay() -> None:
    assert keyboard("東京 ⴰⵣⵓⵍ đ", 1.0, Random(1)) == "東京 ⴰⵣⵓⵍ đ"


def test_a_vowel_sign_is_replaced_by_a_vowel_sign_and_a_consonant_by_a_consonant() -> None:
    for seed in range(100):
        (noisy,) = clusters(keyboard("कि", 1.0, Random(seed)))
        assert [unicodedata.category(character)[0] for character in noisy] == ["L", "M"]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Đà Nẵng ở đâu", "Da Nang o dau"),
        ("ẹ̀kọ́ àti ọjọ́", "eko ati ojo"),
        ("Łódź, Ærø, ışık, İzmir", "Lodz, Æro, isik, Izmir"),
        ("ƙasa ɗaya ɓangare ƴan", "kasa daya bangare yan"),
        ("Αθήνα και Πειραιάς", "Αθηνα και Πειραιας"),
        ("مُحَمَّدٌ رَسُول", "محمد رسول"),
        ("أحمد وآمنة", "أحمد وآمنة"),
        ("ज़मीन की फ़सल", "जमीन की फसल"),
        ("ที่นี่ ガラス 한국", "ที่นี่ ガラス 한국"),
    ],
)
def test_letters_lose_their_diacritics_and_keep_their_vowel_signs(text: str, plain: str) -> None:
    assert diacritics(text, 1.0, Random(1)) == unicodedata.normalize("NFC", plain)


def test_diacritics_are_lost_at_the_rate_of_letters_that_have_some() -> None:
    text = "áb" * 2000
    kept = diacritics(text, 0.3, Random(1)).count("á")
    assert 1 - kept / 2000 == pytest.approx(0.3, abs=0.03)


def test_a_kind_of_noise_says_where_it_does_not_apply() -> None:
    refusal = noise_refusal(Noise.KEYBOARD, ("这座桥 AIDS", "是什么时候建成的"))
    assert refusal == "no keyboard layout of the script Han; there are: Latin, Greek, Cyrillic, Arabic, Devanagari"
    assert noise_refusal(Noise.KEYBOARD, ("1918",)) is not None
    assert noise_refusal(Noise.KEYBOARD, ("daraja", "mto")) is None
    assert noise_refusal(Noise.DIACRITICS, ("daraja", "mto")) == "no letter of these queries has a diacritic"
    assert noise_refusal(Noise.DIACRITICS, ("daraja", "ọjọ́")) is None
    assert noise_refusal(Noise.SWAP, ("这座桥",)) is None
