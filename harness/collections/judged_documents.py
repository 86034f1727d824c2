"""Checks whether a collection holds its judged documents, while its documents are streamed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from clir_harness.harness.collections.base import Document, Qrels
from clir_harness.harness.collections.problems import Problem, Severity, found

OTHER_FORM = "with ids in another Unicode normalisation (ids are compared as they are written)"


class JudgedDocuments:
    """The judged documents, marked off while documents are streamed.

    Attributes:
        unseen: ids of those that have not been seen yet.
    """

    def __init__(self, qrels: Qrels) -> None:
        self.unseen = {document for judged in qrels.values() for document in judged}
        self._count = len(self.unseen)
        self._forms = set(_forms(self.unseen))
        self._alike: set[str] = set()

    def watch(self, documents: Iterable[Document]) -> Iterator[Document]:
        """The same documents, marked off."""
        for document in documents:
            self.unseen.discard(document.id)
            if self._forms and not self._forms.isdisjoint(_forms((document.id,))):
                self._alike.add(document.id)
            yield document

    def exhaust(self, documents: Iterable[Document]) -> None:
        """Read documents until all judged ones were seen."""
        for _ in self.watch(documents):
            if not self.unseen:
                return

    def problems(self) -> list[Problem]:
        """Judged documents that are not in the collection, and those of them that are, in another form of their id."""
        absent = f"of {self._count} judged documents are not in the collection"
        alike = other_normalisation(self.unseen, self._alike)
        return [
            *found(Severity.WARNING, "unknown-documents", absent, self.unseen),
            *found(Severity.WARNING, "normalised-documents", f"of them are, but {OTHER_FORM}", alike),
        ]


def other_normalisation(missing: Iterable[str], there: Iterable[str]) -> list[str]:
    """Ids that are missing as written but exist in another Unicode normalisation.

    Args:
        missing: the missing ids.
        there: the existing ids.

    Returns:
        Those of the missing ids, as written.
    """
    forms = _forms(there)
    return [one for form, one in _forms(missing).items() if form in forms]


def _forms(ids: Iterable[str]) -> dict[str, str]:
    """Ids by their composed form; those in ASCII have one form only and are left out."""
    return {unicodedata.normalize("NFC", one): one for one in ids if not one.isascii()}
