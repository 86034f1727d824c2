import multiprocessing
from pathlib import Path

import pytest

from clir_harness.harness.errors import DataError
from clir_harness.systems.nmt.cache import TranslationCache, cache_folder


def test_what_was_kept_is_found_again_by_its_maker_only(tmp_path: Path) -> None:
    cache = TranslationCache(tmp_path / "new" / "cache.sqlite", "one")
    cache.keep({"maji": "water", "": "", "é\ud800": "odd"})
    cache.close()
    again = TranslationCache(tmp_path / "new" / "cache.sqlite", "one")
    assert again.find(["maji", "mto", "", "é\ud800"]) == {"maji": "water", "": "", "é\ud800": "odd"}
    assert TranslationCache(tmp_path / "new" / "cache.sqlite", "two").find(["maji"]) == {}


def test_a_text_keeps_its_first_translation(tmp_path: Path) -> None:
    cache = TranslationCache(tmp_path / "cache.sqlite", "one")
    cache.keep({"maji": "water"})
    cache.keep({"maji": "waters", "mto": "river"})
    assert cache.find(["maji", "mto"]) == {"maji": "water", "mto": "river"}


def test_maker_and_text_are_kept_apart(tmp_path: Path) -> None:
    TranslationCache(tmp_path / "cache.sqlite", "ab").keep({"c": "x"})
    assert TranslationCache(tmp_path / "cache.sqlite", "a").find(["bc"]) == {}


def test_more_texts_than_a_statement_takes(tmp_path: Path) -> None:
    texts = {str(number): f"n{number}" for number in range(3000)}
    cache = TranslationCache(tmp_path / "cache.sqlite", "one")
    cache.keep(texts)
    assert cache.find(list(texts)) == texts


def _write(path: Path, process: int) -> None:
    cache = TranslationCache(path, "one")
    for number in range(50):
        cache.keep({f"{process}/{number}": "x"})


def test_several_processes_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_write, args=(path, number)) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    wanted = [f"{process}/{number}" for process in range(3) for number in range(50)]
    assert len(TranslationCache(path, "one").find(wanted)) == 150


def test_a_file_that_is_no_cache_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache.sqlite").write_text("not a database, by far not one" * 100)
    with pytest.raises(DataError, match=r"cache\.sqlite: cannot be used as the cache of translations"):
        TranslationCache(tmp_path / "cache.sqlite", "one")


def test_the_cache_lies_where_the_user_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "clir-harness"
