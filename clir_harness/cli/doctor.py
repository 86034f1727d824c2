"""`clir doctor`: is this machine ready?"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from clir_harness.cli.options import data_option, echo_json, json_option, store_option
from clir_harness.harness.content_store import is_store
from clir_harness.harness.errors import ClirError

MARKS = {"ok": "ok     ", "warning": "warning", "wrong": "WRONG  "}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Result of one check: its state (ok, warning, wrong), what was found, and how to fix it."""

    what: str
    state: str
    found: str
    remedy: str = ""


@click.command("doctor")
@data_option
@store_option
@json_option
def command(data: Path | None, store: Path, as_json: bool) -> int:
    """Check Java, libraries, devices, caches, disk, model and data folders; suggest fixes.

    Exit code 2 when something that every run needs is wrong; warnings do not count.
    """
    checks: list[Callable[[], Iterator[Diagnosis]]] = [
        _python,
        _java,
        _lucene,
        _torch,
        _memory,
        lambda: _store(store),
        lambda: _data(data),
        _caches,
        _plugins,
    ]
    findings = [finding for check in checks for finding in check()]
    if as_json:
        echo_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            click.echo(f"{MARKS[finding.state]}  {finding.what}: {finding.found}")
            if finding.remedy:
                click.echo(f"         fix: {finding.remedy}")
    return 2 if any(finding.state == "wrong" for finding in findings) else 0


def _python() -> Iterator[Diagnosis]:
    fits = sys.version_info[:2] == (3, 11)
    yield Diagnosis(
        "Python",
        "ok" if fits else "wrong",
        sys.version.split()[0],
        "" if fits else "use Python 3.11; pyserini 1.x and its Java bridge are built for it",
    )


def _java() -> Iterator[Diagnosis]:
    from clir_harness.harness.java import find_java

    try:
        java = find_java()
        yield Diagnosis("Java", "ok", f"{java.version} in {java.home} ({java.found_by})")
    except ClirError as error:
        yield Diagnosis("Java", "wrong", error.message, error.hint or "")


def _lucene() -> Iterator[Diagnosis]:
    from clir_harness.harness.java import start_jvm

    try:
        version = start_jvm()("org.apache.lucene.util.Version").LATEST.toString()
        yield Diagnosis("Lucene", "ok", f"{version}, starts")
    except Exception as error:
        yield Diagnosis("Lucene", "wrong", f"does not start: {error}", "pip install --force-reinstall pyserini pyjnius")


def _torch() -> Iterator[Diagnosis]:
    try:
        import torch
    except Exception as error:
        yield Diagnosis("torch", "wrong", f"cannot be imported: {error}", "pip install --force-reinstall torch")
        return
    yield Diagnosis("torch", "ok", f"{torch.__version__}, {torch.get_num_threads()} threads")
    devices = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    devices += ["Apple GPU (mps)"] if torch.backends.mps.is_available() else []
    yield Diagnosis("devices", "ok", ", ".join(devices) or "no GPU: neural systems run on the processor")


def _memory() -> Iterator[Diagnosis]:
    import psutil

    from clir_harness.harness.execution.measurement import available_cores

    free = psutil.virtual_memory().available / 2**30
    low = free < 4
    yield Diagnosis(
        "memory",
        "warning" if low else "ok",
        f"{free:.1f} GiB free, {available_cores()} processor cores",
        "close other programs; Lucene and models want 4 GiB" if low else "",
    )


def _store(store: Path) -> Iterator[Diagnosis]:
    place = store.resolve()
    existing = next(folder for folder in [place, *place.parents] if folder.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        yield Diagnosis("store", "wrong", f"{existing} cannot be written", "choose another folder with --store")
        return
    free = shutil.disk_usage(existing).free / 2**30
    state = "there" if is_store(place) else "will be made"
    yield Diagnosis(
        "store",
        "warning" if free < 5 else "ok",
        f"{place} ({state}), {free:.0f} GiB free on its disk",
        "free some space; indexes of large collections take many GiB" if free < 5 else "",
    )


def _data(data: Path | None) -> Iterator[Diagnosis]:
    if data is None:
        yield Diagnosis("data", "ok", "no --data folder given; the embedded suite needs none")
        return
    if not data.is_dir():
        yield Diagnosis("data", "wrong", f"{data} is not a folder", "give --data the folder with the collections")
        return
    from clir_harness.harness.collections.sources import build_source
    from clir_harness.harness.suite import builtin_suites, load_suite

    for suite in map(load_suite, builtin_suites()):
        try:
            sources = [build_source(spec.source, spec.settings, data) for spec in suite.collections]
            entries = [entry for source in sources for entry in source.entries()]
        except ClirError as error:
            yield Diagnosis(f"data for suite {suite.name}", "wrong", error.message, error.hint or "")
            continue
        there = sum(entry.missing is None for entry in entries)
        yield Diagnosis(f"data for suite {suite.name}", "ok", f"{there} of {len(entries)} collections")


def _caches() -> Iterator[Diagnosis]:
    places = {
        "ir_datasets": Path(os.environ.get("IR_DATASETS_HOME", Path.home() / ".ir_datasets")),
        "Hugging Face": Path(os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface")),
    }
    for name, place in places.items():
        existing = next(folder for folder in [place, *place.parents] if folder.exists())
        writable = os.access(existing, os.W_OK)
        yield Diagnosis(
            f"{name} cache",
            "ok" if writable else "warning",
            f"{place}" + ("" if place.exists() else " (will be made)") + ("" if writable else " cannot be written"),
            "" if writable else "set IR_DATASETS_HOME or HF_HOME to a folder you may write to",
        )


def _plugins() -> Iterator[Diagnosis]:
    from clir_harness.harness.collections.sources import SOURCES
    from clir_harness.harness.system import SYSTEMS

    names = [name for name, _ in SYSTEMS.usable()] + [name for name, _ in SOURCES.usable()]
    broken = [*SYSTEMS.broken(), *SOURCES.broken()]
    yield Diagnosis("plugins", "ok", f"{len(names)} systems and sources")
    for plugin in broken:
        yield Diagnosis(f"plugin {plugin.name}", "warning", f"{plugin.reason} ({plugin.origin})", "fix or uninstall it")
