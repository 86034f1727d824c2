"""Texts of documents by id, on disk: re-rankers read the documents that they score from there."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from clir_harness.harness.collections.base import Document


class DocumentTexts:
    """Texts in one file, found by their offsets; the file is mapped, not read.

    Args:
        folder: what `write` filled.
    """

    def __init__(self, folder: Path) -> None:
        self._texts = np.memmap(folder / "texts.bin", dtype=np.uint8, mode="r")
        self._offsets = np.load(folder / "offsets.npy")
        ids = json.loads((folder / "docids.json").read_text("utf-8"))
        self._places = {doc: place for place, doc in enumerate(ids)}

    def __getitem__(self, doc_id: str) -> str:
        place = self._places[doc_id]
        return bytes(self._texts[self._offsets[place] : self._offsets[place + 1]]).decode("utf-8", "surrogatepass")

    @staticmethod
    def write(documents: Iterable[Document], folder: Path) -> None:
        """Write the contents of a stream of documents; memory holds only ids and offsets.

        Args:
            documents: the documents.
            folder: an existing folder.
        """
        offsets = array("q", [0])
        ids = []
        with (folder / "texts.bin").open("wb") as texts:
            for document in documents:
                texts.write(document.contents.encode("utf-8", "surrogatepass"))
                offsets.append(texts.tell())
                ids.append(document.id)
            if not offsets[-1]:
                texts.write(b"\0")  # an empty file cannot be mapped
        np.save(folder / "offsets.npy", np.frombuffer(offsets, dtype=np.int64), allow_pickle=False)
        (folder / "docids.json").write_text(json.dumps(ids), encoding="utf-8")
