"""The form of Vary: which picture, how much it may change, and how many."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import discord

from cogs.components import Form
from services.text import plural

#: from barely to clearly; beyond half of the way it is more another picture than the same
STRENGTHS = {"0.05": "hardly", "0.1": "a little", "0.2": "somewhat", "0.35": "clearly", "0.5": "a lot"}
_USUAL = "0.2"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was chosen; `index` counts the job's pictures from 0."""

    index: int
    strength: float
    count: int


Vary = Callable[[discord.Interaction, Wanted], Awaitable[None]]


class VaryForm(Form, title="Variations"):
    """Asks which of several pictures is meant only if there are several."""

    command = "imagine"

    def __init__(self, vary: Vary, pictures: int, most: int) -> None:
        super().__init__()
        self._vary = vary
        self.picture = _select([(str(number), f"picture {number + 1}") for number in range(pictures)], "0")
        self.strength = _select([(value, f"{name} ({value})") for value, name in STRENGTHS.items()], _USUAL)
        counts = [(str(count), plural(count, "picture")) for count in range(1, most + 1)]
        self.count = _select(counts, str(min(2, most)))
        if pictures > 1:
            self.add_item(discord.ui.Label(text="Vary", component=self.picture))
        self.add_item(discord.ui.Label(text="How much may it change?", component=self.strength))
        self.add_item(discord.ui.Label(text="How many", component=self.count))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        index = int(self.picture.values[0]) if self.picture.values else 0
        await self._vary(interaction, Wanted(index, float(self.strength.values[0]), int(self.count.values[0])))


def _select(choices: list[tuple[str, str]], chosen: str) -> discord.ui.Select[Any]:
    options = [discord.SelectOption(label=label, value=value, default=value == chosen) for value, label in choices]
    return discord.ui.Select(options=options)
