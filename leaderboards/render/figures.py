"""Numbers as text, the same in every format that people read."""

from __future__ import annotations

from collections.abc import Sequence

NOTHING = "–"
"""Shown instead of a missing number."""


def score(value: float | None) -> str:
    """Three decimals, no sign before a zero; empty for None.

    >>> score(0.12345), score(-0.0001), score(None)
    ('0.123', '0.000', '')
    """
    return "" if value is None else f"{round(value, 3) + 0.0:.3f}"


def difference(value: float) -> str:
    """Three decimals with a sign, none for zero; a dash for NaN.

    >>> difference(0.0421), difference(-0.5), difference(0.0001), difference(float("nan"))
    ('+0.042', '-0.500', '0.000', '–')
    """
    if value != value:
        return NOTHING
    rounded = round(value, 3) + 0.0
    return f"{rounded:+.3f}" if rounded else "0.000"


def best(values: Sequence[float | None]) -> str | None:
    """How the highest value looks, None with fewer than two values."""
    there = [value for value in values if value is not None]
    return score(max(there)) if len(there) > 1 else None


def interval(ends: tuple[float, float] | None) -> str:
    """Both ends with three decimals, a dash when there are none."""
    if ends is None or ends[0] != ends[0]:
        return NOTHING
    return f"{score(ends[0])} to {score(ends[1])}"


def p_value(value: float) -> str:
    """Three decimals; what is smaller is said to be, and so is what only rounding brings to 0.05.

    >>> p_value(0.04), p_value(0.0001), p_value(0.04999), p_value(float("nan"))
    ('0.040', 'below 0.001', 'below 0.050', '–')
    """
    if value != value:
        return NOTHING
    if value < 0.001 or value < 0.05 <= round(value, 3):
        return f"below {0.001 if value < 0.001 else 0.05:.3f}"
    return f"{value:.3f}"


def effect(value: float) -> str:
    """Two decimals with a sign; infinities in words, a dash for NaN."""
    if value != value:
        return NOTHING
    return f"{value:+.2f}" if value - value == 0 else ("infinite" if value > 0 else "minus infinite")


def share(part: int | None, whole: int | None) -> str:
    """A share in per cent, or a dash when it is unknown.

    Args:
        part: the part.
        whole: the whole.

    Returns:
        The text.
    """
    return NOTHING if part is None or not whole else percent(part / whole)


def percent(value: float | None) -> str:
    """Per cent with one decimal, a dash when it is unknown."""
    return NOTHING if value is None else f"{100 * value:.1f} %"


def count(value: int | None) -> str:
    """With thousands separated, a dash when it is unknown."""
    return NOTHING if value is None else f"{value:,}"


def amount(value: float) -> str:
    """Three significant digits, whole numbers from 100 on."""
    if 0 < value < 0.001:
        return "<0.001"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
