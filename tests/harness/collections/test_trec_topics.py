"""Topics as TREC's tracks publish them, in SGML and XML."""

from pathlib import Path

import pytest

from clir_harness.harness.collections.trec_topics import TrecTopic, trec_topics
from clir_harness.harness.errors import DataError


def read(tmp_path: Path, text: str, code: str = "sw") -> list[TrecTopic]:
    path = tmp_path / "topics.txt"
    path.write_text(text, encoding="utf-8")
    return list(trec_topics(path, code))


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("<top><num>1</num><title>Ukame <i>Garissa</i> kubwa</title></top>", ("1", "Ukame Garissa kubwa", "")),
        ("<top><num>1</num><title><![CDATA[a < b & c]]></title></top>", ("1", "a < b & c", "")),
        ("<top><num>1</num><title>Uka<b>me</b> &amp; <q>x</q></title></top>", ("1", "Ukame & x", "")),
        (
            "<top>\n<num> Number: 3\n<title> A <em>b</em> <org>C</org> d\n<desc> Description:\ne\n</top>",
            ("3", "A b C d", "e"),
        ),
        ("<top><head>H<num>Number: 3<dom>D<title>Topic: A<desc>Description: e<smry>s<con>c</top>", ("3", "A", "e")),
        (
            '<topics><topic number="1" type="faceted"><query>ukame</query><description>D</description>'
            '<subtopic number="1" type="inf">x</subtopic><subtopic number="2">y</subtopic></topic></topics>',
            ("1", "ukame", "D"),
        ),
        (
            '<?xml version="1.0"?>\n<topics task="CT">\n<topic number="7">\nA boy,\n5 years\n</topic>\n</topics>',
            ("7", "A boy, 5 years", ""),
        ),
        (
            "<topics><topic><number>101</number><query>ankle brace</query><description>d</description>"
            "<narrative>n</narrative><disclaimer>x</disclaimer></topic></topics>",
            ("101", "ankle brace", "d"),
        ),
        ("<topics><topic><number>5</number><question>Is it?</question></topic></topics>", ("5", "Is it?", "")),
        (
            "<top>\n<num> Number: MB01 </num>\n<query> BBC </query>\n<querytime> Tue </querytime>\n</top>",
            ("MB01", "BBC", ""),
        ),
        ("<top>\n<num> 1\n<title> a <br> b\n<desc> c <p> d <br/> e\n</top>", ("1", "a b", "c d e")),
        ("<TOP><NUM>1</NUM><TITLE>T</TITLE></TOP>", ("1", "T", "")),
        ('<top><num>1</num><title lang="en">drought</title><title lang="sw">ukame</title></top>', ("1", "ukame", "")),
        ('<topic lang="swa"><identifier>1</identifier><title>ukame</title></topic>', ("1", "ukame", "")),
    ],
)
def test_one_topic(tmp_path: Path, text: str, topic: tuple[str, str, str]) -> None:
    assert read(tmp_path, text) == [TrecTopic(*topic)]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "<top><num>1</num><title>a</title>\n<top><num>2</num><title>b</title></top>",
            "1: <top> is not closed before the",
        ),
        ("<top><num>1</num><title>a</title></top>\n<top><num>2</num><title>b</title>", "2: <top> is never closed"),
        ("<top><num>1</num><title>a</title><title>b</title></top>", "1: topic with 2 fields for its title"),
        (
            "<topic number='1'><disease>D</disease><gene>G</gene></topic>",
            "1: topic 1 has no <title>; it has disease, gene",
        ),
        (
            '<topic lang="en"><num>1</num><title>drought</title></topic>',
            "1: topic 1 has no <sw-title>; it has en-id, en-title",
        ),
        ("<top><num>1</num><title>a</title></top>\nstray", "2: text outside topics: 'stray'"),
        ("<top>stray<num>1</num><title>a</title></top>", "1: text of a topic outside its fields: 'stray'"),
        ("<top><num>1</num><title>a</title></top></top>", "1: </top> without a <top>"),
        ("1\tukame\n", " has no <top> ... </top>"),
    ],
)
def test_a_topic_that_could_be_misread_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, text)
    assert f"topics.txt:{complaint}" in str(caught.value)
