"""The buttons under a picture that change it or tell about it."""

from __future__ import annotations

import discord
from discord.ext import commands

from cogs.answers.buttons import Action, Buttons
from cogs.imagine.cog import Imagine
from cogs.interactions import member_of, place_of
from cogs.picture.details import details_card
from cogs.picture.variations import VaryForm, Wanted
from services.errors import UserError
from services.infotext.identifier import Identifier
from services.jobs import Job
from services.queue.generation import Generation
from services.stock import Stocks


class Pictures(commands.Cog):
    """Anybody may use them; what comes of it is their own request."""

    def __init__(
        self, *, buttons: Buttons, identifier: Identifier, imagine: Imagine, generation: Generation, stocks: Stocks
    ) -> None:
        self._buttons = buttons
        self._identifier = identifier
        self._imagine = imagine
        self._generation = generation
        self._stocks = stocks

    async def cog_load(self) -> None:
        self._buttons.offer(Action.EDIT, self.edit)
        self._buttons.offer(Action.VARY, self.vary)
        self._buttons.offer(Action.DETAILS, self.show_details)

    async def edit(self, interaction: discord.Interaction, job: Job) -> None:
        """Open the form with everything that made a picture."""
        text = self._text_of(job)
        found = await self._identifier.run(
            self._identifier.again, text, job.parameters.checkpoint, interaction.guild_id
        )
        await self._imagine.open_form(interaction, found.request, found.settings)

    async def vary(self, interaction: discord.Interaction, job: Job) -> None:
        """Ask how, and draw pictures like one that is there."""

        async def draw(submitted: discord.Interaction, wanted: Wanted) -> None:
            place, member = place_of(submitted), member_of(submitted.user)
            planned = await self._generation.plan_variations(
                job, place, member, wanted.index, wanted.strength, wanted.count
            )
            await self._buttons.submit(submitted, planned, job)

        most = self._stocks.of(interaction.guild_id).max_count
        await VaryForm(draw, job.parameters.count, most).open(interaction)

    async def show_details(self, interaction: discord.Interaction, job: Job) -> None:
        """Answer privately with all there is to know about a picture."""
        model = self._stocks.shared.shelf.title_of(job.parameters.checkpoint)
        card = details_card(job, model, self._text_of(job))
        await interaction.response.send_message(embed=card, ephemeral=True)

    def _text_of(self, job: Job) -> str:
        if job.is_forgotten:
            raise UserError(
                'That picture is so old that I no longer keep its prompt; try "Identify picture" in its menu.'
            )
        return self._identifier.describe(job.parameters)
