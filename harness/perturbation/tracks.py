"""Robustness tracks of a suite: perturbations of its queries, which are run besides the unchanged ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from clir_harness.harness.code.code_version import code_digest
from clir_harness.harness.collections.base import Query, QuerySet
from clir_harness.harness.errors import MissingDataError, UnknownNameError, UsageError
from clir_harness.harness.identity import fingerprint, package_version
from clir_harness.harness.languages import canonical_tag, language_name
from clir_harness.harness.perturbation.lexicon import Lexicon, code_switch, read_lexicon
from clir_harness.harness.perturbation.noise import NOISES, Noise, noise_refusal
from clir_harness.harness.record import TrackRecord
from clir_harness.harness.record_identity import PerturbationIdentity

CODE_SWITCH = "code_switch"

Rate = Annotated[float, Field(gt=0, le=1)]


class Track(BaseModel):
    """One track of a suite: a kind of noise, or a lexicon to switch languages with, at some rates.

    Attributes:
        noise: kind of character noise.
        code_switch: file of a bilingual lexicon, relative to the data folder.
        language: of the lexicon's words, and of the queries that the track is for.
        rates: expected shares of letters, or of known phrases, that are affected: above 0, at most 1.

    >>> Track(noise="swap", rates=[0.1]).name
    'swap'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    noise: Noise | None = None
    code_switch: str = ""
    language: str = ""
    rates: tuple[Rate, ...] = Field(min_length=1)

    @field_validator("language")
    @classmethod
    def _is_known(cls, language: str) -> str:
        try:
            return canonical_tag(language) if language else ""
        except UnknownNameError as error:
            raise ValueError(error.message) from None

    @field_validator("rates")
    @classmethod
    def _are_different(cls, rates: tuple[float, ...]) -> tuple[float, ...]:
        if len(set(rates)) < len(rates):
            raise ValueError("the same rate occurs twice")
        return rates

    @model_validator(mode="after")
    def _is_one_kind(self) -> Track:
        if (self.noise is None) == (not self.code_switch):
            raise ValueError(f"a track needs `noise` ({', '.join(Noise)}) or `code_switch` (a lexicon), and not both")
        if bool(self.code_switch) != bool(self.language):
            raise ValueError("`language`, that of the lexicon's words, goes with `code_switch`")
        return self

    @property
    def name(self) -> str:
        """What the track does, as text for people."""
        return self.noise.value if self.noise else f"{CODE_SWITCH} {self.code_switch}"

    def lexicon_path(self, data: Path | None) -> Path:
        """Path of the lexicon.

        Args:
            data: folder that a relative path is relative to.

        Raises:
            MissingDataError: there is no such file; says where it was expected.
        """
        path = Path(self.code_switch)
        if not path.is_absolute() and data is None:
            raise MissingDataError(f"no lexicon {path}", hint=f"pass --data DIR with DIR/{path}")
        path = (data or Path()) / path
        if not path.is_file():
            raise MissingDataError(f"no lexicon {path}", hint="put it there, or leave out the track")
        return path.resolve()

    def perturbations(self, seed: int, data: Path | None) -> tuple[list[Perturbation], MissingDataError | None]:
        """One perturbation per rate, and the reason why they cannot be carried out when the lexicon does not exist.

        Args:
            seed: seed of the suite.
            data: folder that the lexicon's path is relative to.

        Returns:
            The perturbations, and the error or None.

        Raises:
            DataError: the lexicon is malformed; names file and line.
        """
        settings: dict[str, Any] = {"kind": self.noise or CODE_SWITCH, "seed": seed}
        missing = None
        if self.code_switch:
            settings |= {"lexicon": self.code_switch, "language": self.language}
            try:
                path = self.lexicon_path(data)
                settings |= {"path": path, "lexicon_digest": _digest(read_lexicon(path, self.language))}
            except MissingDataError as error:
                missing = error
        return [Perturbation(rate=rate, **settings) for rate in self.rates], missing


@dataclass(frozen=True, slots=True)
class Perturbed:
    """Queries after a perturbation.

    Attributes:
        queries: in the same order, with the same ids and language.
        changed: share of queries whose text has changed, 0 to 1.
        covered: share of the words that the lexicon knows, 0 to 1; None for noise.
    """

    queries: QuerySet
    changed: float
    covered: float | None


class Perturbation(BaseModel):
    """A track at one rate: everything another process needs to perturb queries in the same way.

    The change of a query depends on the seed, its id, the kind and the rate, not on other queries; what is affected
    at a rate is affected at every higher one.

    Attributes:
        kind: a kind of noise, or `code_switch`.
        rate: above 0, at most 1.
        seed: of the suite.
        lexicon: as the suite names it; empty for noise, as are the next three.
        path: where it is.
        language: of its words.
        lexicon_digest: of its content when the cell was planned.
    """

    model_config = ConfigDict(frozen=True)

    kind: str
    rate: Rate
    seed: int
    lexicon: str = ""
    path: Path | None = None
    language: str = ""
    lexicon_digest: str = ""

    @property
    def label(self) -> str:
        """Label for people: `swap 0.05`, `code_switch lexicon/sw-en.tsv 0.3`."""
        return self.record().label

    def identity(self) -> PerturbationIdentity:
        """Everything that can change the perturbed queries, besides the queries."""
        return PerturbationIdentity(
            kind=self.kind,
            rate=self.rate,
            seed=self.seed,
            language=self.language,
            lexicon=self.lexicon_digest,
            code=code_digest(Lexicon if self.kind == CODE_SWITCH else Noise),
            packages={"regex": package_version("regex")},
        )

    def refusal(self, queries: QuerySet) -> str | None:
        """Why it does not apply to these queries; None when it does."""
        if self.kind != CODE_SWITCH:
            return noise_refusal(Noise(self.kind), tuple(query.text for query in queries.queries))
        if queries.language.split("-")[0] != self.language.split("-")[0]:
            of, words = language_name(queries.language), language_name(self.language)
            return f"the queries are in {of}, the words of the lexicon in {words}"
        return None

    def apply(self, queries: QuerySet) -> Perturbed:
        """The queries, perturbed.

        Raises:
            UsageError: the lexicon is not the one that the cell was planned with.
            DataError: the lexicon can no longer be read.
        """
        lexicon = self._lexicon()
        after = tuple(Query(query.id, self._perturbed(query, lexicon)) for query in queries.queries)
        changed = sum(old.text != new.text for old, new in zip(queries.queries, after, strict=True))
        covered = lexicon.coverage(query.text for query in queries.queries) if lexicon else None
        return Perturbed(QuerySet(queries.language, after), changed / max(len(after), 1), covered)

    def _perturbed(self, query: Query, lexicon: Lexicon | None) -> str:
        random = Random(f"{self.seed}\t{self.kind}\t{query.id}")
        if lexicon:
            return code_switch(query.text, self.rate, random, lexicon)
        return NOISES[Noise(self.kind)](query.text, self.rate, random)

    def _lexicon(self) -> Lexicon | None:
        if self.path is None:
            return None
        lexicon = read_lexicon(self.path, self.language)
        if _digest(lexicon) != self.lexicon_digest:
            raise UsageError(f"the lexicon {self.path} has changed since this run was planned", hint="run again")
        return lexicon

    def record(self) -> TrackRecord:
        """Values stored with a cell."""
        return TrackRecord(kind=self.kind, rate=self.rate, seed=self.seed, lexicon=self.lexicon, language=self.language)


def _digest(lexicon: Lexicon) -> str:
    return fingerprint(sorted([*words, translation] for words, translation in lexicon.translations.items()))
