import gzip
import unicodedata
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clir_harness.harness.errors import DataError
from clir_harness.harness.perturbation.lexicon import Lexicon, code_switch, read_lexicon

SWAHILI = Lexicon(
    [
        ("ugonjwa", "disease"),
        ("ugonjwa mkali", "acute disease"),
        ("ugonjwa mkali wa upumuaji", "acute respiratory disease"),
        ("Daraja", "bridge"),
        ("daraja", "step"),
        ("watu", "people"),
    ]
)


def switched(text: str, lexicon: Lexicon = SWAHILI) -> str:
    return code_switch(text, 1.0, Random(1), lexicon)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("Ugonjwa ni nini?", "disease ni nini?"),
        ("ugonjwa mkali ni nini?", "acute disease ni nini?"),
        ("ugonjwa mkali wa moyo", "acute disease wa moyo"),
        ("UGONJWA  MKALI WA UPUMUAJI!", "acute respiratory disease!"),
        ("ugonjwa, mkali", "disease, mkali"),
        ("ugonjwa-mkali", "acute disease"),
        ("daraja la watu", "bridge la people"),
        ("watuwatu", "watuwatu"),
        ("mto 1918", "mto 1918"),
        ("", ""),
    ],
)
def test_the_longest_known_phrase_is_replaced_and_all_else_is_kept(text: str, after: str) -> None:
    assert switched(text) == after


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("什么是急性支气管炎？", "什么是 acute bronchitis？"),
        ("支气管炎和咳嗽", "bronchitis 和 cough"),
        ("咳嗽咳嗽", "cough cough"),
    ],
)
def test_without_spaces_phrases_are_found_letter_by_letter_and_set_apart(text: str, after: str) -> None:
    lexicon = Lexicon([("支气管炎", "bronchitis"), ("急性支气管炎", "acute bronchitis"), ("咳嗽", "cough")])
    assert switched(text, lexicon) == after


def test_words_with_marks_are_whole_words() -> None:
    lexicon = Lexicon([("ọjọ́", "day"), ("पुल", "bridge"), ("รัก", "love")])
    assert switched("ọjọ́ पुल पुलिस รัก", lexicon) == "day bridge पुलिस love"
    assert switched(unicodedata.normalize("NFD", "ọjọ́"), lexicon) == "day"


def test_coverage_is_the_share_of_words_in_known_phrases() -> None:
    assert SWAHILI.coverage(["ugonjwa mkali ni nini", "watu"]) == pytest.approx(3 / 5)
    assert SWAHILI.coverage(["", "?"]) == 0.0


TEXTS = st.lists(st.sampled_from(["ugonjwa", "mkali", "watu", "daraja", "mto", ",", "7"]), max_size=20).map(" ".join)


@given(text=TEXTS, seed=st.integers(0, 10_000))
def test_what_is_replaced_at_a_rate_is_replaced_at_every_higher_one(text: str, seed: int) -> None:
    lexicon = Lexicon([("ugonjwa", "DISEASE"), ("watu", "PEOPLE"), ("daraja", "BRIDGE")])
    results = [code_switch(text, rate, Random(seed), lexicon).split() for rate in (0.0, 0.2, 0.5, 0.8, 1.0)]
    found = [{i for i, word in enumerate(words) if word.isupper()} for words in results]
    assert all(low <= high for low, high in pairwise(found))
    assert results[0] == text.split()
    assert len(found[-1]) == sum(phrase.words for phrase in lexicon.phrases(text))


def test_the_rate_is_the_share_of_known_phrases_that_are_replaced() -> None:
    after = code_switch("watu mto " * 3000, 0.3, Random(1), SWAHILI)
    assert after.count("people") / 3000 == pytest.approx(0.3, abs=0.03)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_words_and_translations_are_separated_by_a_tab(tmp_path: Path) -> None:
    path = write(tmp_path / "sw-en.tsv", "daraja\tbridge\n\nugonjwa mkali\t acute disease \r\n\t\n")
    lexicon = read_lexicon(path, "sw")
    assert lexicon.translations == {("daraja",): "bridge", ("ugonjwa", "mkali"): "acute disease"}
    zipped = tmp_path / "sw-en.tsv.gz"
    zipped.write_bytes(gzip.compress(path.read_bytes()))
    assert read_lexicon(zipped, "sw").translations == lexicon.translations


TICO19 = """\
id,sourceLang,targetLang,sourceString,targetString
1,en,sw_KE,1918 flu,Homa ya 1918
2,en,sw_KE,"cough, dry",kikohozi kikavu
,,sw_KE,,
"""


def test_the_csv_of_tico19_is_read_in_both_directions(tmp_path: Path) -> None:
    path = write(tmp_path / "f_en-sw.csv", TICO19)
    assert read_lexicon(path, "sw").translations == {
        ("homa", "ya", "1918"): "1918 flu",
        ("kikohozi", "kikavu"): "cough, dry",
    }
    assert read_lexicon(path, "en").translations[("cough", "dry")] == "kikohozi kikavu"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("daraja\tbridge\nmto river\n", ":2:", "expected 2 columns separated by a TAB, found 1"),
        ("daraja\tbridge\tn\n", ":1:", "found 3"),
        ("daraja\tbridge\n\nmto\t \n", ":3:", "'mto' has no translation"),
        ("–\tdash\n", ":1:", "the entry of 'dash' has no word"),
        ("", ":", "has no entries"),
        (TICO19 + "3,en,sw_KE,cough\n", ":5:", "expected the columns id,sourceLang"),
        (TICO19 + "3,en,so_SO,cough,qufac\n", ":5:", "is a lexicon of en and so_SO, not of sw"),
        (TICO19 + "3,en,sw_KE,cough,\n", ":5:", "the entry of 'cough' has no word"),
    ],
)
def test_a_malformed_lexicon_names_file_line_and_fault(tmp_path: Path, text: str, place: str, message: str) -> None:
    path = write(tmp_path / "lexicon", text)
    with pytest.raises(DataError) as error:
        read_lexicon(path, "sw")
    assert str(error.value).startswith(f"{path}{place} ")
    assert message in error.value.message
    assert error.value.hint or "columns" in message


def test_published_lexicons_are_read(data: Path) -> None:
    folder = data / "lexicon"
    if not folder.is_dir():
        pytest.skip("needs the folder lexicon/ with tico19/ and gatitos/")
    tico19, gatitos = folder / "tico19" / "f_en-sw.csv", folder / "gatitos" / "en_es.tsv"
    assert len(read_lexicon(tico19, "en").translations) > 300
    assert switched("Mkamba mkali ni nini?", read_lexicon(tico19, "sw")) == "acute bronchitis ni nini?"
    assert switched("We abandon it", read_lexicon(gatitos, "en")).split()[1] == "abandonar"
