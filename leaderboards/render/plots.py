"""Plots of a board as SVG and PNG files: heat map, intervals, effectiveness against cost, robustness, reliability.

The same document gives the same bytes. Text stays text in SVG, so readers' fonts serve every script.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from clir_harness.leaderboards.render.plain import one_line, shortened
from clir_harness.leaderboards.schema import BoardDocument, CollectionPart, RowPart

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from clir_harness.leaderboards.calibration import SuiteCalibration

COLOUR = "#1f5fa8"
QUIET = "#565d66"
LONGEST_LABEL = 40
_COSTS = {
    "latency_p50_ms": ("latency", "median latency, ms", 1.0),
    "search_peak_memory_bytes": ("memory", "peak memory in search, MiB", 2.0**-20),
    "index_bytes": ("index", "index size, MiB", 2.0**-20),
}
_SETTINGS = {
    "svg.hashsalt": "clir-harness",
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": QUIET,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "axes.grid": True,
    "grid.color": "#dcdfe1",
    "axes.axisbelow": True,
}


def write_plots(document: BoardDocument, folder: Path, measure: str | None = None) -> list[Path]:
    """Write the plots that the board has data for.

    Args:
        document: the board.
        folder: made when it is not there.
        measure: of the board; its first one when None.

    Returns:
        What was written: heat-map, intervals, pareto-latency, pareto-memory, pareto-index and robustness-KIND, each as
        .svg and .png.
    """
    measure = measure or document.measures[0]
    with _drawing():
        figures = dict(_board_figures(document, measure))
        return [path for name, figure in figures.items() for path in _save(figure, folder, name)]


def write_reliability(calibration: SuiteCalibration, folder: Path) -> list[Path]:
    """Write the reliability diagrams of all systems as reliability.svg and .png; nothing if no system has one.

    Args:
        calibration: calibration of the systems.
        folder: folder of the files; created if missing.

    Returns:
        The files.
    """
    systems = [system for system in calibration.systems if system.overall is not None]
    if not systems:
        return []
    with _drawing():
        across = min(4, len(systems))
        down = -(-len(systems) // across)
        figure = _figure(2.4 * across + 0.6, 2.5 * down + 0.5)
        axes = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
        for axis in axes.flat[len(systems) :]:
            axis.set_visible(False)
        for axis, system in zip(axes.flat, systems, strict=False):
            bins = system.overall.equal_width if system.overall else ()
            axis.plot([0, 1], [0, 1], color=QUIET, linewidth=0.8, linestyle="--")
            axis.plot(
                [one.probability for one in bins], [one.relevant for one in bins], "o-", color=COLOUR, markersize=4
            )
            axis.set_title(_label(system.label), fontsize=9)
            axis.set_aspect("equal")
        figure.supxlabel("probability of relevance", color=QUIET, fontsize=9)
        figure.supylabel("share relevant", color=QUIET, fontsize=9)
        return _save(figure, folder, "reliability")


@contextmanager
def _drawing() -> Iterator[None]:
    import matplotlib

    with matplotlib.rc_context(_SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _save(figure: Figure, folder: Path, name: str) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    vector, raster = folder / f"{name}.svg", folder / f"{name}.png"
    figure.savefig(vector, metadata={"Date": None})
    figure.savefig(raster, dpi=160, metadata={"Software": None})
    return [vector, raster]


def _board_figures(document: BoardDocument, measure: str) -> Iterator[tuple[str, Figure]]:
    columns = [column for column in document.collections if not column.missing]
    if document.rows and columns:
        yield "heat-map", _heat_map(document.rows, columns, measure)
    rows = [row for row in document.rows if row.averages[measure]["macro"] is not None]
    if rows:
        yield "intervals", _intervals(rows, measure)
    for cost, (name, title, factor) in _COSTS.items():
        priced = [row for row in rows if row.costs.get(cost, 0) > 0]
        if priced:
            yield f"pareto-{name}", _pareto(priced, measure, cost, title, factor)
    for kind in dict.fromkeys(track.kind for track in document.tracks):
        curves = _curves(document, measure, kind)
        if curves:
            yield f"robustness-{kind.replace('_', '-')}", _robustness(curves, measure, kind)


def _label(text: str) -> str:
    return shortened(one_line(text), LONGEST_LABEL)


def _header(column: CollectionPart, columns: Sequence[CollectionPart]) -> str:
    alone = sum(other.pair == column.pair for other in columns) == 1
    return _label((column.pair if "→" in column.pair else column.pair.replace("-", "→")) if alone else column.id)


def _heat_map(rows: Sequence[RowPart], columns: Sequence[CollectionPart], measure: str) -> Figure:
    import matplotlib
    import numpy as np

    colours: Any = matplotlib.colormaps["cividis"]
    values = np.array([[cell.means.get(measure, np.nan) for cell in row.cells] for row in rows])
    figure = _figure(5 + 0.55 * len(columns), 1.6 + 0.3 * len(rows))
    axis: Any = figure.subplots()
    axis.grid(visible=False)
    image = axis.imshow(np.ma.masked_invalid(values), cmap="cividis", aspect="auto")
    axis.set_xticks(range(len(columns)), [_header(column, columns) for column in columns], rotation=45, ha="right")
    axis.set_yticks(range(len(rows)), [_label(row.label) for row in rows])
    for y, row in enumerate(rows):
        for x, cell in enumerate(row.cells):
            value = cell.means.get(measure)
            colour = QUIET if value is None else _readable(colours(image.norm(value)))
            text = f"{value:.2f}" if value is not None else "–" if cell.state == "not run" else "n/a"
            if cell.state == "failed":
                text = "failed"
            axis.text(x, y, text, ha="center", va="center", fontsize=7, color=colour)
    bar = figure.colorbar(image, ax=axis, label=one_line(measure), fraction=0.04)
    bar.outline.set_visible(False)
    return figure


def _readable(colour: Sequence[float]) -> str:
    """Black or white, whichever contrasts more with a colour (WCAG 2)."""
    light = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour[:3]]
    luminance = 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]
    return "black" if (luminance + 0.05) / 0.05 >= 1.05 / (luminance + 0.05) else "white"


def _intervals(rows: Sequence[RowPart], measure: str) -> Figure:
    figure = _figure(6.5, 0.8 + 0.28 * len(rows))
    axis: Any = figure.subplots()
    for y, row in enumerate(rows):
        ends = row.average_intervals.get(measure, {}).get("macro")
        if ends:
            axis.plot(ends, [y, y], color=COLOUR, linewidth=2.5, alpha=0.5, solid_capstyle="round")
        axis.plot([row.averages[measure]["macro"]], [y], "o", color=COLOUR, markersize=5)
    axis.set_yticks(range(len(rows)), [_label(row.label) for row in rows])
    axis.invert_yaxis()
    axis.set_xlim(left=0)
    axis.grid(visible=False, axis="y")
    axis.set_xlabel(f"{one_line(measure)}, macro, with 95 % intervals")
    return figure


def _pareto(rows: Sequence[RowPart], measure: str, cost: str, title: str, factor: float) -> Figure:
    from matplotlib.ticker import LogLocator

    figure = _figure(6.5, 4.2)
    axis: Any = figure.subplots()
    points = [(row.costs[cost] * factor, row.averages[measure]["macro"] or 0.0, row) for row in rows]
    points.sort(key=lambda point: point[:2])
    front = [(spent, value) for spent, value, row in points if cost in row.pareto[measure]]
    axis.step(*zip(*front, strict=True), where="post", color=COLOUR, linewidth=1, linestyle="--")
    axis.set_xscale("log")
    axis.margins(x=0.15, y=0.08)
    for spent, value, row in points:
        best = cost in row.pareto[measure]
        axis.plot([spent], [value], "o", color=COLOUR if best else QUIET, fillstyle="full" if best else "none")
    if min(value for _, value, _ in points) < 0.6 * max(value for _, value, _ in points):
        axis.set_ylim(bottom=0)
    points.sort(key=lambda point: cost not in point[2].pareto[measure])
    _annotate(axis, [(spent, value, _label(row.label)) for spent, value, row in points])
    axis.xaxis.set_major_formatter(lambda amount, _: f"{amount:g}")
    axis.xaxis.set_minor_locator(LogLocator(subs=(2, 5)))
    axis.xaxis.set_minor_formatter(lambda amount, _: f"{amount:g}")
    axis.set_xlabel(f"{title} (filled: no other system is as good and costs less)")
    axis.set_ylabel(f"{one_line(measure)}, macro")
    return figure


def _annotate(axis: Any, points: Sequence[tuple[float, float, str]]) -> None:
    """Labels beside points, above or below them; one that would run into another or over a point is left out."""
    pixels = [axis.transData.transform((x, y)) for x, y, _ in points]
    put = [(x - 6, y, 12.0) for x, y in pixels]
    for (x, y, text), (pixel_x, pixel_y) in zip(points, pixels, strict=True):
        for right, up in ((True, 4), (True, -11), (False, 6), (False, -11)):
            length = 4.6 * len(text) * axis.figure.dpi / 72
            left, height = pixel_x + 8 if right else pixel_x - 8 - length, pixel_y + up * axis.figure.dpi / 72
            low, high = axis.bbox.x0, axis.bbox.x1 * 1.1
            free = all(abs(height - h) > 12 or left > start + size or start > left + length for start, h, size in put)
            if free and left >= low and left + length <= high:
                put.append((left, height, length))
                place, side = ((6, up), "left") if right else ((-6, up), "right")
                axis.annotate(text, (x, y), place, textcoords="offset points", ha=side, fontsize=7.5)
                break


Curves = dict[str, list[tuple[float, float]]]
"""By label of a row: rate, and mean over the collections."""


def _curves(document: BoardDocument, measure: str, kind: str) -> Curves:
    """Curves of the rows with a result on every collection of the kind at every rate; rate 0 is unperturbed."""
    tracks = [track for track in document.tracks if track.kind == kind and measure in track.means]
    collections = {track.collection for track in tracks}
    rates = sorted({0.0, *(track.rate for track in tracks)})
    means = {(track.row, track.collection, track.rate): track.means[measure] for track in tracks}
    for row in document.rows:
        means |= {(row.label, cell.collection, 0.0): cell.means[measure] for cell in row.cells if measure in cell.means}
    curves: Curves = {}
    for row in document.rows:
        found = [[means.get((row.label, name, rate)) for name in sorted(collections)] for rate in rates]
        whole = [[mean for mean in at_rate if mean is not None] for at_rate in found]
        if collections and all(len(at_rate) == len(collections) for at_rate in whole):
            curves[row.label] = list(zip(rates, map(fmean, whole), strict=True))
    return curves


def _robustness(curves: Curves, measure: str, kind: str) -> Figure:
    import matplotlib

    figure = _figure(6.5, 4.2)
    axis: Any = figure.subplots()
    for place, (label, curve) in enumerate(curves.items()):
        colour: Any = matplotlib.colormaps["cividis"](0.9 * place / max(1, len(curves) - 1))
        style = ("-", "--", ":", "-.")[place % 4]
        axis.plot(
            *zip(*curve, strict=True), marker="o", markersize=4, linestyle=style, color=colour, label=_label(label)
        )
    axis.set_ylim(bottom=0)
    axis.set_xlabel(f"rate of {one_line(kind).replace('_', ' ')}")
    axis.set_ylabel(f"{one_line(measure)}, mean over pairs")
    figure.legend(loc="outside right upper", fontsize=7.5, frameon=False)
    return figure
