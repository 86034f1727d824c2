"""Files in SQuAD format: articles of paragraphs with questions, and sentence boundaries in XQuAD-R."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clir_harness.harness.collections.files import parse_object, whole_text
from clir_harness.harness.errors import DataError


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a paragraph, with the offsets (in characters) where its answers begin."""

    id: str
    text: str
    answer_starts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph.

    Attributes:
        id: `ARTICLE-PARAGRAPH`, positions from 0 in the file: the same in all files of a parallel set. A paragraph
            that repeats an earlier one of the file has the earlier one's id.
        title: the article's title, spaces for underscores.
        text: the paragraph.
        questions: the answerable questions about it.
        sentences: its sentences; none outside XQuAD-R.
        breaks: begin and end of each sentence in the paragraph, in characters.
    """

    id: str
    title: str
    text: str
    questions: tuple[Question, ...]
    sentences: tuple[str, ...] = ()
    breaks: tuple[tuple[int, int], ...] = ()

    def answer_sentences(self, question: Question, paths: Sequence[Path]) -> list[int]:
        """Positions of the sentences in which the question's answers begin.

        Args:
            question: a question about this paragraph.
            paths: files of the paragraph, for the message.

        Returns:
            Positions in `sentences`.

        Raises:
            DataError: an answer begins outside every sentence.
        """
        found = []
        for start in question.answer_starts:
            inside = [number for number, (begin, end) in enumerate(self.breaks) if begin <= start < end]
            if not inside:
                raise DataError(f"question {question.id}: the answer begins outside every sentence", path=paths[-1])
            found += inside
        return found


def paragraphs_of(paths: Sequence[Path]) -> Iterator[Paragraph]:
    """Paragraphs of files in SQuAD format, in order; articles are numbered through.

    Raises:
        DataError: when the file is not JSON of that form; says where.
    """
    ids: dict[tuple[str, str], str] = {}
    articles = (
        (path, article)
        for path in paths
        for article in _list(parse_object(whole_text(path), path), "data", path, "the file")
    )
    for a, (path, article) in enumerate(articles):
        title = str(article.get("title", "")).replace("_", " ")
        for p, paragraph in enumerate(_list(article, "paragraphs", path, f"article {a}")):
            place = f"article {a}, paragraph {p}"
            text = _text(paragraph, "context", path, place)
            questions = tuple(
                _question(item, path, place)
                for item in _list(paragraph, "qas", path, place)
                if not item.get("is_impossible", False)
            )
            sentences = tuple(paragraph.get("sentences", ()))
            breaks = tuple((int(begin), int(end)) for begin, end in paragraph.get("sentence_breaks", ()))
            if len(sentences) != len(breaks):
                raise DataError(f"{place}: {len(sentences)} sentences but {len(breaks)} sentence breaks", path=path)
            yield Paragraph(ids.setdefault((title, text), f"{a}-{p}"), title, text, questions, sentences, breaks)


def questions_of(paths: Sequence[Path]) -> dict[str, tuple[Question, Paragraph]]:
    """Questions of files by id, each with its paragraph.

    Raises:
        DataError: when two have the same id.
    """
    questions: dict[str, tuple[Question, Paragraph]] = {}
    for paragraph in paragraphs_of(paths):
        for question in paragraph.questions:
            if question.id in questions:
                raise DataError(f"question id {question.id} occurs twice", path=paths[-1])
            questions[question.id] = question, paragraph
    return questions


def _question(item: dict[str, Any], path: Path, place: str) -> Question:
    question_id = _text(item, "id", path, place)
    starts = []
    for answer in _list(item, "answers", path, f"question {question_id}"):
        start = answer.get("answer_start")
        if not isinstance(start, int):
            raise DataError(f"question {question_id}: expected a number as 'answer_start'", path=path)
        starts.append(start)
    return Question(question_id, _text(item, "question", path, place), tuple(starts))


def _list(value: dict[str, Any], key: str, path: Path, place: str) -> list[dict[str, Any]]:
    found = value.get(key)
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise DataError(f"{place}: expected a list of objects under '{key}'", path=path)
    return found


def _text(value: dict[str, Any], key: str, path: Path, place: str) -> str:
    found = value.get(key)
    if not isinstance(found, str):
        raise DataError(f"{place}: expected text under '{key}'", path=path)
    return found
