"""/imagine: read the options, call the service, answer."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from cogs.choices import SAMPLER_CHOICES, Cfg, Choices, Count, Seed, Steps, as_choices
from cogs.completion import Completion
from cogs.imagine.form import ImagineForm
from cogs.interactions import member_of, place_of, target_of, thinking
from services.choices import parse_choices
from services.drafts import Draft, Drafts
from services.errors import UserError
from services.jobs import Origin
from services.presets import Presets
from services.presets.layers import Filled
from services.queue.generation import Admission, Generation
from services.requests import GenerationRequest
from services.stock import EmbeddingLimits


class Imagine(commands.Cog):
    """The command that everything is about."""

    def __init__(
        self,
        *,
        generation: Generation,
        completion: Completion,
        presets: Presets,
        drafts: Drafts,
        limits: EmbeddingLimits,
    ) -> None:
        self._generation = generation
        self._completion = completion
        self._presets = presets
        self._drafts = drafts
        self._limits = limits

    @app_commands.command()
    @app_commands.choices(sampler=SAMPLER_CHOICES)
    async def imagine(
        self,
        interaction: discord.Interaction,
        prompt: str,
        negative: str | None = None,
        model: str | None = None,
        embedding1: str | None = None,
        embedding2: str | None = None,
        embedding3: str | None = None,
        preset: str | None = None,
        cfg: Cfg | None = None,
        steps: Steps | None = None,
        size: str | None = None,
        seed: Seed | None = None,
        count: Count | None = None,
        sampler: str | None = None,
    ) -> None:
        """Draw a picture from words.

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
            size: Width x height in the model's pixels, or a shape: 2:3, portrait, landscape.
            seed: Repeats a picture exactly. Left out, or -1, it is random.
            count: How many pictures, 1 to 4.
            sampler: How noise is turned into a picture.
        """
        choices = tuple(
            choice for typed in (embedding1, embedding2, embedding3) for choice in parse_choices(typed or "")
        )
        request = GenerationRequest(
            prompt=prompt,
            negative=negative,
            model=model,
            embeddings=choices or None,
            cfg=cfg,
            steps=steps,
            size=size,
            seed=seed,
            count=count,
            sampler=sampler,
        )
        await self.draw(interaction, request, preset)

    async def open_empty_form(self, interaction: discord.Interaction, model: str | None, preset: str | None) -> None:
        """Open the form with what a preset says.

        Raises: UserError, as `open_form` does, and where this member can't ask for any picture.
        """
        filled = await self._fill_in(interaction, GenerationRequest(model=model), preset)
        fitting = self._completion.best_embeddings(interaction.guild_id, filled.request.model)
        await ImagineForm(self.draw, filled.request, preset, fitting, self._limits).open(interaction)

    async def open_form(self, interaction: discord.Interaction, request: GenerationRequest, settings: str) -> None:
        """Open the form with a request and its settings filled in.

        Raises: UserError, if a prompt is longer than a form can hold.
        """
        fitting = self._completion.best_embeddings(interaction.guild_id, request.model)
        form = ImagineForm(self.draw, request, None, fitting, self._limits, settings=settings, is_complete=True)
        await form.open(interaction)

    async def draw(self, interaction: discord.Interaction, request: GenerationRequest, preset: str | None) -> None:
        """Draw a request, or refuse it with a button that mends it.

        Raises: UserError.
        """
        try:
            await self._draw(interaction, await self._fill_in(interaction, request, preset))
        except UserError as refused:
            await self._drafts.keep(Draft(request, preset), refused, interaction.user.id)
            raise

    async def _fill_in(
        self, interaction: discord.Interaction, request: GenerationRequest, preset: str | None
    ) -> Filled:
        return await self._generation.fill_in(request, preset, place_of(interaction), member_of(interaction.user))

    async def _draw(self, interaction: discord.Interaction, filled: Filled) -> None:
        """Plan and store first, so that a refusal is private; then defer, and leave the reply to the delivery."""
        member = member_of(interaction.user)
        planned = await self._generation.plan(filled, place_of(interaction), member)
        origin = Origin.of_interaction(interaction.id)
        target = target_of(interaction, is_private=filled.is_private)
        acknowledge = thinking(interaction, is_private=filled.is_private)
        await self._generation.submit(planned, Admission(target, origin, member, acknowledge))

    @imagine.autocomplete("embedding1")
    @imagine.autocomplete("embedding2")
    @imagine.autocomplete("embedding3")
    async def _complete_embedding(self, interaction: discord.Interaction, typed: str) -> Choices:
        return self._completion.embedding(interaction, typed)

    @imagine.autocomplete("model")
    async def _complete_model(self, interaction: discord.Interaction, typed: str) -> Choices:
        return self._completion.model(interaction, typed)

    @imagine.autocomplete("size")
    async def _complete_size(self, interaction: discord.Interaction, typed: str) -> Choices:
        return self._completion.size(interaction, typed)

    @imagine.autocomplete("preset")
    async def _complete_preset(self, interaction: discord.Interaction, typed: str) -> Choices:
        return as_choices(self._presets.suggest(interaction.guild_id, typed))
