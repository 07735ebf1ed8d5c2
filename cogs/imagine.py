"""/imagine: read the options, ask the service, answer."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.buttons import target_of
from cogs.choices import as_choices, picked_so_far
from cogs.errors import answer_error
from services.generation import Generation
from services.picking import EmbeddingLimits
from services.presets import Presets
from services.requests import GenerationRequest
from services.samplers import SAMPLERS
from services.suggestions import Suggestion, Suggestions

SAMPLER_CHOICES = [app_commands.Choice(name=title, value=sampler) for sampler, title in SAMPLERS.items()]


class Imagine(commands.Cog):
    """The command that everything is about."""

    def __init__(
        self, *, generation: Generation, suggestions: Suggestions, presets: Presets, limits: EmbeddingLimits
    ) -> None:
        self._generation = generation
        self._suggestions = suggestions
        self._presets = presets
        self._limits = limits

    @app_commands.command()
    @app_commands.choices(sampler=SAMPLER_CHOICES)
    async def imagine(
        self,
        interaction: discord.Interaction,
        prompt: str | None = None,
        negative: str | None = None,
        model: str | None = None,
        embedding1: str | None = None,
        embedding2: str | None = None,
        embedding3: str | None = None,
        preset: str | None = None,
        cfg: float | None = None,
        steps: int | None = None,
        size: str | None = None,
        seed: int | None = None,
        count: int | None = None,
        sampler: str | None = None,
    ) -> None:
        """Draw a picture from words. Without a prompt a form opens.

        Args:
            prompt: What to draw.
            negative: What to avoid, in 3 to 5 words.
            model: The model that draws.
            embedding1: A negative embedding that fits the model; EasyNegative:0.8 sets its strength.
            embedding2: A second negative embedding.
            embedding3: A third negative embedding.
            preset: A saved combination of this server.
            cfg: How closely to follow both prompts; higher makes negatives stronger.
            steps: Denoising steps; more is slower and finer.
            size: Width x height in the model's pixels.
            seed: Repeats a picture exactly. Leave it out for a new one.
            count: How many pictures, 1 to 4.
            sampler: The way from noise to picture.
        """
        named = tuple(name for name in (embedding1, embedding2, embedding3) if name)
        request = GenerationRequest(
            prompt=prompt, negative=negative, model=model, embeddings=named or None, cfg=cfg, steps=steps, size=size,
            seed=seed, count=count, sampler=sampler,
        )  # fmt: skip
        if prompt is None:
            await interaction.response.send_modal(self._form(interaction, request, preset))
        else:
            await self.draw(interaction, request, preset)

    async def draw(self, interaction: discord.Interaction, request: GenerationRequest, preset: str | None) -> None:
        """Plan first, so that a refusal is private; then defer, and leave the reply to the delivery."""
        planned = await self._generation.plan(
            request,
            preset=preset,
            guild_id=interaction.guild_id,
            channel_id=interaction.channel_id or 0,
            member_id=interaction.user.id,
        )
        deferred = await interaction.response.defer(thinking=True)
        await self._generation.submit(planned, target_of(interaction, deferred.message_id if deferred else None))

    @imagine.autocomplete("embedding1")
    @imagine.autocomplete("embedding2")
    @imagine.autocomplete("embedding3")
    async def _complete_embedding(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return as_choices(
            self._suggestions.embeddings(
                typed,
                model=interaction.namespace.model,
                picked=picked_so_far(interaction),
                uses=self._generation.uses_in(interaction.guild_id),
            )
        )

    @imagine.autocomplete("model")
    async def _complete_model(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return as_choices(self._suggestions.models(typed))

    @imagine.autocomplete("size")
    async def _complete_size(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return as_choices(self._suggestions.sizes(interaction.namespace.model))

    @imagine.autocomplete("preset")
    async def _complete_preset(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return as_choices(self._presets.suggest(interaction.guild_id, typed))

    def _form(self, interaction: discord.Interaction, request: GenerationRequest, preset: str | None) -> ImagineForm:
        fitting = self._suggestions.embeddings(
            "", model=request.model, uses=self._generation.uses_in(interaction.guild_id)
        )
        return ImagineForm(self, request, preset, fitting, self._limits)


class ImagineForm(discord.ui.Modal, title="What shall I draw?"):
    """The form for whoever calls /imagine without a prompt."""

    def __init__(
        self,
        cog: Imagine,
        request: GenerationRequest,
        preset: str | None,
        fitting: list[Suggestion],
        limits: EmbeddingLimits,
    ) -> None:
        super().__init__()
        self._cog, self._request, self._preset = cog, request, preset
        self.prompt: discord.ui.TextInput[Any] = discord.ui.TextInput(
            style=discord.TextStyle.paragraph, max_length=4000, placeholder="a red fish in the sea"
        )
        self.negative: discord.ui.TextInput[Any] = discord.ui.TextInput(
            required=False, max_length=4000, default=request.negative, placeholder="blurry, low quality"
        )
        self.add_item(discord.ui.Label(text="Prompt", component=self.prompt))
        self.add_item(discord.ui.Label(text="Negative prompt", description="3 to 5 words", component=self.negative))
        self.embeddings: discord.ui.Select[Any] | None = self._select(fitting, limits) if fitting else None
        if self.embeddings is not None:
            how_many = f"{limits.minimum} to {limits.maximum}, the best first"
            self.add_item(discord.ui.Label(text="Negative embeddings", description=how_many, component=self.embeddings))

    def _select(self, fitting: list[Suggestion], limits: EmbeddingLimits) -> discord.ui.Select[Any]:
        chosen = {name.partition(":")[0].casefold() for name in self._request.embeddings or ()}
        options = [
            discord.SelectOption(
                label=one.value[:100],
                value=one.value,
                description=one.name.partition(" · ")[2][:100] or None,
                default=one.value.casefold() in chosen or (not chosen and number == 0),
            )
            for number, one in enumerate(fitting)
        ]
        most = min(limits.maximum, len(options))
        return discord.ui.Select(options=options, min_values=min(limits.minimum, most), max_values=most)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        named = tuple(self.embeddings.values) if self.embeddings is not None else None
        filled = GenerationRequest(
            prompt=self.prompt.value, negative=self.negative.value or None, embeddings=named or None
        )
        await self._cog.draw(interaction, filled.over(self._request), self._preset)

    async def on_error(self, interaction: discord.Interaction, error: Exception) -> None:
        await answer_error(interaction, error)
