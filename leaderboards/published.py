"""Published figures from papers and reproductions, shown with a board but not part of it.

They were measured elsewhere, often with other documents, tokenisation or depth: no test, no rank and no average is
over them.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from clir_harness.harness.errors import ClirError, DataError, Location, MissingDataError
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.settings import faults, line_of, read_yaml
from clir_harness.leaderboards.entries import Column
from clir_harness.leaderboards.leaderboard import Leaderboard


class PublishedFigure(BaseModel):
    """One reported value.

    Attributes:
        system: as the source calls it.
        collection: what the source calls the collection.
        matches: pattern of ids of collections on boards that are the same one; `*` matches anything.
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
        DataError: it is malformed; names the line.

    >>> len(read_published(shipped_figures())) > 20
    True
    """
    if not path.is_file():
        raise MissingDataError(f"no file of published figures {path}", hint="give the path of a YAML file")
    found = []
    for number, block in enumerate(_mappings(read_yaml(path), path, ())):
        shared = {name: value for name, value in block.items() if name != "figures"}
        for place, own in enumerate(_mappings(block.get("figures", [{}]), path, (number, "figures"))):
            try:
                found.append(PublishedFigure.model_validate(shared | own))
            except ValidationError as error:
                fault = faults(error, PublishedFigure)[0]
                within = (number,) if fault.location[0] in shared.keys() - own.keys() else (number, "figures", place)
                raise DataError(
                    str(fault), path=path, line=line_of(path, (*within, *fault.location)), hint=fault.hint
                ) from None
    return found


def _mappings(value: object, path: Path, location: Location) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise DataError(
            "expected a list of figures",
            path=path,
            line=line_of(path, location),
            hint=f"{shipped_figures()} shows how figures are written",
        )
    return value


def figures_for(board: Leaderboard, figures: Sequence[PublishedFigure] | None = None) -> list[PublishedFigure]:
    """Published figures for a board's collections and pairs.

    Args:
        board: the board.
        figures: the figures to select from; the built-in ones when None.

    Returns:
        Those that match.
    """
    known = read_published(shipped_figures()) if figures is None else figures
    return [figure for figure in known if figure.columns(board)]
