"""Options that several commands share, and autocomplete in Discord's form."""

from __future__ import annotations

from collections.abc import Iterable

import discord
from discord import app_commands

from cogs.text import MAX_OPTION
from services.parameters import MAX_COUNT, MAX_SEED, RANDOM_SEED
from services.planning.limits import MAX_CFG
from services.policy.policy import MAX_STEPS
from services.samplers import SAMPLERS
from services.suggestions.suggestion import Suggestion
from services.text import shorten

Choices = list[app_commands.Choice[str]]

#: Discord's client refuses other numbers; models and servers may have narrower bounds, which the planner knows
Cfg = app_commands.Range[float, 0.0, MAX_CFG]
Steps = app_commands.Range[int, 1, MAX_STEPS]
Seed = app_commands.Range[int, RANDOM_SEED, MAX_SEED]
Count = app_commands.Range[int, 1, MAX_COUNT]

EMBEDDING_OPTIONS = ("embedding1", "embedding2", "embedding3")
SAMPLER_CHOICES = [app_commands.Choice(name=title, value=sampler) for sampler, title in SAMPLERS.items()]


def as_choices(suggestions: Iterable[Suggestion]) -> Choices:
    return [app_commands.Choice(name=suggestion.name, value=suggestion.value) for suggestion in suggestions]


def name_choices(names: Iterable[str]) -> Choices:
    """Suggestions that are sent as they are shown; a name too long to be sent isn't suggested."""
    return [
        app_commands.Choice(name=shorten(name, MAX_OPTION), value=name) for name in names if len(name) <= MAX_OPTION
    ]


def picked_so_far(interaction: discord.Interaction) -> list[str]:
    """Embeddings in the other options of the same command, without the one being typed."""
    options = (interaction.data or {}).get("options", [])
    flat = [inner for option in options for inner in option.get("options", [option])]
    return [
        str(option.get("value", ""))
        for option in flat
        if option["name"].startswith("embedding") and not option.get("focused") and option.get("value")
    ]
