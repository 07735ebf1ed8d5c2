"""The settings of a server, and of the whole bot, as they are stored, exported and imported."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError

from embeddings.names import name_key
from embeddings.problems import first_error
from services.errors import UserError
from services.policy.blocklist import MAX_TERMS, checked_term, unique_terms
from services.policy.safety import DEFAULT_THRESHOLD, Safety

MAX_NAMES = 100
MAX_LISTED = 1000
MAX_ANNOUNCEMENT = 300  # characters
#: the largest that any server may set, whatever its models take
MAX_SIDE, MAX_STEPS, MAX_COUNT, MAX_WAITS, MAX_PER_HOUR = 8192, 500, 4, 100, 10_000
MAX_HEARTS = 1000


def _whole_number(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 21 else value


def _term(value: str) -> str:
    try:
        return checked_term(value)
    except UserError as error:
        raise ValueError(str(error)) from error


#: text in JSON, since ids are larger than the numbers that JavaScript can tell apart
Snowflake = Annotated[
    int, BeforeValidator(_whole_number), Field(gt=0, lt=2**63), PlainSerializer(str, when_used="json")
]
Snowflakes = Annotated[tuple[Snowflake, ...], Field(max_length=MAX_LISTED)]
Names = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=80)], ...], Field(max_length=MAX_NAMES)]
TermList = Annotated[
    tuple[Annotated[str, AfterValidator(_term)], ...], Field(max_length=MAX_TERMS), AfterValidator(unique_terms)
]


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def from_file(cls, data: bytes) -> Self:
        """Read what `as_file` wrote.

        Raises: UserError, saying what is wrong with it.
        """
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            raise UserError(f"That isn't a file of these settings: {first_error(error)}") from error

    def as_file(self) -> bytes:
        """JSON for people."""
        return self.model_dump_json(indent=1).encode()


class Selection(_Stored):
    """Which models or embeddings may be used; an empty `allowed` means all that aren't blocked."""

    allowed: Names = ()
    blocked: Names = ()

    @property
    def is_open(self) -> bool:
        """Whether everything may be used."""
        return not (self.allowed or self.blocked)

    def permits(self, names: Iterable[str]) -> bool:
        """Whether a thing with these names may be used."""
        keys = set(map(name_key, names))
        if keys & set(map(name_key, self.blocked)):
            return False
        return not self.allowed or bool(keys & set(map(name_key, self.allowed)))


class BlockedTerms(_Stored):
    """Words and phrases that may not be in a prompt or, apart from those, in a negative prompt."""

    prompt: TermList = ()
    negative: TermList = ()

    def with_terms(self, where: str, terms: Iterable[str]) -> Self:
        """The same with more terms in the field called `where`."""
        return self.model_copy(update={where: unique_terms((*getattr(self, where), *terms))})

    def without_term(self, where: str, term: str) -> Self:
        """The same without a term in the field called `where`."""
        return self.model_copy(update={where: tuple(known for known in getattr(self, where) if known != term)})


class RoleLimits(_Stored):
    """What members with a role may ask for; None leaves it as it is for everybody."""

    role: Snowflake
    waits: int | None = Field(default=None, ge=1, le=MAX_WAITS)
    per_hour: int | None = Field(default=None, ge=1, le=MAX_PER_HOUR)


class Policy(_Stored):
    """What the owner of a server decided; an empty one leaves everything as the operator set it. Ids are Discord's."""

    #: where pictures are made, threads in them included; none means everywhere
    channels: Snowflakes = ()
    #: the channel where pictures go that enough members keep; none means that there is no gallery
    gallery: Snowflake | None = None
    gallery_hearts: int = Field(default=3, ge=1, le=MAX_HEARTS)
    #: whether pictures are made in age-restricted channels alone
    age_restricted: bool = False
    #: pictures with a score of the classifier from `safety_threshold` on are hidden, or not posted
    safety: Safety = Safety.OFF
    safety_threshold: float = Field(default=DEFAULT_THRESHOLD, ge=0, le=1)
    models: Selection = Selection()
    embeddings: Selection = Selection()
    #: pixels, as members give sizes
    max_side: int | None = Field(default=None, ge=8, le=MAX_SIDE)
    max_steps: int | None = Field(default=None, ge=1, le=MAX_STEPS)
    max_count: int | None = Field(default=None, ge=1, le=MAX_COUNT)
    #: requests of one member in line, and in an hour
    waits: int | None = Field(default=None, ge=1, le=MAX_WAITS)
    per_hour: int | None = Field(default=None, ge=1, le=MAX_PER_HOUR)
    role_limits: Annotated[tuple[RoleLimits, ...], Field(max_length=MAX_LISTED)] = ()
    #: roles whose members may install embeddings, beside those with Manage Server
    installers: Snowflakes = ()
    blocked: BlockedTerms = BlockedTerms()

    def waits_of(self, roles: Collection[int]) -> int | None:
        """Requests that a member with these roles may have in line; the most generous of the roles counts."""
        return max((limits.waits for limits in self._of(roles) if limits.waits), default=self.waits)

    def per_hour_of(self, roles: Collection[int]) -> int | None:
        """The same, in an hour."""
        return max((limits.per_hour for limits in self._of(roles) if limits.per_hour), default=self.per_hour)

    def with_limits(self, limits: RoleLimits) -> Self:
        """The same with a role's limits replaced; limits that are all None are taken out."""
        others = (known for known in self.role_limits if known.role != limits.role)
        new = () if limits.waits is None and limits.per_hour is None else (limits,)
        return self.model_copy(update={"role_limits": (*others, *new)})

    def _of(self, roles: Collection[int]) -> list[RoleLimits]:
        return [limits for limits in self.role_limits if limits.role in roles]


class BotPolicy(_Stored):
    """What the operators decided for every server. Ids are Discord's."""

    servers: Snowflakes = ()
    members: Snowflakes = ()
    #: no new request is taken; those in line are still drawn
    paused: bool = False
    #: shown under results, and with the pause
    announcement: str = Field(default="", max_length=MAX_ANNOUNCEMENT)
    blocked: BlockedTerms = BlockedTerms()


#: where nobody has decided anything
NO_POLICY, NO_BOT_POLICY = Policy(), BotPolicy()
