"""What a sentence advises, in a form that a button can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Remedy:
    """A change of a request that mends what a refusal or a hint is about."""

    #: what the button says, in at most 80 characters
    label: str
    #: the settings that it replaces, as `GenerationRequest.as_json` writes them
    change: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def as_json(self) -> dict[str, Any]:
        return {"label": self.label, "change": dict(self.change)}

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> Self:
        return cls(table["label"], table["change"])


@dataclass(frozen=True, slots=True)
class Hint:
    """One sentence under pictures, and what can be done about it."""

    text: str
    remedy: Remedy | None = None
