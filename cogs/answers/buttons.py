"""Buttons under pictures and cards. Their state is the job's id in their custom id, so they outlive every restart."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Self

import discord
from discord.ext import commands

from cogs.deduplication import Once
from cogs.errors import answer_error
from cogs.interactions import thinking
from cogs.names import REROLL_EMOJI
from services.jobs import JobId, ReplyTarget
from services.queue.generation import Generation

#: two clicks of one member on one picture within this time are one
DOUBLE_CLICK = 1.5  # seconds
_TEMPLATE = r"(?P<action>reroll|again|delete|cancel):(?P<job>\d+)"
#: actions of the buttons that tell what a message is: pictures or why there are none; or a place in line
PICTURES, ANSWER, CARD = ("reroll",), ("reroll", "again"), ("cancel",)


class JobButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=_TEMPLATE):
    """One button of a job. What it does is the cog's; errors never stay silent."""

    def __init__(self, action: str, job_id: JobId, *, disabled: bool = False) -> None:
        label, emoji, style = _LOOKS[action]
        custom_id = f"{action}:{job_id}"
        super().__init__(
            discord.ui.Button(label=label, emoji=emoji, style=style, custom_id=custom_id, disabled=disabled)
        )
        self.action = action
        self.job_id = job_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        return cls(match["action"], JobId(int(match["job"])))

    async def callback(self, interaction: discord.Interaction) -> None:
        try:
            cog: Any = interaction.client.get_cog(Buttons.__cog_name__)  # pyright: ignore[reportAttributeAccessIssue]
            await cog.pressed(interaction, self.action, self.job_id)
        except Exception as error:  # discord.py would only log it
            await answer_error(interaction, error)


_LOOKS = {
    "reroll": ("Reroll", REROLL_EMOJI, discord.ButtonStyle.primary),
    "again": ("Try again", REROLL_EMOJI, discord.ButtonStyle.primary),
    "delete": ("Delete", "🗑️", discord.ButtonStyle.secondary),
    "cancel": ("Cancel", None, discord.ButtonStyle.secondary),
}


def result_view(job_id: JobId) -> discord.ui.View:
    """Under the pictures."""
    view = discord.ui.View(timeout=None)
    return view.add_item(JobButton("reroll", job_id)).add_item(JobButton("delete", job_id))


def failed_view(job_id: JobId) -> discord.ui.View:
    """Under the sentence that says why there are no pictures."""
    return discord.ui.View(timeout=None).add_item(JobButton("again", job_id))


def cancel_view(job_id: JobId, *, disabled: bool = False) -> discord.ui.View:
    """Under the place in line; once it is being drawn it is too late."""
    return discord.ui.View(timeout=None).add_item(JobButton("cancel", job_id, disabled=disabled))


def job_shown(message: discord.Message, actions: Collection[str] = PICTURES) -> JobId | None:
    """The job that a message belongs to, read off its buttons."""
    for row in message.components:
        for item in getattr(row, "children", ()):
            match = re.fullmatch(_TEMPLATE, getattr(item, "custom_id", None) or "")
            if match and match["action"] in actions:
                return JobId(int(match["job"]))
    return None


def target_of(interaction: discord.Interaction) -> ReplyTarget:
    """Where to answer this interaction, now and after its token has died."""
    return ReplyTarget(
        guild_id=interaction.guild_id,
        channel_id=interaction.channel_id or 0,
        member_id=interaction.user.id,
        application_id=interaction.application_id,
        interaction_token=interaction.token,
        upload_limit=interaction.filesize_limit,
    )


class Buttons(commands.Cog):
    """What the buttons do."""

    def __init__(self, *, client: commands.Bot, generation: Generation) -> None:
        self._client = client
        self._generation = generation
        self._clicks = Once(DOUBLE_CLICK)

    async def cog_load(self) -> None:
        self._client.add_dynamic_items(JobButton)

    async def cog_unload(self) -> None:
        self._client.remove_dynamic_items(JobButton)

    async def pressed(self, interaction: discord.Interaction, action: str, job_id: JobId) -> None:
        match action:
            case "reroll" | "again":
                await self._repeat(interaction, job_id, with_new_seed=action == "reroll")
            case "delete":
                await self._delete(interaction, job_id)
            case "cancel":
                await self._cancel(interaction, job_id)

    async def _repeat(self, interaction: discord.Interaction, job_id: JobId, *, with_new_seed: bool) -> None:
        if not self._clicks.is_first((interaction.user.id, job_id)):
            await interaction.response.defer()
            return
        job = await self._generation.job(job_id)
        planned = await self._generation.plan_reroll(job, interaction.user.id, with_new_seed=with_new_seed)
        await self._generation.submit(
            planned, target_of(interaction), thinking(interaction), origin=interaction.id, parent_id=job.id
        )

    async def _delete(self, interaction: discord.Interaction, job_id: JobId) -> None:
        is_moderator = interaction.permissions.manage_messages
        await self._generation.take_down(job_id, interaction.user.id, is_moderator=is_moderator)
        await interaction.response.defer()
        await interaction.delete_original_response()

    async def _cancel(self, interaction: discord.Interaction, job_id: JobId) -> None:
        is_moderator = interaction.permissions.manage_messages
        await self._generation.cancel(job_id, interaction.user.id, is_moderator=is_moderator)
        await interaction.response.defer()  # the card says it
