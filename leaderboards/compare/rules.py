"""Rules of a comparison: tolerated losses of cells, in general and for some cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from clir_harness.harness.errors import MissingDataError, UsageError
from clir_harness.harness.settings import faults, read_model

LIMITS = ("absolute", "relative", "alpha", "latency_ratio", "memory_ratio")


class Limits(BaseModel):
    """What a cell may lose. A loss has to exceed both tolerances; None turns a rule off.

    Attributes:
        absolute: difference of means that is tolerated.
        relative: share of the base's mean that is tolerated.
        alpha: level of significance; a difference counts only when its corrected p is below.
        latency_ratio: how many times the base's median latency is tolerated.
        memory_ratio: how many times the base's peak memory in search is tolerated.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    absolute: float | None = Field(default=None, ge=0)
    relative: float | None = Field(default=None, ge=0, le=1)
    alpha: float | None = Field(default=None, gt=0, lt=1)
    latency_ratio: float | None = Field(default=None, ge=1)
    memory_ratio: float | None = Field(default=None, ge=1)

    def tolerated(self, mean: float) -> float:
        """The difference from a mean of the base that is tolerated."""
        return max(self.absolute or 0.0, (self.relative or 0.0) * abs(mean))


class Override(Limits):
    """Other limits for some cells; what it does not name stays as it is.

    Attributes:
        rows, collections, measures: patterns of labels, ids and names, in which `*` matches anything.
    """

    rows: str = "*"
    collections: str = "*"
    measures: str = "*"

    def matches(self, row: str, collection: str, measure: str | None) -> bool:
        """Whether the override applies to a cell.

        Args:
            row: label of the row.
            collection: id of the collection, or `macro`.
            measure: name of the measure; None for the costs of the cell.

        Returns:
            True if all patterns match.
        """
        of_measure = self.measures == "*" if measure is None else fnmatchcase(measure, self.measures)
        return of_measure and fnmatchcase(row, self.rows) and fnmatchcase(collection, self.collections)


class Rules(Limits):
    """The rules of a comparison.

    Attributes:
        measures: that are compared; the first one of the base when empty.
        overrides: in order; later ones win.
        allow_missing: whether results that have disappeared are tolerated.
        allow_not_comparable: whether cells that cannot be compared are tolerated.

    >>> rules = Rules.model_validate({"relative": 0.25, "overrides": [{"rows": "mDPR*", "absolute": 0.05}]})
    >>> rules.limits("mDPR", "embedded/sw-en", "AP").tolerated(0.2), rules.limits("PSQ", "x", "AP").tolerated(0.5)
    (0.05, 0.125)
    """

    absolute: float | None = Field(default=0.005, ge=0)
    measures: tuple[str, ...] = ()
    overrides: tuple[Override, ...] = ()
    allow_missing: bool = False
    allow_not_comparable: bool = False

    def limits(self, row: str, collection: str, measure: str | None) -> Limits:
        """Limits for a cell by a measure.

        Args:
            row: label of the row.
            collection: id of the collection, or `macro`.
            measure: name of the measure; None for the costs of the cell.

        Returns:
            The general limits, changed by the overrides that apply.
        """
        values: dict[str, Any] = {name: getattr(self, name) for name in LIMITS}
        for override in self.overrides:
            if override.matches(row, collection, measure):
                values |= {name: getattr(override, name) for name in LIMITS if name in override.model_fields_set}
        return Limits(**values)

    def changed(self, values: Mapping[str, Any]) -> Rules:
        """The rules with general values replaced; None leaves one as it is. Overrides stay."""
        given = {name: value for name, value in values.items() if value is not None}
        return Rules.model_validate(self.model_dump(exclude_unset=True) | given)


def read_rules(path: Path) -> Rules:
    """Rules from a YAML file.

    Raises:
        MissingDataError: there is no such file.
        DataError: it is malformed; names the line.
    """
    if not path.is_file():
        raise MissingDataError(f"no file of rules {path}", hint="give the path of a YAML file")
    return read_model(path, Rules)


def choose_rules(path: Path | None, given: Mapping[str, Any], named: Callable[[str], str] = str) -> Rules:
    """The rules of a file, or the default ones, with values that are given instead of their namesakes.

    Args:
        path: a YAML file; None for the default rules.
        given: by the rule's name; None leaves one as it is.
        named: what messages call a rule.

    Returns:
        The rules.

    Raises:
        MissingDataError: there is no such file.
        DataError: the file is malformed; names the line.
        UsageError: a given value is one that the rule cannot have.
    """
    try:
        return (read_rules(path) if path else Rules()).changed(given)
    except ValidationError as error:
        fault = faults(error, Rules)[0]
        raise UsageError(f"{named(fault.field)}: {fault.message}") from None
