"""Topics from files: TREC and CLEF SGML, HC4 and plain JSON lines, TSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from clir_harness.harness.collections.base import HUMAN, ORIGINAL, Query, QuerySet
from clir_harness.harness.collections.files import id_of, json_lines, optional_text_of, refuse_header, text_of
from clir_harness.harness.collections.trec_topics import trec_topics
from clir_harness.harness.errors import DataError, UnknownNameError
from clir_harness.harness.languages import LanguagePair, canonical_tag
from clir_harness.harness.textio import numbered_lines, without_compression

TopicFormat = Literal["trec", "jsonl", "tsv"]
TopicField = Literal["title", "description", "title+description"]
FIELDS: tuple[TopicField, ...] = ("title", "description", "title+description")

MACHINE = "machine"
"""Query variant: a machine translation into the documents' language that was published with the topics."""

ID_NAMES = ("topic_id", "query_id", "qid", "id", "_id")
TITLE_NAMES = ("title", "topic_title", "text", "query", "question")
DESCRIPTION_NAMES = ("description", "topic_description")


@dataclass(frozen=True, slots=True)
class Topic:
    """One information need in one wording: a short title and, where there is one, a sentence that describes it.

    >>> Topic("41", "Floods", "Find reports on floods.").field("title+description")
    'Floods Find reports on floods.'
    """

    id: str
    title: str
    description: str = ""

    def field(self, name: TopicField) -> str:
        """The text of a field, on one line."""
        parts = {"title": [self.title], "description": [self.description]}.get(name, [self.title, self.description])
        return " ".join(" ".join(parts).split())


def query_sets(wordings: Mapping[str, tuple[str, list[Topic]]], original: TopicField) -> dict[str, QuerySet]:
    """Query variants from topics: each wording under its own name in the field `original`, and in the other fields.

    The other fields of the original wording are the variants `title`, `description` and `title+description`; those of
    another wording are prefixed with its name: `human-description`.

    Args:
        wordings: language and topics by name (`original`, `human`, `machine`).
        original: field of the variants named like their wording.

    Returns:
        Queries by variant.
    """
    sets = {}
    for name, (language, topics) in wordings.items():
        described = any(topic.description for topic in topics)
        for field in (original, *(other for other in FIELDS if other != original and described)):
            suffix = field if name == ORIGINAL else f"{name}-{field}"
            queries = tuple(Query(topic.id, topic.field(field)) for topic in topics)
            sets[name if field == original else suffix] = QuerySet(language, queries)
    return sets


def read_topics(
    paths: Sequence[Path], stated: TopicFormat | None, pair: LanguagePair, code: str
) -> dict[str, list[Topic]]:
    """Read topics by wording: `original`, and `human` and `machine` where the files have translations, as in HC4.

    Args:
        paths: the files, read in this order.
        stated: their format; None to infer it from the name: .jsonl and .json, .tsv, otherwise TREC SGML.
        pair: the languages asked for; needed where a file holds several.
        code: code of the query language in tags such as `<EN-title>`.

    Returns:
        Topics by wording.

    Raises:
        DataError: a file is malformed or lacks a wording in the query language; names file, and line or topic.
    """
    wordings: dict[str, list[Topic]] = {}
    for path in paths:
        suffix = Path(without_compression(path.name)).suffix
        name = stated or ("jsonl" if suffix in {".jsonl", ".json"} else "tsv" if suffix == ".tsv" else "trec")
        if name == "jsonl":
            found = read_jsonl_topics(path, pair)
        else:
            found = {ORIGINAL: list(read_tsv_topics(path) if name == "tsv" else read_trec_topics(path, code))}
        for wording, topics in found.items():
            wordings.setdefault(wording, []).extend(topics)
    return wordings


def read_trec_topics(path: Path, code: str) -> Iterator[Topic]:
    """Read TREC and CLEF topics in SGML or XML: see `trec_topics`.

    Args:
        path: the file.
        code: code of the wanted language in tags such as `<EN-title>`.

    Yields:
        The topics, in the order of the file.

    Raises:
        DataError: the file is malformed; names file and line.
    """
    for found in trec_topics(path, code):
        yield Topic(found.id, found.title, found.description)


def read_tsv_topics(path: Path) -> Iterator[Topic]:
    """`id TAB query`, without a header.

    Raises:
        DataError: with file and line.
    """
    for number, line in numbered_lines(path):
        columns = line.split("\t")
        if len(columns) != 2:
            raise DataError(f"expected 2 columns (id, query), found {len(columns)}", path=path, line=number)
        refuse_header(columns, path, number)
        yield Topic(columns[0], columns[1])


def read_jsonl_topics(path: Path, pair: LanguagePair) -> dict[str, list[Topic]]:
    """Read topics from JSON lines: HC4's (`topics` by language and source), or with an id and a title or text.

    Args:
        path: the file.
        pair: the languages asked for.

    Returns:
        Topics by wording.

    Raises:
        DataError: the file is malformed, or a topic has no wording in the query language; names file and line.
    """
    wordings: dict[str, list[Topic]] = {}
    for line, record in json_lines(path):
        topic_id = id_of(record, ID_NAMES, path, line)
        if "topics" in record:
            found = _hc4_wordings(record, topic_id, pair, path, line)
        else:
            title = text_of(record, TITLE_NAMES, path, line)
            found = {ORIGINAL: Topic(topic_id, title, optional_text_of(record, DESCRIPTION_NAMES, path, line))}
        for name, topic in found.items():
            wordings.setdefault(name, []).append(topic)
    return wordings


def _hc4_wordings(
    record: Mapping[str, object], topic_id: str, pair: LanguagePair, path: Path, line: int
) -> dict[str, Topic]:
    """Wordings of one HC4 topic; none when the topic says that it is not judged in the documents' language."""
    judged = record.get("languages_with_qrels")
    if isinstance(judged, list) and pair.document not in _tags(judged, path, line):
        return {}
    texts = {}
    for item in _items(record["topics"], path, line):
        title, description = (text_of(item, (f"topic_{name}",), path, line) for name in ("title", "description"))
        source = text_of(item, ("source",), path, line)
        kind = {"original": ORIGINAL, "human translation": HUMAN}.get(source, MACHINE)
        language = _tags([text_of(item, ("lang",), path, line)], path, line)[0]
        texts[language, kind] = Topic(topic_id, title, description)
    published = texts.get((pair.query, ORIGINAL)) or texts.get((pair.query, HUMAN))
    if published is None:
        have = ", ".join(f"{language} ({kind})" for language, kind in texts)
        raise DataError(f"topic {topic_id} has no {pair.query} wording by people; it has {have}", path=path, line=line)
    found = {ORIGINAL: published}
    if pair.query != pair.document:
        human = texts.get((pair.document, ORIGINAL)) or texts.get((pair.document, HUMAN))
        found |= {HUMAN: human} if human else {}
        found |= {MACHINE: machine} if (machine := texts.get((pair.document, MACHINE))) else {}
    return found


def _items(value: object, path: Path, line: int) -> list[Mapping[str, object]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise DataError("expected a list of objects under 'topics'", path=path, line=line)
    return value


def _tags(codes: Iterable[object], path: Path, line: int) -> list[str]:
    try:
        return [canonical_tag(str(code)) for code in codes]
    except UnknownNameError as error:
        raise DataError(error.message, path=path, line=line, hint=error.hint) from error
