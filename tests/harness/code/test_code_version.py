import importlib
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from clir_harness.harness.code.code_version import code_digest, module_digest, module_files


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package `acme` whose system imports one helper and not the other."""
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "system.py").write_text("from . import used\nclass System:\n    pass\n")
    (folder / "used.py").write_text("def f():\n    import acme.deep\n")
    (folder / "deep.py").write_text("x = 1\n")
    (folder / "unused.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def digest() -> str:
    for name in [name for name in sys.modules if name.partition(".")[0] == "acme"]:
        del sys.modules[name]
    importlib.invalidate_caches()
    return code_digest(importlib.import_module("acme.system").System)


def test_the_digest_is_the_same_for_the_same_code(package: Path) -> None:
    assert digest() == digest()


@pytest.mark.parametrize("name", ["system.py", "used.py", "deep.py", "__init__.py"])
def test_a_change_in_any_module_it_imports_changes_the_digest(package: Path, name: str) -> None:
    before = digest()
    (package / name).write_text((package / name).read_text() + "\n# changed\n")
    assert digest() != before


def test_a_change_in_a_module_it_does_not_import_leaves_the_digest(package: Path) -> None:
    before = digest()
    (package / "unused.py").write_text("x = 2\n")
    assert digest() == before


def test_source_is_found_without_importing_it(package: Path) -> None:
    (package / "heavy.py").write_text("class Name:\n    pass\n")
    (package / "system.py").write_text("class System:\n    def load(self):\n        from acme.heavy import Name\n")
    before = digest()
    assert "acme.heavy" not in sys.modules
    (package / "heavy.py").write_text("class Name:\n    x = 1\n")
    assert digest() != before


@pytest.mark.parametrize(
    "statement",
    [
        "from .sub import y",
        "from . import sub",
        "import acme.sub",
        "import importlib\nimportlib.import_module('acme.sub')",
        "from acme.sub import *",
    ],
)
def test_what_a_package_imports_in_its_init_counts(package: Path, statement: str) -> None:
    (package / "sub").mkdir()
    (package / "sub" / "__init__.py").write_text("from ..other import y, z\n")
    (package / "other.py").write_text("y = z = 1\n")
    (package / "__init__.py").write_text(statement + "\n")
    (package / "system.py").write_text("class System:\n    pass\n")
    before = digest()
    (package / "other.py").write_text("y = z = 2\n")
    assert digest() != before


def test_a_package_developed_beside_the_plugin_counts_and_an_installed_one_does_not(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "beside.py").write_text("x = 1\n")
    (package / "system.py").write_text(
        "import beside\nimport numpy\nimport clir_harness.harness.system\nclass System:\n    pass\n"
    )
    before = digest()
    assert set(module_files("acme.system", package / "system.py")) == {"acme", "acme.system", "beside"}
    (tmp_path / "beside.py").write_text("x = 2\n")
    assert digest() != before


def test_a_compiled_module_counts_by_its_bytes(package: Path) -> None:
    (package / "system.py").write_text("from . import fast\nclass System:\n    pass\n")
    (package / "__init__.py").write_text("")
    library = package / f"fast{EXTENSION_SUFFIXES[0]}"
    library.write_bytes(b"one")
    place = package / "system.py"
    for name in [name for name in sys.modules if name.partition(".")[0] == "acme"]:
        del sys.modules[name]
    importlib.invalidate_caches()
    assert module_files("acme.system", place)["acme.fast"] == library
    before = module_digest("acme.system", place)
    library.write_bytes(b"two")
    assert module_digest("acme.system", place) != before


def test_nothing_is_remembered_over_an_edit_in_one_process(package: Path) -> None:
    before = digest()
    cls = sys.modules["acme.system"].System
    (package / "deep.py").write_text("x = 3\n")
    assert code_digest(cls) != before
