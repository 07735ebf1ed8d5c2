"""The wish: what a member asks for, vague as it may be. A preset is a wish with a name."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

#: control characters and halves of surrogate pairs: no tokenizer reads them and no database stores them
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """Every field may be missing (None); whatever is missing is filled in when the plan is made."""

    prompt: str | None = None
    negative: str | None = None
    model: str | None = None
    #: names as the member wrote them, each perhaps with a strength: "EasyNegative:0.8"
    embeddings: tuple[str, ...] | None = None
    cfg: float | None = None
    steps: int | None = None
    size: str | None = None
    seed: int | None = None
    count: int | None = None
    sampler: str | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, _cleaned(getattr(self, field.name)))

    def over(self, lower: Self) -> Self:
        """This request, with what it leaves open taken from `lower`."""
        missing = {
            field.name: getattr(lower, field.name) for field in fields(self) if getattr(self, field.name) is None
        }
        return replace(self, **missing)

    def as_json(self) -> dict[str, Any]:
        """Only what is set."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
            if value is not None
        }

    @classmethod
    def from_json(cls, table: dict[str, Any]) -> Self:
        values = dict(table)
        if "embeddings" in values:
            values["embeddings"] = tuple(values["embeddings"])
        return cls(**values)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _NOT_TEXT.sub("", value)
    return tuple(_cleaned(one) for one in value) if isinstance(value, tuple) else value


#: stands for the whole server where a channel's id would stand
WHOLE_SERVER = 0


@dataclass(frozen=True, slots=True)
class Preset:
    """A named, saved, partial request of one server."""

    guild_id: int
    name: str
    request: GenerationRequest
    author_id: int
    uses: int = 0
    #: settings that whoever uses it cannot type over
    locked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of many: their names."""

    added: tuple[str, ...]
    replaced: tuple[str, ...]
    left: tuple[str, ...]
