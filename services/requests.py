"""What a member asks for, however vaguely, and a preset, which is a request with a name."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import Any, Self, cast

from services.choices import EmbeddingChoice

#: control characters and lone surrogates: no tokenizer reads them and PostgreSQL refuses to store them
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """A wish. Every field may be None; planning fills in what is missing."""

    prompt: str | None = None
    negative: str | None = None
    model: str | None = None
    embeddings: tuple[EmbeddingChoice, ...] | None = None
    cfg: float | None = None
    steps: int | None = None
    size: str | None = None
    seed: int | None = None
    count: int | None = None
    sampler: str | None = None
    variation_seed: int | None = None
    variation_strength: float | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, _cleaned(getattr(self, field.name)))

    def over(self, lower: Self) -> Self:
        """This request, with the fields it leaves open taken from `lower`."""
        missing = {
            field.name: getattr(lower, field.name) for field in fields(self) if getattr(self, field.name) is None
        }
        return replace(self, **missing)

    def as_json(self) -> dict[str, Any]:
        """Only what is set; embeddings as members write them."""
        table = {field.name: getattr(self, field.name) for field in fields(self)}
        if self.embeddings is not None:
            table["embeddings"] = [str(choice) for choice in self.embeddings]
        return {key: value for key, value in table.items() if value is not None}

    @classmethod
    def from_json(cls, table: dict[str, Any]) -> Self:
        values = dict(table)
        if "embeddings" in values:
            values["embeddings"] = tuple(EmbeddingChoice.from_text(text) for text in values["embeddings"])
        return cls(**values)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _NOT_TEXT.sub("", value)
    if isinstance(value, EmbeddingChoice):
        return replace(value, name=_NOT_TEXT.sub("", value.name))
    if isinstance(value, tuple):
        return tuple(_cleaned(item) for item in cast("tuple[Any, ...]", value))
    return value


@dataclass(frozen=True, slots=True)
class MemberDefaults:
    """What a member wants where neither they nor a preset say otherwise."""

    request: GenerationRequest = GenerationRequest()
    #: whether their pictures are shown to them alone
    is_private: bool = False


#: in place of a channel's id: the whole server
WHOLE_SERVER = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request was made; ids are Discord's."""

    guild_id: int | None
    #: the channel; for a thread, the thread and then its channel, whose defaults apply there too
    channel_ids: tuple[int, ...] = ()
    #: whether Discord lets only adults see it; direct messages never count as such
    is_age_restricted: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """Who asks; ids are Discord's."""

    id: int
    #: in the server where they ask
    roles: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Preset:
    """A named, saved, partial request of one server."""

    guild_id: int
    name: str
    request: GenerationRequest
    author_id: int
    uses: int = 0
    #: settings that members cannot override
    locked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Saved:
    """The names of the presets in a file, by what happened to them."""

    added: tuple[str, ...]
    replaced: tuple[str, ...]
    kept: tuple[str, ...]

    @property
    def stored(self) -> set[str]:
        """The names that were written, without regard to case."""
        return {name.casefold() for name in (*self.added, *self.replaced)}
