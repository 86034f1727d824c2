import json

import pytest

from clir_harness.harness.collections.topics import (
    Topic,
    query_sets,
    read_jsonl_topics,
    read_topics,
    read_trec_topics,
    read_tsv_topics,
)
from clir_harness.harness.errors import DataError
from clir_harness.harness.languages import LanguagePair

EN_ZH = LanguagePair("en", "zh")


def written(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_classic_trec_topics_need_no_closing_tags(tmp_path):
    path = written(
        tmp_path,
        "topics.301",
        """<top>
<num> Number: 301
<title> International Organized Crime

<desc> Description:
Identify organizations that participate
in crime.

<narr> Narrative:
A relevant document must name one.
</top>
""",
    )

    (topic,) = read_trec_topics(path, "en")

    assert topic.id == "301"
    assert topic.field("title") == "International Organized Crime"
    assert topic.field("description") == "Identify organizations that participate in crime."


CLEF = """<top>
<num> C041 </num>
<DE-title> Pestizide </DE-title>
<DE-desc> Berichte suchen. </DE-desc>
<EN-title> Pesticides </EN-title>
<EN-desc> Find reports. </EN-desc>
</top>
"""


@pytest.mark.parametrize(
    ("code", "title", "description"), [("de", "Pestizide", "Berichte suchen."), ("EN", "Pesticides", "Find reports.")]
)
def test_clef_topics_are_read_in_the_language_asked_for(tmp_path, code, title, description):
    assert list(read_trec_topics(written(tmp_path, "t.txt", CLEF), code)) == [Topic("C041", title, description)]


def test_a_clef_topic_without_the_language_is_an_error_that_tells_what_there_is(tmp_path):
    with pytest.raises(DataError, match=r"t\.txt:1: topic C041 has no <fr-title>; it has .*de-title.*en-title"):
        list(read_trec_topics(written(tmp_path, "t.txt", CLEF), "fr"))


def test_later_clef_topics_use_identifier_and_description(tmp_path):
    text = (
        '<topic lang="en"><identifier>10.2452/451-AH</identifier>'
        "<title>Roman Army</title><description>Find it.</description></topic>"
    )

    assert list(read_trec_topics(written(tmp_path, "t.xml", text), "en")) == [
        Topic("10.2452/451-AH", "Roman Army", "Find it.")
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("nothing", r"t\.txt: has no <top>"), ("\n<top>\n<title> x\n</top>", r"t\.txt:2: topic without <num>")],
)
def test_malformed_topics_are_named(tmp_path, text, complaint):
    with pytest.raises(DataError, match=complaint):
        list(read_trec_topics(written(tmp_path, "t.txt", text), "en"))


def test_topics_that_are_not_utf8_are_named_by_file_and_line(tmp_path):
    path = tmp_path / "t.txt"
    path.write_bytes("<top>\n<num> 1\n<title> Schüler\n</top>\n".encode("latin-1"))

    with pytest.raises(DataError, match=r"t\.txt:\d: is not UTF-8"):
        list(read_trec_topics(path, "de"))


def test_tsv_topics_have_two_columns(tmp_path):
    path = written(tmp_path, "t.tsv", "1\train\n2\tsnow\textra\n")

    with pytest.raises(DataError, match=r"t\.tsv:2: expected 2 columns \(id, query\), found 3"):
        list(read_tsv_topics(path))


def test_plain_jsonl_topics_have_an_id_and_a_title_or_text(tmp_path):
    path = written(
        tmp_path, "t.jsonl", '{"query_id": "1", "text": "rain"}\n{"id": 2, "title": "s", "description": "d"}\n'
    )

    assert read_jsonl_topics(path, EN_ZH) == {"original": [Topic("1", "rain"), Topic("2", "s", "d")]}


def hc4(topic_id, judged=("zho",), humans=("zho",)):
    wordings = [("eng", "original", "floods"), *((language, "human translation", "洪水") for language in humans)]
    wordings += [("zho", "20211005-sockeye", "水灾")]
    topics = [
        {"lang": lang, "source": source, "topic_title": text, "topic_description": f"{text}?"}
        for lang, source, text in wordings
    ]
    return json.dumps({"topic_id": topic_id, "languages_with_qrels": list(judged), "topics": topics}) + "\n"


def test_hc4_topics_bring_human_and_machine_translations_into_the_language_of_the_documents(tmp_path):
    path = written(tmp_path, "topics.jsonl", hc4("1"))

    assert read_topics([path], None, EN_ZH, "en") == {
        "original": [Topic("1", "floods", "floods?")],
        "human": [Topic("1", "洪水", "洪水?")],
        "machine": [Topic("1", "水灾", "水灾?")],
    }


def test_an_hc4_topic_not_judged_in_the_language_of_the_documents_is_left_out(tmp_path):
    path = written(tmp_path, "topics.jsonl", hc4("1", judged=("rus",)) + hc4("2", judged=("rus", "zho")))

    assert [topic.id for topic in read_jsonl_topics(path, EN_ZH)["original"]] == ["2"]


def test_monolingual_hc4_topics_are_the_human_translation(tmp_path):
    path = written(tmp_path, "topics.jsonl", hc4("1"))

    assert read_jsonl_topics(path, LanguagePair("zh", "zh")) == {"original": [Topic("1", "洪水", "洪水?")]}


def test_a_machine_translation_never_passes_for_the_original_topic(tmp_path):
    path = written(tmp_path, "topics.jsonl", hc4("1", humans=()))

    with pytest.raises(DataError, match=r"topics\.jsonl:1: topic 1 has no zh wording by people; it has en"):
        read_jsonl_topics(path, LanguagePair("zh", "zh"))


def test_each_field_of_each_wording_is_a_variant():
    topic = Topic("1", "floods", "Find floods.")

    sets = query_sets({"original": ("en", [topic]), "human": ("zh", [Topic("1", "洪水", "找洪水。")])}, "title")

    assert {name: (queries.language, queries.queries[0].text) for name, queries in sets.items()} == {
        "original": ("en", "floods"),
        "description": ("en", "Find floods."),
        "title+description": ("en", "floods Find floods."),
        "human": ("zh", "洪水"),
        "human-description": ("zh", "找洪水。"),
        "human-title+description": ("zh", "洪水 找洪水。"),
    }


def test_topics_without_descriptions_have_no_variants_of_them():
    assert list(query_sets({"original": ("en", [Topic("1", "floods")])}, "title")) == ["original"]
