"""Pages as text; what a browser makes of them is tested in tests/leaderboards/page."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib

import numpy as np
import pytest

from clir_harness.harness.errors import UsageError
from clir_harness.harness.store import Store
from clir_harness.leaderboards.analysis import analyse
from clir_harness.leaderboards.query_details import WORDS, CollectionDetails, read_details
from clir_harness.leaderboards.render.document import make_document
from clir_harness.leaderboards.render.html_page import render_html
from clir_harness.leaderboards.schema import BoardDocument

SCRIPTED = {"system": "scripted"}
HUMAN = {"system": "scripted", "label": "human", "queries": "human"}


def part(page: str, identifier: str) -> str:
    (found,) = re.findall(rf'<script type="application/json" id="{identifier}">(.*?)</script>', page, flags=re.DOTALL)
    return found


def details_of(page: str) -> dict:
    return json.loads(zlib.decompress(base64.b64decode(json.loads(part(page, "details")))))["collections"]


def test_a_page_holds_its_document_and_nothing_from_elsewhere(world):
    document = make_document(analyse(world.board(SCRIPTED, HUMAN)))
    page = render_html(document)
    assert BoardDocument.model_validate(json.loads(part(page, "document"))) == document
    assert part(page, "details") == ""
    assert page == render_html(document)
    addresses = set(re.findall(r"https?://[^\"' )]+", page.replace(part(page, "document"), "")))
    assert addresses == {"http://www.w3.org/2000/svg"}, "the name of SVG elements, which nothing fetches"


def test_the_policy_allows_exactly_the_style_and_the_script(world):
    page = render_html(make_document(analyse(world.board(SCRIPTED))))
    (policy,) = re.findall(r'Content-Security-Policy" content="(.*?)"', page)
    style = re.findall(r"<style>(.*?)</style>", page, flags=re.DOTALL)
    script = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (*style, *script)]
    assert re.findall(r"'sha256-(.*?)'", policy) == digests
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "innerHTML" not in page


def test_words_and_top_tens_are_those_of_the_store(world):
    board = world.board(SCRIPTED, HUMAN, pairs=["sw-en"])
    document = make_document(analyse(board), per_query=True)
    (found,) = details_of(render_html(document, read_details(Store(world.store), board, document))).values()
    human, scripted = document.rows
    assert found["ids"] == {"0": "q1", "1": "q2", "2": "q3"}
    assert found["texts"][scripted.cells[0].provenance.queries.digest] == {
        "0": "d1 d2",
        "1": "d2 d3",
        "2": "hapana",
    }
    assert found["tops"]["1"] == {"0": [["d1", 1], ["d2", None]], "1": [["d2", None], ["d3", 1]], "2": []}
    assert found["scores"]["RR"]["rows"] == ["______", "__gAAA"]
    assert human.label == "human"
    with pytest.raises(UsageError, match="need a document with the score of every query"):
        read_details(Store(world.store), board, make_document(analyse(board)))


def enlarged(document: BoardDocument, rows: int, pairs: int, queries: int) -> BoardDocument:
    """A document with so many rows, pairs and queries, each like the first one."""
    rng = np.random.default_rng(0)
    value = json.loads(document.to_json())
    ids = [f"collection-{number:02d}" for number in range(pairs)]
    value["collections"] = [{**value["collections"][0], "id": name} for name in ids]
    value["queries"] = {name: [f"query-{number:05d}" for number in range(queries)] for name in ids}
    first = value["rows"][0]
    cell = first["cells"][0]

    def made(name: str) -> dict:
        means = {measure: rng.random() for measure in value["measures"]}
        intervals = {measure: [round(mean / 2, 6), round(mean, 6)] for measure, mean in means.items()}
        scores = {measure: rng.random(queries).round(6).tolist() for measure in means}
        key = rng.bytes(16).hex()
        return {
            **cell,
            "collection": name,
            "means": means,
            "intervals": intervals,
            "scores": scores,
            "provenance": {**cell["provenance"], "key": key},
        }

    labels = [f"a system of some length {number:02d}" for number in range(rows)]
    value["rows"] = [{**first, "label": label, "cells": [made(name) for name in ids]} for label in labels]
    tests = value["tests"]["RR"]
    one = next(iter(tests["rows"]["scripted"]["best"]["pairs"].values()))
    compared = {"macro": one, "pairs": dict.fromkeys(ids, one)}
    tests["rows"] = {label: {"best": compared, "baseline": compared} for label in labels}
    return BoardDocument.model_validate(value)


def test_a_page_of_20_systems_20_pairs_and_1000_queries_takes_less_than_2_mb(world):
    board = world.board(SCRIPTED, HUMAN, pairs=["sw-en"], measures=["RR", "AP", "nDCG@10"])
    small = make_document(analyse(board, baseline="scripted"), per_query=True)
    document = enlarged(small, 20, 20, 1000)
    rng = np.random.default_rng(1)
    digest = document.rows[0].cells[0].provenance.queries.digest
    letters = [chr(letter) for letter in range(0x1200, 0x1248)]
    named = WORDS // 20 // 101  # as many as there is room for, with 11 bytes of id and 30 letters of 3 bytes
    details = {
        name: CollectionDetails(
            dict(enumerate(ids[:named])), {digest: {place: "".join(rng.choice(letters, 30)) for place in range(named)}}
        )
        for name, ids in (document.queries or {}).items()
    }
    page = render_html(document, details)
    assert len(page.encode()) < 2_000_000
    found = details_of(page)["collection-07"]
    assert list(found["scores"]) == ["RR"], "there is no room for the others"
    assert len(found["scores"]["RR"]["rows"]) == 20
