"""Votes under comparisons: a button for each column, and one that shows the names of a blind comparison."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

import discord
from discord.ext import commands

from cogs.answers.buttons import Action, JobButton, add_about, is_ours
from cogs.answers.reading import comparison_of, describe_revealed
from cogs.components import PersistentButton
from cogs.interactions import target_of
from services.comparison import Comparison
from services.errors import NotAllowed, UserError
from services.jobs import Job, JobId
from services.queue.generation import Generation
from services.text import shorten
from services.votes import Votes

#: Discord's limit, less the count
_MAX_LABEL = 60  # characters
_PER_ROW = 5


class VoteButton(PersistentButton, template=r"vote:(?P<job>\d+):(?P<column>\d+)"):
    """A vote for one column, counted from 0."""

    command = "compare"

    def __init__(self, job_id: JobId, column: int, label: str = "", votes: int = 0) -> None:
        count = f" · {votes}" if votes else ""
        text = f"{shorten(label, _MAX_LABEL)}{count}"
        button = discord.ui.Button[Any](label=text, custom_id=f"vote:{job_id}:{column}", row=column // _PER_ROW)
        super().__init__(button)
        self.job_id = job_id
        self.column = column

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        return cls(JobId(int(match["job"])), int(match["column"]))

    async def press(self, interaction: discord.Interaction) -> None:
        await _voting_of(interaction).vote(interaction, self.job_id, self.column)


class NamesButton(PersistentButton, template=r"names:(?P<job>\d+)"):
    """Ends a blind vote."""

    command = "compare"

    def __init__(self, job_id: JobId) -> None:
        super().__init__(discord.ui.Button(label="Show the names", custom_id=f"names:{job_id}", row=2))
        self.job_id = job_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        return cls(JobId(int(match["job"])))

    async def press(self, interaction: discord.Interaction) -> None:
        await _voting_of(interaction).show_names(interaction, self.job_id)


def comparison_view(job: Job, comparison: Comparison, votes: Mapping[int, int]) -> discord.ui.View:
    """The buttons under a job's comparison as it is now; `votes` counts those of each column."""
    view = discord.ui.View(timeout=None)
    for column, label in enumerate(comparison.shown_labels):
        view.add_item(VoteButton(job.id, column, label, votes.get(column, 0)))
    if comparison.is_blind:
        view.add_item(NamesButton(job.id))
    return add_about(view.add_item(JobButton(Action.REROLL, job.id, row=2)), job, row=2)


class Voting(commands.Cog):
    """What the buttons under comparisons do."""

    def __init__(self, *, client: commands.Bot, generation: Generation, votes: Votes) -> None:
        self._client = client
        self._generation = generation
        self._votes = votes

    async def cog_load(self) -> None:
        self._client.add_dynamic_items(VoteButton, NamesButton)

    async def cog_unload(self) -> None:
        self._client.remove_dynamic_items(VoteButton, NamesButton)

    async def vote(self, interaction: discord.Interaction, job_id: JobId, column: int) -> None:
        """Count a vote, in place of an earlier one, and show how many there are."""
        job = await self._job(interaction, job_id)
        votes = await self._votes.cast(job, interaction.user.id, column)
        view = comparison_view(job, comparison_of(job.parameters), votes)
        await interaction.response.edit_message(view=view)

    async def show_names(self, interaction: discord.Interaction, job_id: JobId) -> None:
        """Say which letter is which, for good."""
        job = await self._job(interaction, job_id)
        if job.target.member_id != interaction.user.id and not interaction.permissions.manage_messages:
            raise NotAllowed("Only the member who asked for this comparison, or a moderator, can show the names.")
        votes = await self._votes.close(job)
        plan = job.parameters
        named = replace(comparison_of(plan), is_blind=False)
        embed = interaction.message.embeds[0] if interaction.message else discord.Embed()
        embed.description = describe_revealed(plan)
        await interaction.response.edit_message(embed=embed, view=comparison_view(job, named, votes))

    async def _job(self, interaction: discord.Interaction, job_id: JobId) -> Job:
        if not is_ours(interaction.message, self._client):
            raise UserError("That button isn't mine.")
        job = await self._generation.job(job_id, target_of(interaction))
        if job.parameters.comparison is None:
            raise UserError("That picture isn't a comparison.")
        return job


def _voting_of(interaction: discord.Interaction) -> Voting:
    assert isinstance(interaction.client, commands.Bot)
    cog = interaction.client.get_cog(Voting.__cog_name__)
    assert isinstance(cog, Voting)
    return cog
