"""What autocomplete offers, within Discord's limits."""

from __future__ import annotations

from dataclasses import dataclass

#: Discord shows no more
MAX_CHOICES = 25
MAX_CHOICE_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a member sees, and what is sent when they pick it."""

    name: str
    value: str
