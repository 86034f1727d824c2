"""The contract between the harness and a retrieval system.

A system does three things: it builds an index from a stream of documents into a folder, it answers queries from
such a folder, and it says what its answers depend on. It keeps nothing between cells: an index built by one process
is searched by another, and all language pairs over the same documents share one index.
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
from clir_harness.harness.registry import Registry
from clir_harness.harness.settings import validated


class SystemConfig(BaseModel):
    """Base of the typed settings of a system. Unknown fields are errors; values do not change once set."""

    model_config = ConfigDict(frozen=True, extra="forbid")


ConfigT = TypeVar("ConfigT", bound=SystemConfig)

Ranking = Sequence[tuple[str, float]]
"""Document ids with their scores, best first."""


@dataclass(frozen=True, slots=True)
class IndexContext:
    """What a system is told when it builds an index.

    Attributes:
        language: canonical tag of the documents' language.
        seed: for whatever the system draws at random.
        threads: how many processor threads it may use.
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
            queries: at most as many as the system's `batch_size`.
            depth: the largest number of documents to return for a query.

        Returns:
            One ranking a query, in the order of the queries: at most `depth` documents, each at most once, finite
            scores, best first. A query that matches nothing has an empty ranking.
        """

    def describe(self) -> Mapping[str, Any]:
        """What came up while it answered and is worth keeping with the result, e.g. how many queries it translated."""
        return {}

    def close(self) -> None:
        """Give back what the index holds; called once."""

    def __exit__(self, *exc_info: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class SearchContext:
    """What a system is told when it answers queries.

    Attributes:
        pair: language the queries are really in (English for the human English translations of Swahili queries)
            and language of the documents.
        seed: for whatever the system draws at random.
        threads: how many processor threads it may use.
        components: the opened components of a system that has some, in their order.
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
        aliases: further names it answers to.
        languages: what it takes, in one line for people; `supports` decides.
        requires: distributions it needs installed; their versions are part of every result's identity.
        batch_size: how many queries `Searcher.search` wants at once. 1 for systems that gain nothing from batches;
            latency is always measured one query at a time.
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
        """Build the system from plain settings, as YAML or the command line gives them.

        Raises:
            UsageError: names every field at fault, what was expected, and the fields there are.
        """
        return cls(validated(f"system '{cls.name}'", cls.Config, settings))  # type: ignore[arg-type]

    def supports(self, pair: LanguagePair) -> str | None:
        """None when the system takes this pair, otherwise the reason why not, for people.

        A system takes what all of its components take.
        """
        return next((reason for part in self.components() if (reason := part.supports(pair))), None)

    def components(self) -> Sequence[RetrievalSystem[Any]]:
        """The systems this one is made of (fusion, re-ranking), none by default.

        Their indexes are built and shared like any other's; `open` gets them opened, as `context.components`.
        """
        return ()

    def index_settings(self) -> Mapping[str, Any]:
        """The settings an index depends on; rows that differ elsewhere only share one index."""
        return self.config.model_dump(mode="json")

    def inputs(self) -> Mapping[str, str]:
        """Digests of everything outside the settings that changes the answers: model weights, tables ...

        Raises:
            MissingDataError: when such an input is absent.
        """
        return {}

    def index_inputs(self, language: str) -> Mapping[str, str]:
        """The `inputs` that an index of documents in a language depends on; all of them unless a system knows better.

        Leave out what bears on queries only, and systems that differ there share one index.
        """
        return self.inputs()

    def describe_index(self, language: str) -> Mapping[str, Any]:
        """Choices worth recording with every run over documents of that language, e.g. the analyser."""
        return {}

    @abstractmethod
    def index(self, documents: Iterable[Document], folder: Path, context: IndexContext) -> None:
        """Build the index of a stream of documents into an empty, existing folder."""

    @abstractmethod
    def open(self, folder: Path, context: SearchContext) -> Searcher:
        """Open an index, in whichever process, for queries of one language."""


class Component(BaseModel):
    """A system inside another one, as YAML names it: `{system: bm25, settings: {k1: 1.2}}`."""

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
            error.location = ()  # which is of its own settings, and not of those that the component stands in
            raise


SYSTEMS: Registry[RetrievalSystem[Any]] = Registry(
    "system",
    RetrievalSystem,  # type: ignore[type-abstract]
    "clir_harness.systems",
)


def register_system(name: str) -> Callable[[type[RetrievalSystem[Any]]], type[RetrievalSystem[Any]]]:
    """Class decorator that makes a retrieval system known under a name, and under those in its `aliases`."""
    return SYSTEMS.register(name)
