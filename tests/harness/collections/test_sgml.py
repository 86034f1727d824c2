"""Nothing of a document is lost: every element is text, or is counted as left out."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clir_harness.harness.collections.base import Document
from clir_harness.harness.collections.documents import LEFT_OUT_TAGS, TITLE_TAGS, read_trec_documents
from clir_harness.harness.collections.sgml import content, tokens
from clir_harness.harness.collections.trec import TrecConfig, TrecSource
from clir_harness.harness.collections.validation import report
from clir_harness.harness.errors import DataError
from clir_harness.harness.evaluation import evaluate
from clir_harness.harness.system import IndexContext, SearchContext
from clir_harness.systems.bm25 import BM25

KNMI = (
    "<DOC><DOCNO>x</DOCNO><TI><P>Bericht</P></TI><LE><P>De Nijl\n   overstroomt.</P></LE><TE><P>In Kisumu staan huizen "
    "onder water.</P></TE></DOC>"
)


def read(tmp_path: Path, text: str) -> list[Document]:
    path = tmp_path / "docs.sgml"
    path.write_text(text, encoding="utf-8")
    return list(read_trec_documents(path))


@pytest.mark.parametrize(
    ("text", "title", "body"),
    [
        (KNMI, "Bericht", "De Nijl\noverstroomt.\nIn Kisumu staan huizen onder water."),
        ("<DOC>\n<DOCNO> x </DOCNO>\n<HD>Head</HD>\n<LD>Lead</LD>\n<TE>Body</TE>\n</DOC>", "Head", "Lead\nBody"),
        ("<DOC><DOCNO>x</DOCNO>under the <GRAPHIC>picture</GRAPHIC> root</DOC>", "", "under the picture\nroot"),
        ("<doc><docno>x</docno><h3><ti> T </ti></h3><f p=102>In</f></doc>", "T", "In"),
        ('<DOC id="x" type="story"><TEXT><P>no DOCNO</P></TEXT></DOC>', "", "no DOCNO"),
        ("<?xml version='1.0'?>\n<all>\n<DOC><DOCNO>x</DOCNO><b>in a root</b></DOC>\n</all>", "", "in a root"),
        ("<DOC><DOCNO>x</DOCNO><T>a<P>b<P>c</T></DOC>", "", "a b c"),
        ("<DOC><DOCNO>x</DOCNO><T>Kis<B>um</B>u &amp; <![CDATA[<b>&amp;]]></T></DOC>", "", "Kisumu & <b>&amp;"),
        ("<DOC><DOCNO>x</DOCNO><T>3 < 5 <j@x.org> <y and z></T></DOC>", "", "3 < 5 <j@x.org> <y and z>"),
        ("<DOC><DOCNO>x</DOCNO><DATE>1994\n<T>never closed</T></DOC>", "", "1994\nnever closed"),
        ("<DOC><DOCNO>x</DOCNO><T><T>nested</T> after</T> last</DOC>", "", "nested after\nlast"),
    ],
)
def test_every_element_is_text_but_for_title_and_id(tmp_path: Path, text: str, title: str, body: str) -> None:
    (document,) = read(tmp_path, text)
    assert (document.id, document.title, document.text) == ("x", title, body)
    assert document.left_out == {}


def test_documents_may_share_a_line(tmp_path: Path) -> None:
    one = "<DOC><DOCNO>{}</DOCNO><TEXT>{}</TEXT></DOC>"
    assert read(tmp_path, one.format(1, "a") + one.format(2, "b\nc") + "\n" + one.format(3, "d")) == [
        Document("1", "a"),
        Document("2", "b\nc"),
        Document("3", "d"),
    ]


def test_what_is_left_out_is_counted_and_reported_with_its_share(tmp_path: Path) -> None:
    docs = "<DOC><DOCNO>d</DOCNO><DATE>2002</DATE><TEXT>sixteen letters!</TEXT></DOC>"
    (tmp_path / "t.tsv").write_text("1\tq\n")
    (tmp_path / "q.txt").write_text("1 0 d 1\n")
    settings = {"path": ".", "pairs": ["sw-nl"], "documents": "docs.sgml", "topics": "t.tsv", "qrels": "q.txt"}
    (document,) = read(tmp_path, docs)
    assert document.left_out == {"date": 4}
    source = TrecSource(TrecConfig.model_validate(settings), tmp_path)
    (warning,) = report(source.load(source.entries()[0].id)).warnings
    assert warning.message == "20.00% of the documents' characters are not read: date 20.00%"


def test_instructions_and_declarations_are_counted_as_comments_are(tmp_path: Path) -> None:
    (document,) = read(tmp_path, "<DOC><DOCNO>d</DOCNO>a<?php b</P> c?>d<!ENTITY e><!--f--></DOC>")
    assert (document.text, document.left_out) == ("ad", {"comments": len("php b</P> c") + len("ENTITY e") + len("f")})


def test_the_user_says_what_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "docs.sgml"
    path.write_text("<DOC><DOCNO>d</DOCNO><DATE>2002</DATE><BYLINE>Ann</BYLINE><TEXT>t</TEXT></DOC>")
    (document,) = read_trec_documents(path, frozenset({"docno", "byline"}))
    assert (document.text, document.left_out) == ("2002\nt", {"byline": 3})


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("<DOC><DOCNO>1</DOCNO></DOC> stray", "expected <DOC>, found 'stray'"),
        ("<DOC><DOCNO>1</DOCNO><DOCNO>2</DOCNO></DOC>", "document with two <DOCNO>"),
        ("<DOC><DOCNO>1</DOCNO> <DOC><DOCNO>2</DOCNO></DOC>", "<DOC> begins before that of line 1 ended"),
    ],
)
def test_text_that_belongs_to_no_document_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(DataError, match=rf"docs\.sgml:1: {complaint}"):
        read(tmp_path, text)


def test_a_document_is_found_by_the_text_of_elements_nobody_listed(tmp_path: Path) -> None:
    (tmp_path / "docs.sgml").write_text(KNMI + KNMI.replace("x<", "y<").replace("Kisumu", "Mombasa"))
    index = tmp_path / "index"
    index.mkdir()
    system = BM25.configure({"backend": "bm25s"})
    system.index(read_trec_documents(tmp_path / "docs.sgml"), index, IndexContext("nl"))
    from clir_harness.harness.collections.base import Query
    from clir_harness.harness.languages import LanguagePair
    from clir_harness.harness.runs.run import Run

    with system.open(index, SearchContext(LanguagePair("nl", "nl"))) as searcher:
        (found,) = searcher.search([Query("1", "Kisumu")], 10)
    run = Run.from_rankings([("1", found)])
    assert evaluate(run, {"1": {"x": 1}}, ["AP"]).mean("AP") == 1.0


NAMES = st.sampled_from(["TEXT", "P", "TI", "DATE", "LE", "i", "BYLINE"])
WORDS = st.text("abc", min_size=1, max_size=6)
MARKUP = st.recursive(
    WORDS, lambda inner: st.builds("<{0}>{1}</{0}>".format, NAMES, st.lists(inner, max_size=3).map(" ".join))
)


@given(st.lists(MARKUP, max_size=5).map(" ".join))
def test_no_letter_is_lost(body: str) -> None:
    found = content(tokens(body), TITLE_TAGS, LEFT_OUT_TAGS)
    letters = sum(len(token.text.replace(" ", "")) for token in tokens(body) if token.kind == "text")
    kept = len("".join((found.title + found.text).split()))
    blanks = sum(token.text.strip().count(" ") for token in tokens(body) if token.kind == "text")
    assert letters <= kept + sum(found.left_out.values()) <= letters + blanks
