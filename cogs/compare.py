"""/compare: the same picture without negative embeddings, with each, and with all, side by side."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from cogs.choices import Cfg, Choices, Seed
from cogs.completion import Completion
from cogs.interactions import member_of, place_of, target_of, thinking
from services.choices import parse_choices
from services.drafts import Draft, Drafts, Grid
from services.errors import UserError
from services.jobs import Origin
from services.planning.comparing import Rows
from services.queue.generation import Admission, Generation
from services.requests import GenerationRequest

_ROWS = [
    app_commands.Choice(name="one row for each of several seeds", value=Rows.SEEDS.value),
    app_commands.Choice(name="one row for each of several CFG values", value=Rows.CFG.value),
]


class Compare(commands.Cog):
    """Shows what embeddings do instead of telling it."""

    def __init__(self, *, generation: Generation, completion: Completion, drafts: Drafts) -> None:
        self._generation = generation
        self._drafts = drafts
        self._completion = completion

    @app_commands.command()
    @app_commands.choices(rows=_ROWS)
    async def compare(
        self,
        interaction: discord.Interaction,
        prompt: str,
        embedding1: str | None = None,
        embedding2: str | None = None,
        embedding3: str | None = None,
        embedding4: str | None = None,
        model: str | None = None,
        rows: str | None = None,
        blind: bool = False,
        negative: str | None = None,
        cfg: Cfg | None = None,
        size: str | None = None,
        seed: Seed | None = None,
    ) -> None:
        """See what negative embeddings do: the same picture without, with each, and with all of them.

        Args:
            prompt: What to draw.
            embedding1: A negative embedding; EasyNegative:0.8 sets its strength. Left out: the model's best.
            embedding2: A second one, in a column of its own.
            embedding3: A third one, in a column of its own.
            embedding4: A fourth one, in a column of its own.
            model: The model that draws.
            rows: Draw several rows that differ in one thing.
            blind: Hide which column is which until the vote is over.
            negative: What every cell avoids, in words.
            cfg: How closely to follow both prompts; higher makes negatives stronger.
            size: Width x height in the model's pixels, or a shape: 2:3, portrait, landscape.
            seed: Repeats a comparison exactly. Left out, or -1, it is random.
        """
        typed = (embedding1, embedding2, embedding3, embedding4)
        choices = tuple(choice for text in typed for choice in parse_choices(text or ""))
        request = GenerationRequest(
            prompt=prompt,
            negative=negative,
            model=model,
            embeddings=choices or None,
            cfg=cfg,
            size=size,
            seed=seed,
        )
        await self.draw(interaction, request, Grid(Rows(rows) if rows else None, is_blind=blind))

    async def draw(self, interaction: discord.Interaction, request: GenerationRequest, grid: Grid) -> None:
        """Draw a grid, or refuse it with a button that mends it.

        Raises: UserError.
        """
        try:
            await self._draw(interaction, request, grid)
        except UserError as refused:
            await self._drafts.keep(Draft(request, grid=grid), refused, interaction.user.id)
            raise

    async def _draw(self, interaction: discord.Interaction, request: GenerationRequest, grid: Grid) -> None:
        place, member = place_of(interaction), member_of(interaction.user)
        filled = await self._generation.fill_in(request, None, place, member)
        planned = await self._generation.plan_comparison(filled, place, member, grid.rows, is_blind=grid.is_blind)
        origin = Origin.of_interaction(interaction.id)
        target = target_of(interaction, is_private=filled.is_private)
        acknowledge = thinking(interaction, is_private=filled.is_private)
        await self._generation.submit(planned, Admission(target, origin, member, acknowledge))

    @compare.autocomplete("embedding1")
    @compare.autocomplete("embedding2")
    @compare.autocomplete("embedding3")
    @compare.autocomplete("embedding4")
    async def _complete_embedding(self, interaction: discord.Interaction, typed: str) -> Choices:
        return self._completion.embedding(interaction, typed)

    @compare.autocomplete("model")
    async def _complete_model(self, interaction: discord.Interaction, typed: str) -> Choices:
        return self._completion.model(interaction, typed)

    @compare.autocomplete("size")
    async def _complete_size(self, interaction: discord.Interaction, typed: str) -> Choices:
        return self._completion.size(interaction, typed)
