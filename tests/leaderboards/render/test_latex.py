"""LaTeX boards: a small reader of tables, and escaping."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clir_harness.leaderboards.render.formats import render
from clir_harness.leaderboards.render.plain import latex_text

SCRIPTED = {"system": "scripted"}
HUMAN = {"system": "scripted", "label": "human", "queries": "human"}


def rows(text: str) -> list[list[str]]:
    """Cells of the first table."""
    body = text.split(r"\toprule")[1].split(r"\bottomrule")[0].replace(r"\midrule", "")
    return [[cell.strip() for cell in line.split(" & ")] for line in body.split(r" \\") if line.strip()]


def test_there_is_a_booktabs_table_for_every_measure_with_the_best_bold_and_marks(world):
    text = render(world.board(SCRIPTED, HUMAN, pairs=["fr-en", "sw-en"]), "latex")
    assert text.count(r"\begin{tabular}{lrrrrrr}") == text.count(r"\end{table}") == 2
    first, human, scripted = rows(text)
    assert first == ["system", r"fr$\to$en", r"sw$\to$en", "macro", "high", "low", "gap"]
    assert human == ["human", *[r"\textbf{1.000}"] * 5, "0.000"]
    assert scripted[1] == r"0.750\rlap{$^{\approx}$}"
    assert scripted[4:] == ["0.750", "0.500", "0.250"]
    assert r"$\approx$: not distinguishable from the best row in RR" in text
    assert r"\approx" not in text.split(r"\begin{table}")[2], "the second measure is not tested"


def test_missing_values_are_dashes_and_negative_gaps_have_a_minus_sign(world, scripted):
    world.write_qrels("fr-en", [("q1", "d1"), ("q1", "d5"), ("q2", "d4")])
    human = {**HUMAN, "label": "human"}
    text = render(
        world.board(human, scripted("breaks", fails_on="fr"), pairs=["fr-en", "sw-en"], measures=["P@1"]), "latex"
    )
    assert rows(text)[1][-1] == "$-$0.500"
    assert rows(text)[2][1] == "{--}"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        (r"\input{/etc/passwd}", r"\textbackslash{}input\{/etc/passwd\}"),
        ("100 % & $x_1$ #2 ^~", r"100 \% \& \$x\_1\$ \#2 \textasciicircum{}\textasciitilde{}"),
        ("[2em] *", "{[}2em{]} {*}"),
        ("<script>|", r"\textless{}script\textgreater{}\textbar{}"),
        ("a--b---c ''d", "a-{}-b-{}-{}-c '{}'d"),
        ("sw→en –", r"sw$\to$en {--}"),
        ("two\nlines\x00\x1b[0m", "two lines {[}0m"),
    ],
)
def test_specials_are_text(text, escaped):
    assert latex_text(text) == escaped


@given(st.text())
def test_escaped_text_has_balanced_braces_and_no_live_special(text):
    escaped = latex_text(text)
    known = r"\\textbackslash\{\}|\\textasciitilde\{\}|\\textasciicircum\{\}|\\textless\{\}|\\textgreater\{\}"
    known += r"|\\textbar\{\}|\\ldots\{\}|\$\\to\$|\{--\}|[-']\{\}|\\[&%$#_{}]|\{[\[\]*`\"]\}"
    plain = re.sub(known, "", escaped)
    assert not set(plain) & set('\\{}$&#^_~%<>|[]*`"\n\r\x00\x1b'), plain


def test_hostile_labels_do_not_add_cells_or_lines(world, scripted):
    label = r"a & b \\ \end{tabular} % \write18{ls} " + "x" * 10_000
    text = render(world.board(scripted(label), SCRIPTED, pairs=["sw-en"]), "latex")
    assert {len(line) for line in rows(text)} == {6}
    assert r"\write18" not in text
    assert len(text) < 8_000
