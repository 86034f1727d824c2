"""The index of a site of boards, as HTML without a script."""

from __future__ import annotations

import html
from collections.abc import Mapping
from urllib.parse import quote

from clir_harness.harness.record import CellState
from clir_harness.leaderboards.render.figures import NOTHING, count, interval, score
from clir_harness.leaderboards.render.html_page import fill_template, page_file, policy
from clir_harness.leaderboards.render.plain import LONGEST_NAME, one_line, shortened
from clir_harness.leaderboards.schema import BoardDocument, RowPart

ROWS = 5
"""Systems shown of every board."""


def render_index(documents: Mapping[str, BoardDocument]) -> str:
    """The index: every board with what leads it.

    Args:
        documents: by the name of its page, without `.html`.
    """
    style = page_file("board.css")
    return fill_template(
        page_file("index.html"),
        policy=policy(style),
        style=style,
        boards="\n".join(_board(name, document) for name, document in documents.items()),
    )


def _said(text: str, most: int = LONGEST_NAME) -> str:
    """Untrusted text, escaped, with its own direction."""
    return f'<bdi dir="auto">{html.escape(shortened(one_line(text), most))}</bdi>'


def _board(name: str, document: BoardDocument) -> str:
    suite, measure = document.suite, document.measures[0]
    link = html.escape(quote(name))
    cells = [cell for row in document.rows for cell in row.cells]
    done = sum(cell.state is CellState.DONE for cell in cells)
    pairs = sum(not column.missing for column in document.collections)
    facts = f"{count(len(document.rows))} systems, {count(pairs)} language pairs, {done} of {len(cells)} cells done"
    synthetic = any(column.synthetic for column in document.collections)
    rows = "\n".join(_row(row, measure) for row in document.rows[:ROWS])
    return f"""<section>
<h2><a href="{link}.html">{_said(suite.title)}</a></h2>
<p>{_said(suite.description, 600)}</p>
<p class="quiet">{facts}{". Synthetic texts" if synthetic else ""}. <a href="{link}.json">JSON</a></p>
<div class="scroll" role="region" aria-label="Best systems" tabindex="0"><table>
<thead><tr><th class="text" scope="col">system</th><th scope="col">{html.escape(one_line(measure))}, macro</th>\
<th scope="col">95 % interval</th><th scope="col">high</th><th scope="col">low</th><th scope="col">gap</th></tr></thead>
<tbody>
{rows}
</tbody></table></div>
</section>"""


def _row(row: RowPart, measure: str) -> str:
    averages = row.averages[measure]
    ends = row.average_intervals.get(measure, {}).get("macro")
    shown = [
        score(averages["macro"]) or NOTHING,
        interval(ends),
        *(score(averages[key]) or NOTHING for key in ("high", "low", "gap")),
    ]
    cells = "".join(f"<td>{value.replace('-', '−')}</td>" for value in shown)
    mark = ' <span title="submitted: the run of another tool">†</span>' if row.submitted else ""
    return f'<tr><th class="text wrap" scope="row">{_said(row.label)}{mark}</th>{cells}</tr>'
