"""Parallel text from files: TSV, Moses pairs, TMX and JSONL, compressed or not, as a stream of sentence pairs."""

from __future__ import annotations

import itertools
import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError, ParserCreate

from clir_harness.harness.characters import refuse_lone_surrogates
from clir_harness.harness.errors import DataError, MissingDataError
from clir_harness.harness.languages import canonical_tag, resolve
from clir_harness.harness.textio import COMPRESSED, DAMAGE, open_binary, open_text, without_compression
from clir_harness.harness.training import BitextPath

XML_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
FORMATS = (".tsv", ".tmx", ".jsonl", ".json")


@dataclass(frozen=True, slots=True)
class SentencePair:
    """A sentence in a foreign language (`source`), its translation in the pivot language (`target`), and an id."""

    source: str
    target: str
    id: str


def read_bitext(path: BitextPath, language: str, pivot: str = "en") -> Iterator[SentencePair]:
    """Sentence pairs of a file, in its order.

    Args:
        path: `.tsv` (`sentence TAB translation`, optionally `TAB id`), `.tmx`, or `.jsonl` (objects with the two
            languages' tags as keys, e.g. {"sw": ..., "en": ..., "id": ...}, `id` being optional; or AfriQA's
            questions with their translations, which its publisher names `.json`), each also compressed; or two text
            files, aligned by line (Moses). Without an id of its own, a pair's is its number.
        language: tag of the foreign side; in TMX and JSONL any alias of it is understood.
        pivot: tag of the other side.

    Returns:
        An iterator that reads as it goes.

    Raises:
        MissingDataError: when a file is absent.
        DataError: with file and line (TMX: file) for text that is not UTF-8, a line without two or three columns, an
            empty side, Moses files of different lengths, broken JSON or XML, and XML that declares entities. TMX
            units without the two languages are left out: such files often hold many.
    """
    language, pivot = canonical_tag(language), canonical_tag(pivot)
    for file in path if isinstance(path, tuple) else (path,):
        if not file.is_file():
            raise MissingDataError(f"no parallel text {file}", hint="give .tsv, .tmx, .jsonl, or two text files")
    if isinstance(path, tuple):
        return _read_moses(*path)
    suffix = Path(without_compression(path.name)).suffix
    if suffix == ".tsv":
        return _read_tsv(path)
    if language == pivot and suffix in FORMATS:
        raise DataError(
            f"distinguishes its two sides by language, and both are '{pivot}'",
            path=path,
            hint="write .tsv: query, passage",
        )
    if suffix in (".jsonl", ".json"):
        return _read_jsonl(path, language, pivot)
    if suffix == ".tmx":
        return _read_tmx(path, language, pivot)
    raise DataError(
        f"is not parallel text by its name (known: {', '.join(FORMATS)}, each also with {', '.join(COMPRESSED)})",
        path=path,
        hint="rename it, or give the two files of a Moses pair as FOREIGN+PIVOT",
    )


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """All lines with their numbers, blank ones too: in parallel text a blank line is a fault, not a pause."""
    number = 0
    with open_text(path) as handle:
        try:
            for number, line in enumerate(handle, start=1):
                yield number, line.rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise DataError("is not UTF-8", path=path, line=number + 1, hint="convert it with iconv") from error
        except DAMAGE as error:
            raise DataError(f"is truncated or damaged: {error}", path=path, line=number + 1) from error


def _pair(source: str, target: str, key: str, path: Path, line: int | None) -> SentencePair:
    source, target = source.strip(), target.strip()
    if not (source and target):
        side = "translation" if source else "sentence"
        raise DataError(f"the {side} is empty", path=path, line=line, hint="remove or fix the pair")
    return SentencePair(source, target, key)


def _read_tsv(path: Path) -> Iterator[SentencePair]:
    for number, line in _lines(path):
        columns = line.split("\t")
        if len(columns) not in (2, 3):
            raise DataError(
                f"expected 2 or 3 columns, found {len(columns)}",
                path=path,
                line=number,
                hint="write sentence TAB translation [TAB id]",
            )
        yield _pair(columns[0], columns[1], columns[2] if len(columns) == 3 else str(number), path, number)


def _read_moses(source: Path, target: Path) -> Iterator[SentencePair]:
    for left, right in itertools.zip_longest(_lines(source), _lines(target)):
        if left is None or right is None:
            longer, shorter, line = (source, target, left) if left is not None else (target, source, right)
            raise DataError(
                f"has a line that {shorter} has not: the files are not aligned",
                path=longer,
                line=line[0],
                hint="both files need the same number of lines",
            )
        number = left[0]
        yield _pair(left[1], right[1], str(number), source if not left[1].strip() else target, number)


def _read_jsonl(path: Path, language: str, pivot: str) -> Iterator[SentencePair]:
    for number, line in _lines(path):
        try:
            found = json.loads(line)
        except ValueError as error:
            raise DataError(f"is not JSON: {error}", path=path, line=number) from None
        refuse_lone_surrogates(line, path, number)
        if not isinstance(found, dict):
            raise DataError("is not a JSON object", path=path, line=number)
        if "translated_question" in found:
            sides = {language: found.get("question"), pivot: found["translated_question"]}
        else:
            sides = {key: value for key, value in found.items() if key != "id"}
        texts: list[Any] = [sides.get(resolve(tag, sides) or "") for tag in (language, pivot)]
        for tag, text in zip((language, pivot), texts, strict=True):
            if not isinstance(text, str):
                raise DataError(
                    f"has no text under '{tag}'",
                    path=path,
                    line=number,
                    hint=f'expected {{"{language}": ..., "{pivot}": ...}}',
                )
        yield _pair(texts[0], texts[1], str(found.get("id", number)), path, number)


def _read_tmx(path: Path, language: str, pivot: str) -> Iterator[SentencePair]:
    """TMX 1.4 as a stream: every element is freed once read."""
    _refuse_doctype_entities(path)
    number = 0
    with open_binary(path) as handle:
        try:
            root = None
            for event, element in ET.iterparse(handle, events=("start", "end")):
                root = element if root is None else root
                if event == "start" or element.tag != "tu":
                    continue
                number += 1
                sides = _segments(element)
                own = resolve(language, sides), resolve(pivot, sides)
                if own[0] is not None and own[1] is not None:
                    yield _pair(sides[own[0]], sides[own[1]], element.get("tuid") or str(number), path, None)
                root.clear()
        except (ET.ParseError, *DAMAGE) as error:
            raise DataError(f"is not whole XML after {number} translation units: {error}", path=path) from None


def _segments(unit: ET.Element) -> dict[str, str]:
    """Text of a translation unit by language, as it is spelled there."""
    found: dict[str, str] = {}
    for variant in unit.iter("tuv"):
        tag = variant.get(XML_LANGUAGE) or variant.get("lang") or ""
        segment = variant.find("seg")
        found[tag] = "" if segment is None else "".join(segment.itertext())
    return found


def _refuse_doctype_entities(path: Path) -> None:
    """TMX needs no entities of its own; a file that declares some could expand to any size."""

    def refuse(name: str, *_: object) -> None:
        raise DataError(f"declares the entity '{name}'", path=path, hint="remove the declarations from the DOCTYPE")

    parser = ParserCreate()
    parser.EntityDeclHandler = refuse
    started: list[str] = []
    parser.StartElementHandler = lambda name, _: started.append(name)
    with open_binary(path) as handle:
        try:
            while not started and (chunk := handle.read(65536)):  # declarations precede the first element
                parser.Parse(chunk, False)
        except (ExpatError, *DAMAGE) as error:
            raise DataError(f"is not XML: {error}", path=path) from None
