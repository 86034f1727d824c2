"""Docstrings of public functions: every argument described, and what they return."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("harness", "systems", "leaderboards", "clir_harness")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules() -> list[Path]:
    links = {path for path in (ROOT / "clir_harness").iterdir() if path.is_symlink()}
    return sorted(
        path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py") if links.isdisjoint(path.parents)
    )


def classes_by_name() -> dict[str, ast.ClassDef]:
    trees = (ast.parse(path.read_text("utf-8")) for path in modules())
    return {node.name: node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


def base_names(owner: ast.ClassDef) -> Iterator[str]:
    for base in owner.bases:
        plain = base.value if isinstance(base, ast.Subscript) else base
        yield plain.attr if isinstance(plain, ast.Attribute) else getattr(plain, "id", "")


def overrides(function: Function, owner: ast.ClassDef | None, classes: dict[str, ast.ClassDef]) -> bool:
    """Whether a base class of the project has the method, and so its documentation."""
    bases = [classes[name] for name in (base_names(owner) if owner else ()) if name in classes]
    return any(
        any(isinstance(node, Function) and node.name == function.name for node in base.body)
        or overrides(function, base, classes)
        for base in bases
    )


def decorators(function: Function) -> set[str]:
    return {name for decorator in function.decorator_list for name in re.findall(r"\w+", ast.unparse(decorator))}


def public_functions(tree: ast.Module) -> Iterator[tuple[Function, ast.ClassDef | None]]:
    for node in tree.body:
        if isinstance(node, Function):
            yield node, None
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from ((inner, node) for inner in node.body if isinstance(inner, Function))


def parameters(function: Function, owner: ast.ClassDef | None) -> list[str]:
    every = function.args
    names = [argument.arg for argument in (*every.posonlyargs, *every.args)]
    if owner is not None and "staticmethod" not in decorators(function):
        names = names[1:]
    names += [argument.arg for argument in every.kwonlyargs]
    return names + [argument.arg for argument in (every.vararg, every.kwarg) if argument is not None]


def sections(docstring: str) -> dict[str, str]:
    found = re.split(r"^(Args|Returns|Yields|Raises|Attributes|Class attributes):\n", docstring, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def described(args: str) -> set[str]:
    """Names at the start of an entry; `resamples, seed: of the bootstrap` describes both."""
    entries = re.findall(r"^    ((?:\*{0,2}\w+, )*\*{0,2}\w+)(?: \([^)]*\))?:", args, flags=re.MULTILINE)
    return {name.lstrip("*") for entry in entries for name in entry.split(", ")}


def returns_nothing(function: Function) -> bool:
    return function.returns is None or ast.unparse(function.returns) in {"None", "NoReturn"}


def missing(function: Function, owner: ast.ClassDef | None) -> list[str]:
    found = sections(ast.get_docstring(function) or "")
    names = [name for name in parameters(function, owner) if name not in described(found.get("Args", ""))]
    if not returns_nothing(function) and not {"Returns", "Yields"} & set(found):
        names.append("Returns")
    return names


def gaps(path: Path, classes: dict[str, ast.ClassDef]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}: {', '.join(names)}"
        for function, owner in public_functions(ast.parse(path.read_text("utf-8")))
        if not function.name.startswith("_")
        and len(parameters(function, owner)) > 1
        and not decorators(function) & {"property", "cached_property", "command", "overload", "abstractproperty"}
        and not overrides(function, owner, classes)
        and (names := missing(function, owner))
    ]


def test_public_functions_of_two_parameters_or_more_describe_each_and_what_they_return():
    classes = classes_by_name()
    assert [gap for path in modules() for gap in gaps(path, classes)] == []


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        ("Add.\n\nArgs:\n    a: one.\n    b: other.\n\nReturns:\n    The sum.", []),
        ("Add.\n\nArgs:\n    a, b: numbers.\n\nReturns:\n    The sum.", []),
        ("Add.\n\nArgs:\n    a: with b: a number.\n\nReturns:\n    The sum.", ["b"]),
        ("Add.\n\nArgs:\n    a, b: numbers.", ["Returns"]),
        ("Add a and b.", ["a", "b", "Returns"]),
    ],
)
def test_what_a_docstring_leaves_out_is_found(docstring, expected):
    (add,) = ast.parse("def add(a: int, b: int) -> int:\n    ...").body
    assert isinstance(add, Function)
    add.body = [ast.Expr(ast.Constant(docstring))]
    assert missing(add, None) == expected
