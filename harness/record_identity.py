"""Dependencies of results as types: identities of collections, systems, queries and cells. Keys are digests of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A part of what is kept; unknown fields are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def plain(self) -> dict[str, Any]:
        """The fields as they are written: without those that have their default."""
        return self.model_dump(exclude_defaults=True)


class CollectionIdentity(Record):
    """What a result depends on, of a test collection.

    Attributes:
        id, pair: of the collection, e.g. `afriqa/sw-en` and `sw-en`.
        documents, documents_digest: count and digest of the documents.
        qrels_digest: of the judgements.
        judged_queries: queries with judgements.
        drop_self: whether the document whose id is the query's is left out of every ranking.
    """

    id: str
    pair: str
    documents: int | None = None
    documents_digest: str = ""
    qrels_digest: str = ""
    judged_queries: int | None = None
    drop_self: bool = False


class CollectionFacts(CollectionIdentity):
    """A test collection as kept with every result; only id and pair are set when its data is missing.

    Attributes:
        query_language, document_language: English names.
        tier: resource tier of the poorer of the two languages.
        description, licence: as the source says.
        synthetic: whether the texts were generated.
        document_set: id of the documents, which several collections may share.
        queries, judgements, relevant: counts; `relevant` is of judgements above 0.
        warnings: what validation found that does not keep it from being scored.
    """

    query_language: str = ""
    document_language: str = ""
    tier: str = ""
    description: str = ""
    licence: str = "unknown"
    synthetic: bool = False
    document_set: str = ""
    queries: int | None = None
    judgements: int | None = None
    relevant: int | None = None
    warnings: tuple[str, ...] = ()

    def identity(self) -> CollectionIdentity:
        """The part of it that results depend on."""
        return CollectionIdentity.model_validate(self.model_dump(include=_IDENTITY))


_IDENTITY = set(CollectionIdentity.model_fields)


class SystemIdentity(Record):
    """Everything about a system that can change its answers.

    Attributes:
        name, settings: of the system; settings without those that say where an input is.
        code: digest of its code.
        inputs: digests of what it reads, by name.
        packages: versions of the distributions it needs.
        components: its components.
    """

    name: str
    settings: Mapping[str, Any]
    code: str
    inputs: Mapping[str, Any]
    packages: Mapping[str, str]
    components: tuple[SystemIdentity, ...]


class PerturbationIdentity(Record):
    """Everything that can change perturbed queries, besides the queries."""

    kind: str
    rate: float
    seed: int
    language: str
    lexicon: str
    code: str
    packages: Mapping[str, str]


class QueriesIdentity(Record):
    """The queries of a cell: variant (`original`, `human` ...), digest, and what perturbs them, if anything."""

    variant: str
    digest: str
    perturbation: PerturbationIdentity | None = None


class SubmissionIdentity(Record):
    """A run of another tool: the name it was submitted under, and the SHA-256 of its file."""

    system: str
    sha256: str


class CellIdentity(Record):
    """Everything that can change the result of a cell, whose key is a digest of it.

    Attributes:
        system: what answered; None for a submitted run.
        submission: the run that was submitted; None for a system.
        collection, queries, depth, seed: what was asked; a submitted run has no seed.
        format: goes up when the harness itself changes what a cell contains.
    """

    system: SystemIdentity | None = None
    submission: SubmissionIdentity | None = None
    collection: CollectionIdentity
    queries: QueriesIdentity
    depth: int
    seed: int | None = None
    format: int
