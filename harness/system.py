"""The contract between the harness and a retrieval system.

A system does three things: it builds an index of a stream of documents in a folder, answers queries from such a
folder, and states what its answers depend on. It keeps nothing between cells: an index built by one process is
searched by another, and all language pairs over the same documents share one index.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from clir_harness.harness.collections.base import Document, Query
from clir_harness.harness.errors import UsageError
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.plugins.registry import Registry
from clir_harness.harness.settings import validated


class SystemConfig(BaseModel):
    """Base class of the typed settings of a system. Unknown fields are errors; values do not change once set."""

    model_config = ConfigDict(frozen=True, extra="forbid")


ConfigT = TypeVar("ConfigT", bound=SystemConfig)

Ranking = Sequence[tuple[str, float]]
"""Document ids with their scores, best first."""


@dataclass(frozen=True, slots=True)
class IndexContext:
    """Parameters passed to `RetrievalSystem.index`.

    Attributes:
        language: canonical tag of the documents' language.
        seed: for all random numbers of the system.
        threads: number of processor threads it may use.
    """

    language: str
    seed: int = 0
    threads: int = 1


class Searcher(AbstractContextManager["Searcher"]):
    """An opened index. `with` closes it."""

    @abstractmethod
    def search(self, queries: Sequence[Query], depth: int) -> Sequence[Ranking]:
        """Answer a batch of queries.

        Args:
            queries: at most `batch_size` of the system, all in the query language of the pair.
            depth: maximum number of documents per query, 1 or more.

        Returns:
            One ranking per query, in the order of the queries: at most `depth` documents, each at most once, with
            finite scores, best first. A query that matches nothing has an empty ranking.

        Raises:
            ClirError: the queries cannot be answered; the message says why. Any other exception is reported as a fault
                of the system.
        """

    def describe(self) -> Mapping[str, Any]:
        """Diagnostics to store with the result, e.g. how many queries were translated.

        Returns:
            Plain values by name.
        """
        return {}

    def close(self) -> None:
        """Release what the index holds; called once."""

    def __exit__(self, *exc_info: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class SearchContext:
    """Parameters passed to `RetrievalSystem.open`.

    Attributes:
        pair: actual language of the queries (English for human English translations of Swahili queries), and language
            of the documents.
        seed: for all random numbers of the system.
        threads: number of processor threads it may use.
        components: the opened components of the system, in the order of `components()`.
    """

    pair: LanguagePair
    seed: int = 0
    threads: int = 1
    components: tuple[Searcher, ...] = ()


class RetrievalSystem(ABC, Generic[ConfigT]):
    """Base class of every retrieval system.

    Class attributes:
        name: the registered name, set on registration.
        summary: one line for `clir systems`.
        Config: the pydantic model of its settings.
        aliases: further names of it.
        languages: what it takes, as one line to read; `supports` decides.
        requires: installed distributions it needs; their versions are part of every result's identity.
        batch_size: number of queries passed to `Searcher.search` at once; 1 for systems that gain nothing from batches.
            Latency is always measured one query at a time.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    Config: ClassVar[type[SystemConfig]] = SystemConfig
    languages: ClassVar[str] = "any"
    requires: ClassVar[tuple[str, ...]] = ()
    aliases: ClassVar[tuple[str, ...]] = ()
    batch_size: ClassVar[int] = 1

    def __init__(self, config: ConfigT) -> None:
        self.config = config

    @classmethod
    def configure(cls, settings: Mapping[str, Any]) -> RetrievalSystem[Any]:
        """Create the system from plain settings, as YAML or the command line gives them.

        Args:
            settings: value by field of `Config`; fields left out have their defaults.

        Returns:
            The configured system.

        Raises:
            UnknownNameError: a field does not exist; suggests the closest ones.
            UsageError: a value is invalid; names every invalid field, the value found, and what was expected.
        """
        return cls(validated(f"system '{cls.name}'", cls.Config, settings))  # type: ignore[arg-type]

    def supports(self, pair: LanguagePair) -> str | None:
        """Whether the system takes a language pair.

        A system takes what all of its components take.

        Args:
            pair: query and document language.

        Returns:
            None when it does; otherwise the reason, for people to read. The cell is then shown as not applicable.
        """
        return next((reason for part in self.components() if (reason := part.supports(pair))), None)

    def components(self) -> Sequence[RetrievalSystem[Any]]:
        """The systems this one is made of (fusion, re-ranking); none by default.

        Their indexes are built and shared like those of any system; `open` receives them opened, in
        `context.components`.
        """
        return ()

    def index_settings(self) -> Mapping[str, Any]:
        """The settings an index depends on; systems that differ only in other settings share an index."""
        return self.config.model_dump(mode="json")

    def inputs(self) -> Mapping[str, str]:
        """Digests of everything outside the settings that changes the answers, e.g. model weights.

        Returns:
            Digest by name; they are part of the identity of every result.

        Raises:
            MissingDataError: an input does not exist.
        """
        return {}

    def index_inputs(self, language: str) -> Mapping[str, str]:
        """The `inputs` that an index of documents in a language depends on; by default all of them.

        Leave out inputs that only affect queries, so that systems that differ only in those share an index.

        Args:
            language: canonical tag of the document language.

        Returns:
            Digest by name.

        Raises:
            MissingDataError: an input does not exist.
        """
        return self.inputs()

    def describe_index(self, language: str) -> Mapping[str, Any]:
        """Choices to record with every run over documents of a language, such as the analyser.

        Args:
            language: canonical tag of the document language.

        Returns:
            Plain values by name.
        """
        return {}

    @abstractmethod
    def index(self, documents: Iterable[Document], folder: Path, context: IndexContext) -> None:
        """Build the index of a stream of documents in an empty, existing folder.

        Everything that `open` needs goes into the folder: another process will search it.

        Args:
            documents: the documents, to be read once; they need not fit in memory.
            folder: empty folder to write the index into.
            context: document language, seed and thread count.

        Raises:
            ClirError: the documents or the machine do not allow an index; the message says why. Any other exception is
                reported as a fault of the system.
        """

    @abstractmethod
    def open(self, folder: Path, context: SearchContext) -> Searcher:
        """Open an index for queries of one language; not necessarily in the process that built it.

        Args:
            folder: a folder that `index` wrote.
            context: language pair, seed, thread count and the opened components.

        Returns:
            A searcher; it is closed after use.

        Raises:
            ClirError: the index cannot be opened, or a model it needs is missing. Any other exception is reported as a
                fault of the system.
        """


class Component(BaseModel):
    """A system inside another one, as written in YAML: `{system: bm25, settings: {k1: 1.2}}`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: str = Field(description="name of the system")
    settings: dict[str, Any] = Field(default={}, description="its settings")

    def configure(self) -> RetrievalSystem[Any]:
        """The system with its settings.

        Raises:
            ClirError: what `SYSTEMS.get` and `RetrievalSystem.configure` raise.
        """
        try:
            return SYSTEMS.get(self.system).configure(self.settings)
        except UsageError as error:
            error.location = ()  # it is within the component's own settings
            raise


SYSTEMS: Registry[RetrievalSystem[Any]] = Registry(
    "system",
    RetrievalSystem,  # type: ignore[type-abstract]
    "clir_harness.systems",
)


def register_system(name: str) -> Callable[[type[RetrievalSystem[Any]]], type[RetrievalSystem[Any]]]:
    """Class decorator that registers a retrieval system under a name and under its `aliases`.

    Args:
        name: one line of visible text, unique among systems.

    Returns:
        The decorator; it returns the class itself.

    Raises:
        PluginError: the class is not a `RetrievalSystem`, or the name is invalid or taken. Raised when the decorator is
            applied.
    """
    return SYSTEMS.register(name)
