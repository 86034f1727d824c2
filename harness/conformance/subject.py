"""The system under test, with what checks need: indexes, rankings, another process."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from clir_harness.harness.collections.base import Document, Query
from clir_harness.harness.conformance import collection
from clir_harness.harness.errors import ClirError, UsageError
from clir_harness.harness.execution.indexing import open_searcher, with_components
from clir_harness.harness.execution.measurement import available_cores
from clir_harness.harness.identity import fingerprint, require_packages, system_identity
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.plugins.calls import calling
from clir_harness.harness.plugins.registry import Origin
from clir_harness.harness.system import SYSTEMS, IndexContext, Ranking, RetrievalSystem, SearchContext, Searcher

DEPTH = 1000
"""Depth that rankings are asked for: more than the kit's collection has."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Results of a system in another process: the digest of its identity, and its rankings."""

    identity: str
    rankings: list[Ranking]


@dataclass
class Subject:
    """A system with settings and a language pair, to be tested. Make one with `of`.

    Attributes:
        name: the registered name.
        settings: its settings.
        pair: language of the kit's queries and of its documents.
        scratch: an existing folder for indexes.
        seed: random seed of the system.
    """

    name: str
    settings: Mapping[str, Any]
    pair: LanguagePair
    scratch: Path
    seed: int = 0
    documents: list[Document] = field(init=False)
    queries: list[Query] = field(init=False)

    def __post_init__(self) -> None:
        self.documents = collection.documents(self.pair.document)
        self.queries = collection.queries(self.pair)

    @classmethod
    def of(
        cls, name: str, scratch: Path, settings: Mapping[str, Any] | None = None, pair: str | None = None
    ) -> Subject:
        """The system to test, by name or alias.

        Args:
            name: a registered name.
            scratch: an existing folder for indexes.
            settings: its settings.
            pair: language pair, e.g. `sw-en`; when not given, the first common one that the system takes.

        Returns:
            The subject.

        Raises:
            UsageError: there is no such system, setting or language, or the system does not take the pair.
            PluginError: the system cannot be imported, or a distribution that it requires is not installed.
            MissingDataError: an input of it (a model, a table) does not exist.
        """
        settings = dict(settings or {})
        name = SYSTEMS.resolve(name)
        with calling(f"system '{name}'"):
            system = SYSTEMS.get(name).configure(settings)
        with calling(f"system '{name}'"):
            require_packages(type(system))
            system.inputs()
            return cls(name, settings, _choose_pair(system, pair), scratch)

    @property
    def origin(self) -> Origin:
        """Origin of the system."""
        return SYSTEMS.origin(self.name)

    @property
    def source_file(self) -> str | None:
        """The file that defines the system."""
        try:
            return inspect.getfile(SYSTEMS.get(self.name))
        except (TypeError, OSError):
            return None

    def fresh(self, settings: Mapping[str, Any] | None = None) -> RetrievalSystem[Any]:
        """A new instance, as in another cell or process; with other settings if given."""
        return SYSTEMS.get(self.name).configure(self.settings if settings is None else settings)

    @cached_property
    def system(self) -> RetrievalSystem[Any]:
        """The instance used wherever a check does not need a fresh one."""
        return self.fresh()

    def build(
        self,
        documents: Iterable[Document],
        system: RetrievalSystem[Any] | None = None,
        language: str | None = None,
        hand_over: Callable[[list[Document]], Iterable[Document]] = iter,
    ) -> Path:
        """Index documents in a new folder, with a folder in it for the system and each of its components.

        Args:
            documents: what to index.
            system: the instance that indexes; the usual one when not given.
            language: language of the documents; that of the pair when not given.
            hand_over: turns a list of documents into what `index` is given, by default an iterator.

        Returns:
            The folder.
        """
        held = list(documents)
        folder = Path(tempfile.mkdtemp(dir=self.scratch))
        context = IndexContext(language or self.pair.document, self.seed, available_cores())
        for number, part in enumerate(with_components(system or self.system)):
            place = folder / f"{number:03}"
            place.mkdir()
            part.index(hand_over(held), place, context)
        return folder

    @contextmanager
    def open(
        self, folder: Path, system: RetrievalSystem[Any] | None = None, pair: LanguagePair | None = None
    ) -> Iterator[Searcher]:
        """Open an index, components first; closed at the end of the block.

        Args:
            folder: a folder that `build` made.
            system: the instance that searches; the usual one when not given.
            pair: language pair; that of the subject when not given.

        Yields:
            The searcher.
        """
        context = SearchContext(pair or self.pair, self.seed, available_cores())
        places = iter(sorted(folder.iterdir()))  # parts are opened in the order in which they were indexed
        with ExitStack() as stack:
            yield open_searcher(system or self.system, lambda _: next(places), context, stack)

    def ask(
        self, searcher: Searcher, queries: Sequence[Query], depth: int = DEPTH, batch: int | None = None
    ) -> list[Ranking]:
        """Search for queries, in batches.

        Args:
            searcher: an opened index.
            queries: the queries.
            depth: maximum length of a ranking.
            batch: queries per call; the system's `batch_size` when not given.

        Returns:
            One ranking per query.

        Raises:
            ClirError: the number of rankings is not the number of queries.
        """
        size = batch or self.system.batch_size
        found: list[Ranking] = []
        for start in range(0, len(queries), size):
            part = queries[start : start + size]
            rankings = [list(ranking) for ranking in searcher.search(part, depth)]
            if len(rankings) != len(part):
                raise ClirError(f"expected one ranking a query: {len(part)} queries, found {len(rankings)} rankings")
            found += rankings
        return found

    def answer(
        self,
        folder: Path,
        queries: Sequence[Query],
        depth: int = DEPTH,
        system: RetrievalSystem[Any] | None = None,
    ) -> list[Ranking]:
        """Open an index, search for queries, close it.

        Args:
            folder: a folder that `build` made.
            queries: the queries.
            depth: maximum length of a ranking.
            system: the instance that searches; the usual one when not given.

        Returns:
            One ranking per query.

        Raises:
            ClirError: the number of rankings is not the number of queries.
        """
        with self.open(folder, system) as searcher:
            return self.ask(searcher, queries, depth)

    @cached_property
    def index(self) -> Path:
        """An index of the kit's documents."""
        return self.build(self.documents)

    @cached_property
    def rankings(self) -> list[Ranking]:
        """The system's rankings for the kit's queries."""
        return self.answer(self.index, self.queries)

    @cached_property
    def elsewhere(self) -> Elsewhere:
        """What the system does with the same index in another process.

        Raises:
            ClirError: when it fails there; shows the end of what the process wrote.
        """
        job = {
            "plugins": [self.origin.where] if self.origin.kind == "file" else [],
            "system": self.name,
            "settings": dict(self.settings),
            "pair": [self.pair.query, self.pair.document],
            "folder": str(self.index),
            "seed": self.seed,
        }
        # Python uses another seed for hashes of strings, so that dependence on the order of sets shows.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"}
        done = subprocess.run(
            [sys.executable, "-X", "utf8", "-m", "clir_harness.harness.conformance.other_process"],
            input=json.dumps(job),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env=environment,
            check=False,
        )
        if done.returncode:
            tail = "\n".join(done.stderr.strip().splitlines()[-5:])
            raise ClirError(f"another process could not use the index (exit code {done.returncode}):\n{tail}")
        answer = json.loads(done.stdout)
        return Elsewhere(answer["identity"], [[(doc, score) for doc, score in r] for r in answer["rankings"]])

    def identity(self, system: RetrievalSystem[Any] | None = None) -> str:
        """Digest of a system's identity."""
        return fingerprint(system_identity(system or self.system))


def _choose_pair(system: RetrievalSystem[Any], wanted: str | None) -> LanguagePair:
    refusals = {}
    for text in [wanted] if wanted else collection.PROBE_PAIRS:
        pair = LanguagePair.parse(text)
        refusal = system.supports(pair)
        if refusal is None:
            return pair
        refusals[text] = refusal
    raise UsageError(
        f"system '{system.name}' takes none of these pairs: "
        + "; ".join(f"{pair}: {reason}" for pair, reason in refusals.items()),
        hint="name a pair that it takes",
    )
