import gzip

import pytest

from clir_harness.harness.collections.base import Document
from clir_harness.harness.collections.documents import (
    document_set,
    read_jsonl_documents,
    read_trec_documents,
    read_tsv_documents,
)
from clir_harness.harness.errors import DataError


def written(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_jsonl_documents_may_name_their_fields_in_any_of_the_usual_ways(tmp_path):
    path = written(
        tmp_path,
        "docs.jsonl",
        '{"id": "007", "title": "River", "text": "It floods."}\n'
        '{"_id": "b", "contents": "Rain."}\n'
        '{"docid": 3, "title": null, "text": null}\n',
    )

    assert list(read_jsonl_documents(path)) == [
        Document("007", "It floods.", "River"),
        Document("b", "Rain."),
        Document("3", ""),
    ]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"text": "x"}', "expected a field 'id' or '_id' .*, found: text"),
        ('{"id": "1", "body": "x"}', "expected a field 'text' or 'contents', found: id, body"),
        ('{"id": 1.5, "text": "x"}', "expected a string as id, found 1.5"),
        ('{"id": "1", "text": ["x"]}', "expected text, found"),
    ],
)
def test_a_malformed_jsonl_document_is_named_by_file_and_line(tmp_path, line, complaint):
    path = written(tmp_path, "docs.jsonl", '{"id": "0", "text": "fine"}\n' + line + "\n")

    with pytest.raises(DataError, match=rf"docs\.jsonl:2: {complaint}"):
        list(read_jsonl_documents(path))


def test_tsv_documents_have_two_columns_or_a_title_between_them(tmp_path):
    path = written(tmp_path, "docs.tsv", "1\tRain.\n2\tRiver\tIt floods.\n")

    assert list(read_tsv_documents(path)) == [Document("1", "Rain."), Document("2", "It floods.", "River")]


def test_a_tsv_document_without_text_column_is_named_by_file_and_line(tmp_path):
    path = written(tmp_path, "docs.tsv", "1\tRain.\n2\n")

    with pytest.raises(DataError, match=r"docs\.tsv:2: expected 2 or 3 columns .* found 1"):
        list(read_tsv_documents(path))


TREC = """<DOC>
<DOCNO> LA010194-0001 </DOCNO>
<DATE>940101</DATE>
<HEADLINE>
<P>
Floods &amp; storms
</P>
</HEADLINE>
<TEXT>
<P>
Rivers rose.
</P>
<P>They fell.</P>
</TEXT>
</DOC>
<DOC>
<DOCNO>SDA.940101.0002</DOCNO>
<TI>Schnee</TI>
<LD>Es schneit.</LD>
<TX>Überall.</TX>
</DOC>
"""


def test_trec_documents_take_title_and_text_from_the_elements_newspapers_use(tmp_path):
    path = written(tmp_path, "la.sgml", TREC)

    assert list(read_trec_documents(path)) == [
        Document("LA010194-0001", "Rivers rose.\nThey fell.", "Floods & storms"),
        Document("SDA.940101.0002", "Es schneit.\nÜberall.", "Schnee"),
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("<DOC>\n<DOCNO>1</DOCNO>\n", r":1: <DOC> is never closed"),
        ("<DOC>\n<TEXT>x</TEXT>\n</DOC>\n", r":1: document without <DOCNO>"),
        ("<DOC>\n<DOCNO>1</DOCNO>\n<DOC>\n", r":3: <DOC> begins before"),
        ("</DOC>\n", r":1: </DOC> without a <DOC>"),
        ("plain text\n", r":1: expected <DOC>"),
    ],
)
def test_malformed_sgml_is_named_by_file_and_line(tmp_path, text, complaint):
    with pytest.raises(DataError, match=rf"la\.sgml{complaint}"):
        list(read_trec_documents(written(tmp_path, "la.sgml", text)))


def test_a_document_set_streams_several_files_in_order_gzipped_or_not_as_often_as_asked(tmp_path):
    first = written(tmp_path, "a.tsv", "1\tRain.\n")
    second = tmp_path / "b.jsonl.gz"
    second.write_bytes(gzip.compress(b'{"id": "2", "text": "Snow."}\n'))

    documents = document_set("mini/en", "eng", [first, second], None)

    assert documents.language == "en"
    assert [document.id for document in documents.stream()] == ["1", "2"]
    assert [document.id for document in documents.stream()] == ["1", "2"]


def test_the_signature_changes_with_the_files(tmp_path):
    path = written(tmp_path, "a.tsv", "1\tRain.\n")
    before = document_set("mini/en", "en", [path], None)
    assert before == document_set("mini/en", "en", [path], None)

    written(tmp_path, "a.tsv", "1\tRain.\n2\tSnow.\n")

    assert before != document_set("mini/en", "en", [path], None)
