"""JSON boards: complete, and the same text from the same results."""

from __future__ import annotations

import json
import shutil

import pytest

from clir_harness.leaderboards.reading import read_leaderboard
from clir_harness.leaderboards.render.formats import render

SCRIPTED = {"system": "scripted"}


def test_the_document_holds_the_whole_board(world, scripted):
    rows = [scripted("breaks", fails_on="tl"), SCRIPTED]
    board = world.board(*rows, pairs=["sw-en", "tl-en", "yo-en"], description="About.")
    document = json.loads(render(board, "json"))
    assert (document["schema"], document["schema_version"]) == ("clir-harness/leaderboard", 2)
    assert document["suite"] == {"name": "mini", "title": "Mini", "description": "About.", "depth": 10}
    assert document["measures"] == ["RR", "P@1"]

    collections = {collection["pair"]: collection for collection in document["collections"]}
    assert collections["sw-en"]["judged_queries"] == 3
    assert (collections["sw-en"]["licence"], collections["sw-en"]["missing"]) == ("CC0", "")
    assert collections["yo-en"]["documents"] is None
    assert "no queries.yo.en.tsv" in collections["yo-en"]["missing"]

    first, second = document["rows"]
    assert (first["label"], second["label"], second["settings"]) == ("scripted", "breaks", {"fails_on": "tl"})
    assert first["averages"]["RR"] == {
        "macro": pytest.approx(5 / 12),
        "high": None,
        "low": pytest.approx(5 / 12),
        "gap": None,
    }
    assert second["averages"]["RR"]["macro"] is None
    done, failed = second["cells"]
    assert (done["state"], done["means"]["RR"], done["judged"], done["unanswered"]) == ("done", 0.5, 3, 1)
    assert done["command"] == "clir run --suite mini --systems breaks --pairs sw-en"
    assert document["identities"][done["identity"]]["settings"]["fails_on"] == "tl"
    assert document["machines"][done["machine"]]["cores"] > 0
    assert (failed["state"], failed["means"]) == ("failed", {})
    assert "out of luck" in failed["reason"]


def test_the_same_results_give_the_same_text_wherever_the_store_is(world, scripted, tmp_path):
    text = render(world.board(SCRIPTED, scripted("breaks", fails_on="tl")), "json")
    shutil.copytree(world.store, tmp_path / "elsewhere")
    assert render(read_leaderboard(tmp_path / "elsewhere", "mini"), "json") == text
