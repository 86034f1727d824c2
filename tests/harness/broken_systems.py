"""A system that conforms, and what can go wrong in one: a system for everything that a check must catch."""

from __future__ import annotations

import itertools
import json
import random
import re
import unicodedata
import uuid
from collections import Counter
from pathlib import Path

import pytest
from pydantic import Field

from clir_harness.harness.system import RetrievalSystem, Searcher, SystemConfig, register_system
from clir_harness.systems.bm25 import BM25


def trigrams(text: str) -> Counter[str]:
    return Counter(text[i : i + 3] for i in range(len(text) - 2))


class SoundSearcher(Searcher):
    def __init__(self, texts: dict[str, str]) -> None:
        self.grams = {doc: trigrams(text) for doc, text in texts.items()}

    def rank(self, text: str) -> list[tuple[str, float]]:
        scores = {doc: float((trigrams(text) & grams).total()) for doc, grams in self.grams.items()}
        return sorted(((doc, score) for doc, score in scores.items() if score), key=lambda item: (-item[1], item[0]))

    def search(self, queries, depth):
        return [self.rank(query.text)[:depth] for query in queries]


@register_system("sound")
class Sound(RetrievalSystem[SystemConfig]):
    summary = "shared trigrams"
    searcher = SoundSearcher

    def index(self, documents, folder, context):
        self.write({document.id: document.contents for document in documents}, folder)

    def write(self, texts, folder):
        (folder / "texts.json").write_text(json.dumps(texts))

    def open(self, folder, context):
        return self.searcher(json.loads((folder / "texts.json").read_text()))


class InterleavedSearcher(Searcher):
    def __init__(self, components):
        self.components = components

    def search(self, queries, depth):
        totals = [Counter() for _ in queries]
        for component in self.components:
            for total, ranking in zip(totals, component.search(queries, 1000), strict=True):
                total.update({doc: 1 / (60 + rank) for rank, (doc, _) in enumerate(ranking, start=1)})
        return [sorted(total.items(), key=lambda item: (-item[1], item[0]))[:depth] for total in totals]


@register_system("sound-fusion")
class SoundFusion(RetrievalSystem[SystemConfig]):
    """Reciprocal ranks of two systems, added up; it has no index of its own."""

    summary = "fusion of two"

    def components(self):
        return [Sound.configure({}), BM25.configure({"backend": "bm25s"})]

    def index(self, documents, folder, context):
        pass

    def open(self, folder, context):
        return InterleavedSearcher(context.components)


BROKEN = []


def broken(check: str):
    """Class decorator: a searcher or a system that this check, of this name, must catch."""

    def decorate(cls):
        system = (
            type(cls.__name__, (Sound,), {"searcher": cls, "__module__": __name__})
            if issubclass(cls, Searcher)
            else cls
        )
        name = f"broken-{cls.__name__.lower()}"
        register_system(name)(system)
        BROKEN.append(pytest.param(name, check, id=f"{cls.__name__}"))
        return cls

    return decorate


@broken("retrieves-something")
class FindsNothing(SoundSearcher):
    def rank(self, text):
        return []


class RewritesIds(Sound):
    def index(self, documents, folder, context):
        self.write({self.rewrite(document.id): document.contents for document in documents}, folder)


@broken("ids-come-back-byte-for-byte")
class ReadsIdsAsNumbers(RewritesIds):
    def rewrite(self, doc):
        return str(int(doc)) if doc.isdigit() else doc


@broken("ids-come-back-byte-for-byte")
class LowersIds(RewritesIds):
    def rewrite(self, doc):
        return doc.lower()


@broken("ids-come-back-byte-for-byte")
class NormalisesIds(RewritesIds):
    def rewrite(self, doc):
        return unicodedata.normalize("NFC", doc)


@broken("ids-come-back-byte-for-byte")
class NamesFilesByIds(RewritesIds):
    def index(self, documents, folder, context):
        for document in documents:
            (folder / document.id).write_text(document.contents)

    def open(self, folder, context):
        return SoundSearcher({path.name: path.read_text() for path in folder.iterdir()})


@broken("ids-come-back-byte-for-byte")
class CutsIds(RewritesIds):
    def rewrite(self, doc):
        return doc[:50]


@broken("depth-is-respected")
class IgnoresDepth(SoundSearcher):
    def search(self, queries, depth):
        return [self.rank(query.text) for query in queries]


@broken("a-shallow-ranking-begins-the-deep-one")
class CutsBeforeItSorts(SoundSearcher):
    def search(self, queries, depth):
        return [sorted(sorted(self.rank(q.text))[:depth], key=lambda item: -item[1]) for q in queries]


@broken("no-document-is-ranked-twice")
class RanksTwice(SoundSearcher):
    def rank(self, text):
        return [item for item in super().rank(text) for _ in range(2)]


@broken("scores-are-finite-and-sorted")
class ScoresNaN(SoundSearcher):
    def rank(self, text):
        return [*super().rank(text), ("d00", float("nan"))]


@broken("scores-are-finite-and-sorted")
class SortsTheWrongWay(SoundSearcher):
    def rank(self, text):
        return super().rank(text)[::-1]


@broken("scores-are-finite-and-sorted")
class ScoresAreTexts(SoundSearcher):
    def rank(self, text):
        return [(doc, str(score)) for doc, score in super().rank(text)]


@broken("deterministic-under-a-seed")
class DrawsWithoutTheSeed(Sound):
    def write(self, texts, folder):
        super().write({doc: text * random.choice([1, 2, 3]) for doc, text in texts.items()}, folder)


@broken("deterministic-under-a-seed")
class BreaksTiesByChance(SoundSearcher):
    def rank(self, text):
        return sorted(super().rank(text), key=lambda item: (-item[1], random.random()))


@broken("batch-size-does-not-matter")
class NormalisesOverTheBatch(Sound):
    batch_size = 8

    class searcher(SoundSearcher):  # noqa: N801
        def search(self, queries, depth):
            top = max((score for query in queries for _, score in self.rank(query.text)), default=1)
            return [[(doc, score / top) for doc, score in self.rank(q.text)[:depth]] for q in queries]


@broken("query-order-does-not-matter")
class AddsTheQueryBefore(SoundSearcher):
    before = ""

    def rank(self, text):
        text, self.before = f"{self.before} {text}", text
        return super().rank(text)


@broken("earlier-queries-do-not-matter")
class RemembersByQueryId(SoundSearcher):
    def search(self, queries, depth):
        self.known = getattr(self, "known", {})
        return [self.known.setdefault(query.id, self.rank(query.text))[:depth] for query in queries]


@broken("queries-without-words-are-answered")
class DividesByTheLengthOfTheQuery(SoundSearcher):
    def rank(self, text):
        return [(doc, score / len(text.split())) for doc, score in self.pad(super().rank(text))]

    def pad(self, ranking):
        return ranking or [(min(self.grams), 0.0)]


@broken("queries-without-words-are-answered")
class LeavesEmptyQueriesOut(SoundSearcher):
    def search(self, queries, depth):
        return [self.rank(query.text)[:depth] for query in queries if query.text.strip()]


@broken("endless-queries-are-answered")
class HasAWindow(SoundSearcher):
    def rank(self, text):
        if len(text) > 5000:
            raise RuntimeError("index out of range in self")
        return super().rank(text)


@broken("queries-in-any-script-are-answered")
class KnowsLatinOnly(SoundSearcher):
    def rank(self, text):
        letters = re.sub(r"[\u2000-\u3000]", "", text)
        return super().rank(letters.encode("latin-1").decode("latin-1"))


@broken("one-document-is-a-collection")
class DividesByTheOtherDocuments(SoundSearcher):
    def rank(self, text):
        return [(doc, score / (len(self.grams) - 1)) for doc, score in super().rank(text)]


@broken("documents-without-text-do-no-harm")
class LosesStepAtEmptyDocuments(Sound):
    def write(self, texts, folder):
        super().write(dict(zip(texts, filter(str.strip, texts.values()), strict=False)), folder)


@broken("documents-without-text-do-no-harm")
class RefusesEmptyDocuments(Sound):
    def write(self, texts, folder):
        if not all(texts.values()):
            raise ValueError("empty vocabulary")
        super().write(texts, folder)


@broken("endless-documents-are-indexed")
class RefusesEndlessDocuments(Sound):
    def write(self, texts, folder):
        if any(len(text) > 32766 for text in texts.values()):
            raise ValueError("immense term")
        super().write(texts, folder)


@broken("documents-are-a-stream")
class PassesTwice(Sound):
    def index(self, documents, folder, context):
        common = {gram for document in documents for gram in trigrams(document.contents)}
        texts = {document.id: document.contents for document in documents}
        self.write(texts or {"d00": " ".join(sorted(common))}, folder)


@broken("documents-are-a-stream")
class StopsEarly(Sound):
    def index(self, documents, folder, context):
        super().index(itertools.islice(documents, 10), folder, context)


@broken("documents-are-a-stream")
class WantsAList(Sound):
    def index(self, documents, folder, context):
        self.write({"count": str(len(documents))} | {doc.id: doc.contents for doc in documents}, folder)


@broken("declared-languages-are-honoured")
class RefusesWithoutAReason(Sound):
    def supports(self, pair):
        return None if pair.query == "sw" else ""


@broken("declared-languages-are-honoured")
class TakesWhatItCannotDo(Sound):
    def open(self, folder, context):
        {"sw": 0, "en": 0}[context.pair.query]
        return super().open(folder, context)


@broken("the-index-is-all-there-is")
class KeepsTheIndexToItself(Sound):
    def write(self, texts, folder):
        self.texts = {**getattr(self, "texts", {}), folder: texts}

    def open(self, folder, context):
        return SoundSearcher(self.texts[folder])


@broken("the-index-can-be-moved")
class KeepsAnAbsolutePath(Sound):
    def write(self, texts, folder):
        super().write(texts, folder)
        (folder / "where").write_text(str(folder / "texts.json"))

    def open(self, folder, context):
        return SoundSearcher(json.loads(Path((folder / "where").read_text()).read_text()))


@broken("searching-leaves-the-index-alone")
class WritesWhenItOpens(Sound):
    def open(self, folder, context):
        (folder / "cache").write_text("warm")
        return super().open(folder, context)


@broken("indexes-do-not-mix")
class SearchesWhatItIndexedLast(Sound):
    def write(self, texts, folder):
        super().write(texts, folder)
        self.last = folder

    def open(self, folder, context):
        return super().open(getattr(self, "last", folder), context)


@broken("equal-settings-have-equal-identities")
class IsAnotherEachTime(Sound):
    def inputs(self):
        return {"model": uuid.uuid4().hex}


class SizeConfig(SystemConfig):
    size: int = Field(100, ge=1)


class SizeOutsideTheDump(SystemConfig):
    size: int = Field(100, ge=1, exclude=True)


@broken("every-setting-is-in-the-identity")
class HidesASetting(Sound):
    Config = SizeOutsideTheDump


@broken("index-settings-name-what-the-index-depends-on")
class IndexesBySettingsItDoesNotName(Sound):
    Config = SizeConfig

    def index_settings(self):
        return {}

    def write(self, texts, folder):
        super().write({doc: text[: self.config.size] for doc, text in texts.items()}, folder)
