import json
import sys
from pathlib import Path

import pytest

from clir_harness import cli
from clir_harness.harness.conformance import CHECKS

PLUGIN = """
import json
from pydantic import Field
from clir_harness.harness.system import RetrievalSystem, Searcher, SystemConfig, register_system

class All(Searcher):
    def __init__(self, ids, lowered):
        self.ids = [doc.lower() for doc in ids] if lowered else ids
    def search(self, queries, depth):
        return [[(doc, 1.0) for doc in sorted(self.ids)[:depth]] for _ in queries]

class Config(SystemConfig):
    lowered: bool = Field(False)

@register_system("all-documents")
class AllDocuments(RetrievalSystem):
    summary = "returns all documents"
    Config = Config
    def supports(self, pair):
        return None if pair.document == "en" else f"no {pair.document} documents"
    def index(self, documents, folder, context):
        (folder / "ids.json").write_text(json.dumps([document.id for document in documents]))
    def open(self, folder, context):
        return All(json.loads((folder / "ids.json").read_text()), self.config.lowered)
    def index_settings(self):
        return {}
"""


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plugin") / "all_documents.py"
    path.write_text(PLUGIN)
    return path


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    """Runs `clir check` with arguments in this process; gives exit code, standard output and standard error."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["clir", "check", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return int(end.value.code or 0), *capfd.readouterr()

    return call


def test_every_check_has_a_line_and_all_is_well(check, plugin: Path) -> None:
    code, out, err = check("all-documents", "--plugin", plugin)
    assert code == 0
    assert out.splitlines() == [f"ok      {one.name}" for one in CHECKS]
    assert f"all-documents (file {plugin}) over sw→en" in err
    assert "no check failed" in err


def test_a_failed_check_shows_its_reason_and_its_remedy_and_ends_with_exit_code_1(check, plugin: Path) -> None:
    code, out, err = check("all-documents", "--plugin", plugin, "--set", "lowered=true", "--pair", "zh-en")
    assert code == 1
    (line,) = [line for line in out.splitlines() if line.startswith("FAILED")]
    assert "ids-come-back-byte-for-byte: query '" in line
    assert "which was not indexed" in line
    assert "(to fix: keep ids as the strings they are" in line
    assert f"1 of {len(CHECKS)} checks failed" in err


def test_the_outcome_comes_as_json_too(check, plugin: Path) -> None:
    code, out, _ = check("all-documents", "--plugin", plugin, "--set", "lowered=true", "--json")
    found = json.loads(out)
    assert code == 1
    assert (found["system"], found["settings"], found["pair"]) == ("all-documents", {"lowered": True}, "sw-en")
    assert found["failed"] == 1
    assert [one["check"] for one in found["checks"]] == [one.name for one in CHECKS]
    (failed,) = [one for one in found["checks"] if one["status"] == "failed"]
    assert failed["check"] == "ids-come-back-byte-for-byte"
    assert failed["remedy"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bm52"], "did you mean 'bm25'"),
        (["bm25", "--set", "k3=1"], "unknown setting of system 'bm25' 'k3'"),
        (["bm25", "--set", "k1"], "write FIELD=VALUE"),
        (["bm25", "--set", "k1=["], "its value is not YAML"),
        (["bm25", "--pair", "sw-xx1"], "xx1"),
        (["all-documents", "--pair", "en-sw"], "takes none of these pairs: en-sw: no sw documents"),
    ],
)
def test_wrong_requests_end_with_exit_code_2_and_say_what_would_be_right(
    check, plugin: Path, arguments: list[str], message: str
) -> None:
    code, _, err = check(*arguments, "--plugin", plugin)
    assert code == 2
    assert message in err
