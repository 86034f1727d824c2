"""Tables of a Markdown text as a reader sees them."""

from markdown_it import MarkdownIt


def tables(markdown: str) -> list[list[list[str]]]:
    """Per table its rows of cells, as a reader sees them: escapes resolved, bold as `<b>`."""
    found: list[list[list[str]]] = []
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    for token, following in zip(tokens, tokens[1:] + tokens[:1], strict=True):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type in ("td_open", "th_open"):
            bold = {"strong_open": "<b>", "strong_close": "</b>"}
            parts = following.children or []
            found[-1][-1].append("".join(bold.get(part.type, part.content) for part in parts))
    return found
