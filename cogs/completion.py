"""Autocomplete of what several commands ask for, as this server's members use and like it."""

from __future__ import annotations

import discord

from cogs.choices import Choices, as_choices, picked_so_far
from services.queue.generation import Generation
from services.suggestions.autocomplete import Suggestions
from services.suggestions.ranking import Habits
from services.suggestions.suggestion import Suggestion
from services.votes import Votes


class Completion:
    """Never does any I/O: Discord waits three seconds, and people less."""

    def __init__(self, *, suggestions: Suggestions, generation: Generation, votes: Votes) -> None:
        self._suggestions = suggestions
        self._generation = generation
        self._votes = votes

    def best_embeddings(self, guild_id: int | None, model: str | None) -> list[Suggestion]:
        """What fits a model, before anything is typed."""
        return self._suggestions.embeddings("", guild_id=guild_id, model=model, habits=self._habits(guild_id))

    def embedding(self, interaction: discord.Interaction, typed: str) -> Choices:
        """For an option beside others of its kind, in a command with an option for the model."""
        found = self._suggestions.embeddings(
            typed,
            guild_id=interaction.guild_id,
            model=interaction.namespace.model,
            picked=picked_so_far(interaction),
            habits=self._habits(interaction.guild_id),
        )
        return as_choices(found)

    def model(self, interaction: discord.Interaction, typed: str) -> Choices:
        """The models of the server."""
        return as_choices(self._suggestions.models(typed, interaction.guild_id))

    def size(self, interaction: discord.Interaction, typed: str) -> Choices:
        """Sizes of the model in the same command. Only three are offered, whatever is typed."""
        return as_choices(self._suggestions.sizes(interaction.namespace.model, interaction.guild_id))

    def _habits(self, guild_id: int | None) -> Habits:
        return Habits(self._generation.uses_in(guild_id), self._votes.standings(guild_id))
