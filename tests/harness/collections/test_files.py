"""What all sources of local files do alike, shown on the BEIR layout."""

from pathlib import Path

import pytest

from clir_harness.harness.collections.beir import BeirConfig, BeirSource
from clir_harness.harness.collections.files import json_lines
from clir_harness.harness.errors import DataError, MissingDataError, UnknownNameError, UsageError


def beir(data, **settings):
    return BeirSource(BeirConfig.model_validate({"path": "mini", "pairs": ["sw-en"], **settings}), data)


def test_an_entry_whose_files_are_absent_says_what_to_put_where(tmp_path):
    (entry,) = beir(tmp_path, download="https://example.org/mini.zip").entries()

    assert entry.id == "mini/sw-en"
    assert entry.missing == f"no corpus.jsonl and no queries.jsonl and no qrels/test.tsv in {tmp_path / 'mini'}"
    assert entry.remedy == f"download https://example.org/mini.zip and put them at {tmp_path / 'mini'}"


def test_loading_a_missing_collection_is_an_error_with_the_same_remedy(tmp_path):
    with pytest.raises(MissingDataError, match=r"mini/sw-en: no corpus\.jsonl") as caught:
        beir(tmp_path).load("mini/sw-en")
    assert str(tmp_path / "mini") in caught.value.hint


def test_without_a_data_folder_a_relative_path_is_missing():
    (entry,) = beir(None).entries()

    assert entry.missing == "no data folder was given"
    assert entry.remedy == "pass --data DIR with DIR/mini"


def test_an_absolute_path_needs_no_data_folder(tmp_path):
    (tmp_path / "qrels").mkdir()
    for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv"):
        (tmp_path / name).touch()

    (entry,) = beir(None, path=str(tmp_path), name="mine").entries()

    assert (entry.id, entry.missing) == ("mine/sw-en", None)


def test_an_unknown_entry_is_an_error_with_a_suggestion(tmp_path):
    with pytest.raises(UnknownNameError, match="did you mean 'mini/sw-en'"):
        beir(tmp_path).load("mini/sw-eng")


def test_languages_are_canonical_whatever_alias_the_settings_use():
    (entry,) = beir(None, pairs=["swa-eng"]).entries()

    assert str(entry.pair) == "sw-en"


def test_an_unknown_language_is_an_error():
    with pytest.raises(UnknownNameError, match="unknown language 'xx'"):
        beir(None, pairs=["sw-xx"])


def test_a_pair_listed_twice_is_an_error():
    with pytest.raises(UsageError, match="sw-en is listed twice"):
        beir(None, pairs=["sw-en", "swa-eng"])


def test_a_placeholder_that_means_nothing_is_an_error(tmp_path):
    with pytest.raises(UsageError, match=r"'corpus\.\{lang\}\.jsonl' cannot be filled"):
        beir(tmp_path, corpus="corpus.{lang}.jsonl").entries()


def test_settings_survive_json():
    config = BeirConfig.model_validate({"path": "mini", "pairs": ["sw-en", "zh-Hant→en"], "codes": {"swa": "swh"}})

    assert BeirConfig.model_validate_json(config.model_dump_json()) == config
    assert config.codes == {"sw": "swh"}


@pytest.mark.parametrize(("line", "complaint"), [("{", "is not JSON"), ("[1]", "expected a JSON object, found list")])
def test_a_line_that_is_no_json_object_is_named(tmp_path, line, complaint):
    path = tmp_path / "docs.jsonl"
    path.write_text('{"id": "1"}\n' + line + "\n")

    with pytest.raises(DataError, match=rf"docs\.jsonl:2: {complaint}"):
        list(json_lines(Path(path)))
