"""Checks of stored indexes: moved, shared, read by other processes."""

from __future__ import annotations

from pathlib import Path

from clir_harness.harness.collections.base import Document
from clir_harness.harness.conformance.check import ConformanceError, NotCheckableError, check
from clir_harness.harness.conformance.rankings import require_identical, require_known_ids, require_same
from clir_harness.harness.conformance.subject import Subject


@check("write all that searching needs into the folder, and nothing into attributes of the system")
def the_index_is_all_there_is(subject: Subject) -> None:
    """An instance that did not build the index gives the same answers."""
    found = subject.answer(subject.index, subject.queries, system=subject.fresh())
    require_same(subject.queries, subject.rankings, found)


@check("write all into the folder and close the files; break ties by something fixed, not by the order of a set")
def the_index_works_in_another_process(subject: Subject) -> None:
    """A process that did not build the index gives the same answers."""
    _require_known_elsewhere(subject)
    require_identical(subject.queries, subject.rankings, subject.elsewhere.rankings)


@check("let the identity depend on values only, not on memory addresses, hashes of strings or the order of sets")
def the_identity_is_the_same_in_another_process(subject: Subject) -> None:
    """Results are found again by another process."""
    _require_known_elsewhere(subject)
    if subject.elsewhere.identity != subject.identity():
        raise ConformanceError(
            f"expected the identity {subject.identity()} in another process, found {subject.elsewhere.identity}"
        )


def _require_known_elsewhere(subject: Subject) -> None:
    if subject.origin.kind == "session":
        raise NotCheckableError(
            "only this process knows the system: install its package, or name its file with --plugin"
        )


@check("keep no absolute paths in the index: it is renamed into its place in the store when it is finished")
def the_index_can_be_moved(subject: Subject) -> None:
    """An index works in another folder than the one it was built in."""
    built = subject.build(subject.documents)
    moved = built.rename(built.with_name(built.name + "-moved"))
    found = subject.answer(moved, subject.queries, system=subject.fresh())
    require_same(subject.queries, subject.rankings, found)


@check("write into the folder while indexing only: cells that run at the same time share it")
def searching_leaves_the_index_alone(subject: Subject) -> None:
    """Opening, searching and closing change no file."""
    before = _listing(subject.index)
    subject.answer(subject.index, subject.queries)
    after = _listing(subject.index)
    if changed := sorted(str(file) for file, _ in before.items() ^ after.items()):
        raise ConformanceError(f"expected the index as it was, found changes in {', '.join(changed[:5])}")


def _listing(folder: Path) -> dict[Path, tuple[int, int]]:
    """Size and modification time of all files below a folder, and of the folders."""
    stats = {path.relative_to(folder): path.stat() for path in (folder, *folder.rglob("*"))}
    return {path: (stat.st_size, stat.st_mtime_ns) for path, stat in stats.items()}


@check("search the folder given to `open`, not the one indexed last")
def indexes_do_not_mix(subject: Subject) -> None:
    """One instance with two indexes open answers from each its own."""
    other = [Document(f"x{i}", document.text) for i, document in enumerate(subject.documents[::-1])]
    folder = subject.build(other)
    with subject.open(subject.index) as one, subject.open(folder) as two:
        for query, expected in zip(subject.queries, subject.rankings, strict=True):
            require_known_ids([query], subject.ask(two, [query]), {document.id for document in other})
            require_same([query], [expected], subject.ask(one, [query]))
