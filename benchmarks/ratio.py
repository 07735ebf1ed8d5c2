"""A measured ratio and its target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Ratio:
    """A figure without units; `detail` says in a few words what was divided by what."""

    name: str
    value: float
    target: float
    should_be: Literal["at most", "at least"]
    detail: str

    @property
    def is_met(self) -> bool:
        return self.value <= self.target if self.should_be == "at most" else self.value >= self.target
