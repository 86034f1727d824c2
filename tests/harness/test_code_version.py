import importlib
import sys
from pathlib import Path

import pytest

from harness import code_version
from harness.code_version import code_digest


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
    code_version._digest.cache_clear()
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
