"""Published figures: what papers and reproductions report, shown beside a board and never part of it.

They were measured elsewhere, often with other documents, tokenisation or depth: no test, no rank and no average is
over them.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from clir_harness.harness.errors import ClirError, DataError, MissingDataError
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.textio import read_yaml
from clir_harness.harness.yaml_values import quoting_hint
from clir_harness.leaderboards.entries import Column
from clir_harness.leaderboards.leaderboard import Leaderboard


class PublishedFigure(BaseModel):
    """One reported value.

    Attributes:
        system: as the source calls it.
        collection: what the source calls the collection.
        matches: pattern of ids of collections on boards that are the same one; `*` stands for anything.
        pairs: language pairs; with several, the value is the mean over them.
        measure: in ir-measures' language.
        value: between 0 and 1 for most measures, as on boards.
        source: where it was published.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: str = Field(min_length=1)
    collection: str = Field(min_length=1)
    matches: str = Field(min_length=1)
    pairs: tuple[str, ...] = Field(min_length=1)
    measure: str = Field(min_length=1)
    value: float = Field(allow_inf_nan=False)
    source: str = Field(min_length=1)

    @field_validator("pairs")
    @classmethod
    def _are_pairs(cls, pairs: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(str(LanguagePair.parse(pair)) for pair in pairs)
        except ClirError as error:
            raise ValueError(error.message) from None

    def columns(self, board: Leaderboard) -> list[Column]:
        """The columns of a board that the value is over; empty unless the board has all of the pairs."""
        found = [
            c
            for c in board.columns
            if str(c.pair) in self.pairs and fnmatchcase(c.id.casefold(), self.matches.casefold())
        ]
        return found if {str(column.pair) for column in found} == set(self.pairs) else []


def shipped_figures() -> Path:
    """The figures that ship with the leaderboards."""
    return Path(str(resources.files("clir_harness.leaderboards").joinpath("published.yaml")))


def read_published(path: Path) -> list[PublishedFigure]:
    """Published figures from a YAML file: a list, or blocks that share fields, with the rest under `figures`.

    Raises:
        MissingDataError: there is no such file.
        DataError: it is malformed; names the file and the entry.

    >>> len(read_published(shipped_figures())) > 20
    True
    """
    if not path.is_file():
        raise MissingDataError(f"no file of published figures {path}", hint="give the path of a YAML file")
    blocks = read_yaml(path)
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise DataError(
            "expected a list of figures", path=path, hint=f"{shipped_figures()} shows how figures are written"
        )
    found = []
    for number, block in enumerate(blocks, start=1):
        shared = {name: value for name, value in block.items() if name != "figures"}
        figures = block.get("figures", [{}])
        if not isinstance(figures, list) or not all(isinstance(figure, dict) for figure in figures):
            raise DataError(f"entry {number}: `figures` is not a list of mappings", path=path)
        for figure in figures:
            try:
                found.append(PublishedFigure.model_validate(shared | figure))
            except ValidationError as error:
                fault = error.errors()[0]
                where = ".".join(map(str, fault["loc"]))
                name = (shared | figure).get("system", "")
                raise DataError(
                    f"entry {number} ({name}): {where}: {fault['msg'].removeprefix('Value error, ')}",
                    path=path,
                    hint=quoting_hint(fault["type"], fault["input"])
                    or f"a figure has {', '.join(PublishedFigure.model_fields)}",
                ) from None
    return found


def figures_for(board: Leaderboard, figures: Sequence[PublishedFigure] | None = None) -> list[PublishedFigure]:
    """Those of a board's collections and pairs; the shipped ones when none are given."""
    known = read_published(shipped_figures()) if figures is None else figures
    return [figure for figure in known if figure.columns(board)]
