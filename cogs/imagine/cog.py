"""/imagine: read the options, ask the service, answer."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from cogs.answers.buttons import target_of
from cogs.choices import as_choices, picked_so_far
from cogs.imagine.form import ImagineForm
from cogs.interactions import thinking
from services.planning.picks import EmbeddingLimits
from services.presets import Presets
from services.queue.generation import Generation
from services.requests import GenerationRequest
from services.samplers import SAMPLERS
from services.suggestions.autocomplete import Suggestions

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
        """Draw a picture from words. Without a prompt, typed or in a preset, a form opens.

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
            prompt=prompt,
            negative=negative,
            model=model,
            embeddings=named or None,
            cfg=cfg,
            steps=steps,
            size=size,
            seed=seed,
            count=count,
            sampler=sampler,
        )
        if prompt is None:
            await self._ask_for_prompt(interaction, request, preset)
        else:
            await self.draw(interaction, request, preset)

    async def draw(self, interaction: discord.Interaction, request: GenerationRequest, preset: str | None) -> None:
        """Plan and store first, so that a refusal is private; then defer, and leave the reply to the delivery."""
        planned = await self._generation.plan(
            request,
            preset=preset,
            guild_id=interaction.guild_id,
            channel_ids=channels_of(interaction),
            member_id=interaction.user.id,
        )
        await self._generation.submit(planned, target_of(interaction), thinking(interaction), origin=interaction.id)

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

    async def open_form(self, interaction: discord.Interaction, request: GenerationRequest, settings: str) -> None:
        """The form, filled with a request and its settings. Raises: UserError, if a prompt is longer than a form takes."""
        await interaction.response.send_modal(self._form(interaction, request, None, settings))

    async def _ask_for_prompt(
        self, interaction: discord.Interaction, request: GenerationRequest, preset: str | None
    ) -> None:
        """Open the form with what is typed and what the presets add, unless a preset has a prompt too."""
        filled = await self._presets.fill_in(request, preset, interaction.guild_id, channels_of(interaction))
        if filled.request.prompt is None:
            await interaction.response.send_modal(self._form(interaction, filled.request, preset))
        else:
            await self.draw(interaction, request, preset)

    def _form(
        self,
        interaction: discord.Interaction,
        request: GenerationRequest,
        preset: str | None,
        settings: str | None = None,
    ) -> ImagineForm:
        uses = self._generation.uses_in(interaction.guild_id)
        fitting = self._suggestions.embeddings("", model=request.model, uses=uses)
        return ImagineForm(self.draw, request, preset, fitting, self._limits, settings=settings)


def channels_of(interaction: discord.Interaction) -> list[int]:
    """Where a command was used: the channel; or the thread, and then its channel, whose defaults hold there too."""
    parent_id = getattr(interaction.channel, "parent_id", None)
    return [one for one in (interaction.channel_id, parent_id) if one is not None]
