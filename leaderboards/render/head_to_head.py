"""One system against another, query by query, as Markdown and as JSON."""

from __future__ import annotations

import dataclasses
from itertools import zip_longest

from clir_harness.leaderboards.head_to_head import HeadToHead, QueryOutcome, Retrieved
from clir_harness.leaderboards.json_text import write_lines
from clir_harness.leaderboards.render import figures
from clir_harness.leaderboards.render.figures import score
from clir_harness.leaderboards.render.markdown_table import table
from clir_harness.leaderboards.render.plain import markdown_name, markdown_text, shortened

_LONGEST_QUERY = 300
_UNKNOWN = "(words not kept; `clir run` the suite again to keep them, nothing is computed twice)"


def head_to_head_markdown(result: HeadToHead, queries: int) -> str:
    """Wins, ties and losses, the queries in a table, and both top tens of each query side by side.

    Args:
        result: two systems on one collection.
        queries: number of queries to show, those with the largest differences.

    Returns:
        Markdown.
    """
    first, second = map(markdown_name, result.systems)
    found = result.comparison
    shown = result.outcomes[:queries]
    parts = [
        f"# {first} against {second}",
        f"{markdown_text(result.measure)} on {markdown_name(result.column.id)} ({result.column.pair.arrow}), "
        f"{len(result.outcomes):,} judged queries: {found.wins:,} wins, {found.ties:,} ties, {found.losses:,} losses. "
        f"Mean difference {figures.difference(found.difference)} "
        f"(95 % interval {figures.interval((found.low, found.high))}), "
        f"paired permutation test p {figures.p_value(found.permutation_p)}, "
        f"paired t-test p {figures.p_value(found.t_test_p)}, effect size d {figures.effect(found.effect_size)}.",
        "## The queries with the largest differences",
        table(
            ["query", "text", first, second, "difference"],
            [
                [
                    markdown_name(outcome.query),
                    _text(outcome.texts[0]),
                    *map(score, outcome.scores),
                    figures.difference(outcome.difference),
                ]
                for outcome in shown
            ],
            left=2,
        ),
        "Relevant documents are bold; the grade of a judged document is in brackets.",
    ]
    for outcome in shown:
        parts += [f"### {markdown_name(outcome.query)}", *_words(result, outcome), _tops(outcome, first, second)]
    return "\n\n".join(parts) + "\n"


def _text(text: str | None) -> str:
    return _UNKNOWN if text is None else markdown_text(shortened(text, _LONGEST_QUERY))


def _words(result: HeadToHead, outcome: QueryOutcome) -> list[str]:
    """The query's words; those of both systems where they were given different ones."""
    if len(set(outcome.texts)) == 1:
        return [_text(outcome.texts[0])]
    return [
        "\n".join(
            f"- {markdown_name(label)}: {_text(text)}"
            for label, text in zip(result.systems, outcome.texts, strict=True)
        )
    ]


def _tops(outcome: QueryOutcome, first: str, second: str) -> str:
    ranks = zip_longest(*(map(_retrieved, top) for top in outcome.tops), fillvalue="")
    lines = [[str(rank), *documents] for rank, documents in enumerate(ranks, start=1)]
    headers = ["rank", f"{first} ({score(outcome.scores[0])})", f"{second} ({score(outcome.scores[1])})"]
    return table(headers, lines, left=3) if lines else "Neither answers it."


def _retrieved(found: Retrieved) -> str:
    name = markdown_name(found.document)
    if found.grade is None:
        return name
    return f"**{name}** ({found.grade})" if found.grade > 0 else f"{name} ({found.grade})"


def head_to_head_json(result: HeadToHead) -> str:
    """All queries, as a JSON object."""
    comparison = {
        name: value if value - value == 0 else None for name, value in dataclasses.asdict(result.comparison).items()
    }
    value = {
        "systems": result.systems,
        "collection": result.column.id,
        "pair": str(result.column.pair),
        "measure": result.measure,
        "comparison": comparison,
        "queries": [{**dataclasses.asdict(outcome), "difference": outcome.difference} for outcome in result.outcomes],
    }
    return write_lines(value, 5)
