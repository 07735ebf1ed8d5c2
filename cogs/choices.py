"""Autocomplete answers in Discord's form."""

from __future__ import annotations

from collections.abc import Iterable

import discord
from discord import app_commands

from cogs.names import EMBEDDING_OPTIONS
from services.suggestions.autocomplete import Suggestion


def as_choices(suggestions: Iterable[Suggestion]) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=one.name, value=one.value) for one in suggestions]


def picked_so_far(interaction: discord.Interaction) -> list[str]:
    """Embeddings in the other options of the same command; the one being typed is not among them."""
    options = (interaction.data or {}).get("options", [])
    flat = [inner for option in options for inner in option.get("options", [option])]
    return [
        str(option.get("value", ""))
        for option in flat
        if option["name"] in EMBEDDING_OPTIONS and not option.get("focused") and option.get("value")
    ]
