"""Boards as a static site."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from clir_harness.harness.errors import StoreError, UnknownNameError, UsageError
from clir_harness.leaderboards import site
from clir_harness.leaderboards.schema import read_board
from clir_harness.leaderboards.site import publish_site

SCRIPTED = {"system": "scripted"}
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202e"


class Outline(HTMLParser):
    """Elements, links and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.links += [value for name, value in attrs if name == "href" and value and value != "data:,"]

    def handle_data(self, data: str) -> None:
        self.text += data


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def store(world):
    """A store with two suites."""
    for name in ("mini", "index"):
        world.run(world.suite(SCRIPTED, pairs=["sw-en", "tl-en"], name=name, title=f"Suite {name}"))
    return world.store


def test_a_site_has_an_index_and_a_page_with_its_document_for_every_suite(store, tmp_path):
    folder = tmp_path / "site"
    pages = publish_site(store, folder)
    assert pages["mini"] == "mini.html"
    assert pages["index"].startswith("index-"), "the index is another page"
    others = {name.replace(".html", ".json") for name in pages.values()}
    assert set(content(folder)) == {"index.html", "site.json", *pages.values(), *others}
    outline = Outline((folder / "index.html").read_text("utf-8"))
    assert all((folder / link).is_file() for link in outline.links)
    assert len(outline.links) == 4
    assert "Suite mini" in outline.text
    assert "0.417" in outline.text, "mean of 1/2 and 1/3"
    assert read_board(folder / "mini.json").suite.title == "Suite mini"
    assert [path.name for path in tmp_path.iterdir() if "site" in path.name] == ["site"]


def test_the_same_store_gives_the_same_bytes(store, tmp_path):
    publish_site(store, tmp_path / "one")
    publish_site(store, tmp_path / "two", ["mini", "index"])
    assert content(tmp_path / "one") == content(tmp_path / "two")
    publish_site(store, tmp_path / "one")
    assert content(tmp_path / "one") == content(tmp_path / "two")


def test_a_new_site_replaces_the_old_one_whole(store, tmp_path):
    publish_site(store, tmp_path / "site")
    publish_site(store, tmp_path / "site", ["mini"])
    assert set(content(tmp_path / "site")) == {"index.html", "mini.html", "mini.json", "site.json"}


def test_folders_with_other_files_are_left_alone_unless_forced(store, tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    publish_site(store, folder)
    (folder / "CNAME").write_text("example.org")
    with pytest.raises(UsageError, match="did not write: CNAME") as error:
        publish_site(store, folder)
    assert "--force" in error.value.hint
    assert (folder / "CNAME").exists()
    (folder / "site.json").write_text("{}")
    with pytest.raises(UsageError, match="is not empty, and is no site"):
        publish_site(store, folder)
    publish_site(store, folder, force=True)
    assert "CNAME" not in content(folder)
    with pytest.raises(UsageError, match="is not a folder"):
        publish_site(store, folder / "index.html")


def test_what_is_not_in_the_store_is_named(store, tmp_path):
    with pytest.raises(UnknownNameError, match="unknown suite in this store 'mimi'"):
        publish_site(store, tmp_path / "site", ["mimi"])
    with pytest.raises(StoreError, match="no results store"):
        publish_site(tmp_path / "nowhere", tmp_path / "site")
    assert not (tmp_path / "site").exists()
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"the site .* cannot be written: File exists"):
        publish_site(store, tmp_path / "file" / "site")
    with pytest.raises(UsageError, match="cannot be written"):
        publish_site(store, "/proc/site")


def test_a_failure_leaves_the_old_site(store, tmp_path, monkeypatch):
    publish_site(store, tmp_path / "site")
    before = content(tmp_path / "site")
    monkeypatch.setattr(site, "render_index", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        publish_site(store, tmp_path / "site", ["mini"])
    assert content(tmp_path / "site") == before
    assert [path.name for path in tmp_path.iterdir() if "site" in path.name] == ["site"]


KILLED = """
import os, signal, sys
from pathlib import Path
from clir_harness.leaderboards.site import publish_site
rename, calls = Path.rename, []

def counting(self, target):
    if len(calls) == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    calls.append(target)
    return rename(self, target)

Path.rename = counting
publish_site(sys.argv[1], sys.argv[2], ["mini"])
"""


@pytest.mark.parametrize("renames", [0, 1])
def test_a_killed_call_loses_nothing(store, tmp_path, renames):
    folder = tmp_path / "site"
    publish_site(store, folder)
    before = content(folder)
    done = subprocess.run([sys.executable, "-c", KILLED, str(store), str(folder), str(renames)], env=dict(os.environ))
    assert done.returncode == -signal.SIGKILL
    assert content(folder if renames == 0 else tmp_path / ".site.old") == before
    publish_site(store, folder)
    assert content(folder) == before
    assert [path.name for path in tmp_path.iterdir() if "site" in path.name] == ["site"]


def test_hostile_texts_are_only_text_on_the_index(world, scripted, tmp_path):
    world.run(
        world.suite(scripted(HOSTILE), scripted("L" * 10_000), pairs=["sw-en"], title=HOSTILE, description=HOSTILE)
    )
    publish_site(world.store, tmp_path / "site")
    text = (tmp_path / "site" / "index.html").read_text("utf-8")
    outline = Outline(text)
    assert not {"script", "img"} & set(outline.elements)
    assert "<script>alert(1)" in outline.text
    assert not {"\u202e"} & set(text)
    assert len(text) < 20_000
    page = (tmp_path / "site" / "mini.html").read_text("utf-8")
    assert Outline(page).elements.count("script") == 3
    assert not {"\u202e"} & set(page)


def test_suite_names_become_names_of_files_that_stay_in_the_folder():
    names = site.file_names(["mini", "MINI", "../../etc/passwd", "a/b", "a\\b", "..", "", "x" * 10_000, "con\x00", "ü"])
    assert len({name.casefold() for name in names.values()}) == 10
    assert all(
        name and not set(name) & set("/\\\x00") and name[0] != "." and len(name) < 100 for name in names.values()
    )


def test_the_command_writes_the_site_and_names_its_pages(store, tmp_path):
    command = [sys.executable, "-m", "clir_harness.cli", "publish", str(tmp_path / "site"), "--store", str(store)]
    done = subprocess.run([*command, "--suite", "mini"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(tmp_path / "site" / name) for name in ("index.html", "mini.html")]
    head = json.loads((tmp_path / "site" / "site.json").read_text())
    assert head["boards"] == [{"page": "mini.html", "suite": "mini"}]
    (tmp_path / "site" / "mine.txt").touch()
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert "mine.txt" in done.stderr
