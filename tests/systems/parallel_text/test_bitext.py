"""Parallel text: every format gives the same pairs; faults name file and line; filters count what they leave out."""

import gzip
import json
from operator import attrgetter
from pathlib import Path

import pytest

from clir_harness.harness.errors import DataError, MissingDataError
from clir_harness.systems.parallel_text.bitext import SentencePair, read_bitext
from clir_harness.systems.parallel_text.filters import filter_bitext, sample, split_held_out

TARGET = attrgetter("target")
PAIRS = [SentencePair("mvua kubwa", "heavy rain", "a"), SentencePair("bei ya mahindi", "the price of maize", "b")]
TMX = """<?xml version="1.0" encoding="UTF-8"?>
<tmx version="1.4"><header/><body>
<tu tuid="a"><tuv xml:lang="SWA"><seg>mvua <hi>kubwa</hi></seg></tuv>
<tuv xml:lang="en-GB"><seg>heavy rain</seg></tuv></tu>
<tu tuid="x"><tuv xml:lang="fr"><seg>pluie</seg></tuv><tuv xml:lang="en"><seg>rain</seg></tuv></tu>
<tu tuid="b"><tuv xml:lang="sw"><seg>bei ya mahindi</seg></tuv>
<tuv xml:lang="en"><seg>the price of maize</seg></tuv></tu>
</body></tmx>
"""
CONTENTS = {
    "b.tsv": "".join(f"{p.source}\t{p.target}\t{p.id}\n" for p in PAIRS),
    "b.jsonl": "".join(json.dumps({"swa": p.source, "en": p.target, "id": p.id}) + "\n" for p in PAIRS),
    "b.tmx": TMX,
}


@pytest.mark.parametrize("name", CONTENTS)
def test_formats_give_the_same_pairs_gzipped_or_not(name: str, tmp_path: Path) -> None:
    plain, zipped = tmp_path / name, tmp_path / f"{name}.gz"
    plain.write_text(CONTENTS[name])
    zipped.write_bytes(gzip.compress(CONTENTS[name].encode()))
    assert list(read_bitext(plain, "sw")) == PAIRS
    assert list(read_bitext(zipped, "sw")) == PAIRS


def test_moses_files_are_aligned_by_line(tmp_path: Path) -> None:
    (tmp_path / "t.sw").write_text("mvua\nbei\n")
    (tmp_path / "t.en").write_text("rain\nprice\n")
    found = list(read_bitext((tmp_path / "t.sw", tmp_path / "t.en"), "sw"))
    assert found == [SentencePair("mvua", "rain", "1"), SentencePair("bei", "price", "2")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("b.tsv", b"mvua\train\nbei\n", "b.tsv:2: expected 2 or 3 columns, found 1"),
        ("b.tsv", b"mvua\train\n\nbei\tprice\n", "b.tsv:2: expected 2 or 3 columns, found 1"),
        ("b.tsv", b"mvua\train\nbei\t \n", "b.tsv:2: the translation is empty"),
        ("b.tsv", b"mvua\train\n\xff\tx\n", "is not UTF-8"),
        ("b.tsv.gz", gzip.compress(b"mvua\train\n" * 100, mtime=0)[:-9], "is truncated or damaged"),
        ("b.jsonl", b'{"sw": "mvua", "en": "rain"}\n{"sw": "bei"}\n', "b.jsonl:2: has no text under 'en'"),
        ("b.jsonl", b"[]\n", "b.jsonl:1: is not a JSON object"),
        ("b.jsonl", b"{\n", "b.jsonl:1: is not JSON"),
        ("b.tmx", b"<tmx><body><tu>", "is not whole XML"),
        ("b.tmx", b"plain text", "is not XML"),
        ("b.txt", b"mvua", "not parallel text by its name"),
    ],
)
def test_faults_are_named_with_their_place(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        list(read_bitext(tmp_path / name, "sw"))


def test_moses_files_of_different_length_and_empty_lines_are_refused(tmp_path: Path) -> None:
    left, right = tmp_path / "t.sw", tmp_path / "t.en"
    left.write_text("mvua\nbei\n")
    right.write_text("rain\n")
    with pytest.raises(DataError, match=r"t\.sw:2: has a line that .*t\.en has not"):
        list(read_bitext((left, right), "sw"))
    right.write_text("rain\n\n")
    with pytest.raises(DataError, match=r"t\.en:2: the translation is empty"):
        list(read_bitext((left, right), "sw"))


def test_tmx_entities_are_refused_wherever_they_stand(tmp_path: Path) -> None:
    padding = f"<!--{'x' * 200_000}-->"
    bomb = f'<?xml version="1.0"?>{padding}<!DOCTYPE tmx [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><tmx>&b;</tmx>'
    (tmp_path / "b.tmx").write_text(bomb)
    with pytest.raises(DataError, match="declares the entity 'a'"):
        list(read_bitext(tmp_path / "b.tmx", "sw"))


def test_an_absent_file_is_missing_data(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="no parallel text"):
        read_bitext(tmp_path / "none.tsv", "sw")


def test_every_filter_counts_what_it_leaves_out() -> None:
    texts = [
        ("habari njema", "good news"),
        ("habari njema", "good news"),
        ("a", "one letter"),
        ("x" * 2000, "y" * 1999),
        ("ndiyo", "a very long translation of one short word"),
        ("Nairobi", "Nairobi"),
        ("хорошая", "good news"),
    ]
    kept, report = filter_bitext((SentencePair(s, t, str(i)) for i, (s, t) in enumerate(texts)), "sw")
    assert [pair.id for pair in kept] == ["0"]
    assert (report.read, report.kept, report.duplicate, report.too_short, report.too_long) == (7, 1, 1, 1, 1)
    assert (report.length_ratio, report.identical, report.wrong_script) == (1, 1, 1)


@pytest.mark.parametrize(
    ("language", "text"),
    [("zh", "大雨"), ("am", "ዝናብ"), ("hi", "बारिश"), ("ar", "مطر"), ("ru", "дождь"), ("so", "roob")],
)
def test_sentences_in_their_own_script_are_kept(language: str, text: str) -> None:
    assert filter_bitext([SentencePair(text, "rain", "1")], language)[1].kept == 1


def test_sample_and_split_depend_on_content_and_seed_alone() -> None:
    pairs = [SentencePair(f"sentensi {i}", f"sentence {i // 2}", str(i)) for i in range(200)]
    assert sample(pairs, 20, seed=1) == sample(pairs, 20, seed=1) != sample(pairs, 20, seed=2)
    assert len(sample(pairs, 20)) == 20
    train, held_out = split_held_out(pairs, 8, TARGET)
    assert len(held_out) == 16  # eight sentences with two translations each
    assert not {p.target for p in train} & {p.target for p in held_out}
    assert {p.id for p in split_held_out(pairs[::-1], 8, TARGET)[1]} == {p.id for p in held_out}


def test_real_bitext_reads_without_a_fault(data: Path) -> None:
    pairs, report = filter_bitext(read_bitext(data / "bitext" / "tico19" / "sw-en.tsv.gz", "sw"), "sw")
    assert report.read > 3000
    assert len(pairs) > 0.95 * report.read


def test_questions_of_afriqa_are_pairs_with_their_human_translations(tmp_path: Path) -> None:
    path = tmp_path / "queries.afriqa.swa.en.train.json"
    row = {"id": 7, "question": "Nani alijenga daraja?", "translated_question": "Who built the bridge?", "lang": "swa"}
    path.write_text(json.dumps(row) + "\n")
    assert list(read_bitext(path, "sw")) == [SentencePair("Nani alijenga daraja?", "Who built the bridge?", "7")]
    path.write_text(json.dumps({**row, "translated_question": ""}) + "\n")
    with pytest.raises(DataError, match="the translation is empty"):
        list(read_bitext(path, "sw"))
