"""ir_datasets itself reads small files of the sets' own formats, laid out in its home folder."""

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from clir_harness.harness.collections.irds import IrDatasetsConfig, IrDatasetsSource
from clir_harness.harness.errors import UnknownNameError, UsageError

ROOT = Path(__file__).parents[3]


def source(*datasets):
    return IrDatasetsSource(IrDatasetsConfig.model_validate({"datasets": datasets}))


def run_in_home(home, code):
    """Run code in a process whose ir_datasets lives in `home`, without a network; returns what it prints as JSON."""
    prelude = (
        "import json\n"
        "from clir_harness.harness.collections.irds import IrDatasetsConfig, IrDatasetsSource\n"
        "from clir_harness.harness.collections.validation import report\n"
        "def source(*datasets):\n"
        "    return IrDatasetsSource(IrDatasetsConfig.model_validate({'datasets': datasets}))\n"
    )
    offline = {"IR_DATASETS_DL_TRIES": "1", "http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    environment = {**os.environ, **offline, "IR_DATASETS_HOME": str(home), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", prelude + code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_entries_are_listed_without_downloading_anything(tmp_path):
    found = run_in_home(
        tmp_path,
        "entries = source('neuclir/1/fa/trec-2022', 'clirmatrix/en/multi8/ar/dev', 'cranfield').entries()\n"
        "print(json.dumps([(entry.id, str(entry.pair), entry.missing) for entry in entries]))",
    )

    assert found == [
        ["neuclir/1/fa/trec-2022", "en-fa", None],
        ["clirmatrix/en/multi8/ar/dev", "ar-en", None],
        ["cranfield", "en-en", None],
    ]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_ir_datasets_is_not_imported_before_it_is_needed(tmp_path):
    code = "import sys\nsource('neuclir/1/fa/trec-2022').entries()\nprint(json.dumps('ir_datasets' in sys.modules))"

    assert run_in_home(tmp_path, code) is False


@pytest.fixture
def hc4(tmp_path):
    folder = tmp_path / "hc4"
    (folder / "zho").mkdir(parents=True)
    docs = [{"id": "d1", "title": "洪水", "text": "河水上涨。"}, {"id": "d2", "title": "", "text": "下雪。"}]
    more = {"url": "", "time": "", "cc_file": ""}
    (folder / "zho" / "hc4_docs.jsonl").write_text("".join(json.dumps(doc | more) + "\n" for doc in docs))
    wordings = [("eng", "original", "floods"), ("zho", "human translation", "洪水"), ("zho", "mt", "水灾")]
    topic = {
        "topic_id": "1",
        "languages_with_qrels": ["zho"],
        "topics": [
            {"lang": lang, "source": kind, "topic_title": text, "topic_description": f"{text}?"}
            for lang, kind, text in wordings
        ],
        "narratives": {"zho": {}},
        "report": {"text": "", "url": "", "date": ""},
    }
    (folder / "dev.topics.v1-0.jsonl").write_text(json.dumps(topic) + "\n")
    (folder / "zho" / "dev.qrels.v1-0.txt").write_text("1 0 d1 3\n1 0 d2 0\n")
    return tmp_path


def test_hc4_loads_with_its_translations_as_variants(hc4):
    found = run_in_home(
        hc4,
        "collection = source('hc4/zh/dev').load('hc4/zh/dev')\n"
        "print(json.dumps({\n"
        "  'documents': [(d.id, d.title, d.text) for d in collection.documents.stream()],\n"
        "  'variants': {name: (s.language, [q.text for q in s.queries]) for name, s in collection.queries.items()},\n"
        "  'qrels': collection.qrels, 'set': collection.documents.id,\n"
        "  'problems': [problem.message for problem in report(collection).problems]}))",
    )

    assert found["documents"] == [["d1", "洪水", "河水上涨。"], ["d2", "", "下雪。"]]
    assert found["variants"]["original"] == ["en", ["floods"]]
    assert found["variants"]["title+description"] == ["en", ["floods floods?"]]
    assert found["variants"]["human"] == ["zh", ["洪水"]]
    assert found["variants"]["machine-description"] == ["zh", ["水灾?"]]
    assert found["qrels"] == {"1": {"d1": 3, "d2": 0}}
    assert found["set"] == "ir_datasets/hc4/zh"
    assert found["problems"] == []


@pytest.fixture
def neuclir(tmp_path):
    """The 2022 judgements are of topic 7, those of 2023 of topic 201, as there the years share no topic."""
    folder = tmp_path / "neuclir"
    for name in ("1/zho", "trec-2022", "trec-2023"):
        (folder / name).mkdir(parents=True)
    doc = {"id": "d1", "title": "", "text": "下雪。", "url": "", "time": "", "cc_file": ""}
    (folder / "1" / "zho" / "docs.jsonl.gz").write_bytes(gzip.compress(json.dumps(doc).encode()))
    (folder / "trec-2022" / "qrels").write_text("7 zho d1 1\n")
    texts = {f"topic_{name}": "x" for name in ("title", "description", "narrative")}
    wordings = [("eng", "original"), ("zho", "human translation"), ("zho", "mt")]
    topic = {"topic_id": "201", "topics": [{"lang": lang, "source": kind, **texts} for lang, kind in wordings]}
    (folder / "trec-2023" / "topics.jsonl").write_text(json.dumps(topic) + "\n")
    with tarfile.open(folder / "trec-2023" / "qrels.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("qrels.final.gains.zho")
        judgements = b"201 0 d1 3\n"
        member.size = len(judgements)
        archive.addfile(member, io.BytesIO(judgements))
    return tmp_path


def test_neuclir_2023_filtered_by_the_topics_of_2022_fails_before_it_is_scored(neuclir):
    found = run_in_home(
        neuclir,
        "collection = source('neuclir/1/zh/trec-2023').load('neuclir/1/zh/trec-2023')\n"
        "print(json.dumps([collection.qrels, [problem.message for problem in report(collection).errors]]))",
    )

    assert found == [
        {"201": {"d1": 3}},
        ["there are no queries", "1 judged queries are not in the collection, e.g. '201'"],
    ]


@pytest.fixture
def mmarco(tmp_path):
    folder = tmp_path / "mmarco" / "v2"
    folder.mkdir(parents=True)
    (folder / "german_collection.tsv").write_text("7\tEs regnet.\n")
    (folder / "german.queries.dev.tsv").write_text("1\tRegen\n2\tSchnee\n")
    (folder / "dutch.queries.dev.tsv").write_text("1\tregen (nl)\n3\twind\n")
    (folder.parent / "qrels.dev.small.tsv").write_text("1 0 7 1\n")
    return tmp_path


def test_queries_can_come_from_a_parallel_set_in_another_language(mmarco):
    found = run_in_home(
        mmarco,
        "settings = {'id': 'mmarco/v2/de/dev/small', 'queries_from': 'mmarco/v2/dt/dev/small'}\n"
        "(entry,) = source(settings).entries()\n"
        "collection = source(settings).load(entry.id)\n"
        "variants = {name: (s.language, [q.text for q in s.queries]) for name, s in collection.queries.items()}\n"
        "print(json.dumps([entry.id, variants, [p.code for p in report(collection).problems]]))",
    )

    assert found == [
        "mmarco/v2/de/dev/small/nl-de",
        {"original": ["nl", ["regen (nl)"]], "machine": ["de", ["Regen"]]},
        [],
    ]


def test_data_that_cannot_be_had_is_missing_and_says_where_to_put_it(tmp_path):
    found = run_in_home(
        tmp_path,
        "from clir_harness.harness.errors import MissingDataError\n"
        "try:\n"
        "    source('hc4/zh/dev').load('hc4/zh/dev')\n"
        "except MissingDataError as error:\n"
        "    print(json.dumps([error.message, error.hint]))",
    )

    assert found[0].startswith("ir_datasets cannot read hc4/zh/dev")
    assert "IR_DATASETS_HOME" in found[1]
    assert "https://ir-datasets.com/hc4.html" in found[1]


def test_documents_that_must_be_obtained_by_hand_are_missing_when_they_are_read(hc4):
    (hc4 / "hc4" / "zho" / "hc4_docs.jsonl").unlink()

    found = run_in_home(
        hc4,
        "from clir_harness.harness.errors import MissingDataError\n"
        "try:\n"
        "    list(source('hc4/zh/dev').load('hc4/zh/dev').documents.stream())\n"
        "except MissingDataError as error:\n"
        "    print(json.dumps(error.message))",
    )

    assert found == f"ir_datasets cannot read hc4/zh/dev: no file {hc4 / 'hc4' / 'zho' / 'hc4_docs.jsonl'}"


def test_an_unknown_id_is_an_error_with_a_suggestion():
    with pytest.raises(UnknownNameError, match="did you mean 'neuclir/1/zh/trec-2023'"):
        source("neuclir/1/zh/trec-2024").entries()


def test_a_set_without_queries_is_an_error():
    with pytest.raises(UsageError, match="hc4/zh has no queries"):
        source("hc4/zh").entries()


def test_languages_nobody_states_are_an_error_until_the_settings_state_them():
    with pytest.raises(UsageError, match="the languages of ir_datasets id istella22/test are not known"):
        source("istella22/test").entries()

    (entry,) = source({"id": "istella22/test", "document_language": "ita"}).entries()
    assert str(entry.pair) == "it-it"
