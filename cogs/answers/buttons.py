"""Buttons under pictures and cards. Their state is the job's id in their custom id, so they survive every restart."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from enum import Enum, StrEnum
from typing import Any, NamedTuple, Self

import discord
from discord.ext import commands

from cogs.components import PersistentButton
from cogs.deduplication import RecentlySeen
from cogs.interactions import member_of, place_of, target_of, thinking
from cogs.names import REROLL_EMOJI
from services.errors import UserError
from services.jobs import Job, JobId, Origin
from services.planning.planner import Planned
from services.queue.generation import Admission, Generation

#: two clicks of a member on the same button within this time are one
DOUBLE_CLICK = 1.5  # seconds
_TEMPLATE = r"(?P<action>reroll|again|vary|edit|compare|mend|details|delete|cancel):(?P<job>\d+)"


class Action(StrEnum):
    """What a button does; part of its custom id."""

    REROLL = "reroll"
    TRY_AGAIN = "again"
    VARY = "vary"
    EDIT = "edit"
    COMPARE = "compare"
    #: does what the hint advises
    MEND = "mend"
    DETAILS = "details"
    DELETE = "delete"
    CANCEL = "cancel"


class Shown(Enum):
    """What a message shows of a job, told by the buttons it has one of."""

    PICTURES = (Action.REROLL,)
    #: the pictures, or the sentence why there are none
    ANSWER = (Action.REROLL, Action.TRY_AGAIN)
    #: the place in line or the progress
    CARD = (Action.CANCEL,)


class _Look(NamedTuple):
    label: str
    emoji: str | None
    style: discord.ButtonStyle


_LOOKS = {
    Action.REROLL: _Look("Reroll", REROLL_EMOJI, discord.ButtonStyle.primary),
    Action.TRY_AGAIN: _Look("Try again", REROLL_EMOJI, discord.ButtonStyle.primary),
    Action.VARY: _Look("Vary", "🎲", discord.ButtonStyle.secondary),
    Action.EDIT: _Look("Edit", "✏️", discord.ButtonStyle.secondary),
    Action.COMPARE: _Look("Compare", "⚖️", discord.ButtonStyle.secondary),
    Action.MEND: _Look("Do that", "💡", discord.ButtonStyle.secondary),
    Action.DETAILS: _Look("Details", "🔎", discord.ButtonStyle.secondary),
    Action.DELETE: _Look("Delete", "🗑️", discord.ButtonStyle.secondary),
    Action.CANCEL: _Look("Cancel", None, discord.ButtonStyle.secondary),
}


#: whoever may no longer draw may still take back what is theirs
_DRAWING = (Action.REROLL, Action.TRY_AGAIN, Action.VARY, Action.EDIT, Action.MEND)
_COMMANDS = {**dict.fromkeys(_DRAWING, "imagine"), Action.COMPARE: "compare"}
#: what another cog does with a button of a job
Handler = Callable[[discord.Interaction, Job], Awaitable[None]]


class JobButton(PersistentButton, template=_TEMPLATE):
    """A button of a job; the cog does what it is for."""

    def __init__(
        self, action: Action, job_id: JobId, *, label: str = "", disabled: bool = False, row: int | None = None
    ) -> None:
        look = _LOOKS[action]._replace(label=label) if label else _LOOKS[action]
        custom_id = f"{action}:{job_id}"
        super().__init__(discord.ui.Button(**look._asdict(), custom_id=custom_id, disabled=disabled, row=row))
        self.command = _COMMANDS.get(action)
        self.action = action
        self.job_id = job_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        return cls(Action(match["action"]), JobId(int(match["job"])))

    async def press(self, interaction: discord.Interaction) -> None:
        assert isinstance(interaction.client, commands.Bot)
        cog = interaction.client.get_cog(Buttons.__cog_name__)
        assert isinstance(cog, Buttons)
        await cog.press(interaction, self.action, self.job_id)


def result_view(job: Job) -> discord.ui.View:
    """The buttons under pictures: what makes another one, then what is about this one."""
    view = discord.ui.View(timeout=None)
    compare = [Action.COMPARE] if job.parameters.embeddings else []
    for action in (Action.REROLL, Action.VARY, Action.EDIT, *compare):
        view.add_item(JobButton(action, job.id, row=0))
    return add_about(view, job, row=1)


def add_about(view: discord.ui.View, job: Job, row: int) -> discord.ui.View:
    """Add the button of the hint, and what is about the pictures themselves."""
    if job.hints and (remedy := job.hints[0].remedy) is not None:
        view.add_item(JobButton(Action.MEND, job.id, label=remedy.label, row=row))
    for action in (Action.DETAILS, Action.DELETE):
        view.add_item(JobButton(action, job.id, row=row))
    return view


def failed_view(job_id: JobId) -> discord.ui.View:
    """The button under the sentence that says why there are no pictures."""
    return discord.ui.View(timeout=None).add_item(JobButton(Action.TRY_AGAIN, job_id))


def cancel_view(job_id: JobId, *, disabled: bool = False) -> discord.ui.View:
    """The button under the place in line, disabled once the job is being drawn."""
    return discord.ui.View(timeout=None).add_item(JobButton(Action.CANCEL, job_id, disabled=disabled))


def job_shown(message: discord.Message, shown: Shown = Shown.PICTURES) -> JobId | None:
    """The job of which a message shows this, read from its buttons."""
    for row in message.components:
        for item in getattr(row, "children", ()):
            match = re.fullmatch(_TEMPLATE, getattr(item, "custom_id", None) or "")
            if match and match["action"] in shown.value:
                return JobId(int(match["job"]))
    return None


def is_ours(message: discord.Message | None, client: discord.Client) -> bool:
    """Whether this bot wrote the message: a webhook's or another bot's may carry the same custom ids."""
    return message is not None and client.user is not None and message.author.id == client.user.id


class Buttons(commands.Cog):
    """What the buttons do."""

    def __init__(self, *, client: commands.Bot, generation: Generation) -> None:
        self._client = client
        self._generation = generation
        self._clicks = RecentlySeen(DOUBLE_CLICK)
        self._handlers: dict[Action, Handler] = {}

    async def cog_load(self) -> None:
        self._client.add_dynamic_items(JobButton)

    async def cog_unload(self) -> None:
        self._client.remove_dynamic_items(JobButton)

    def offer(self, action: Action, handler: Handler) -> None:
        """Let another cog do what a button is for."""
        self._handlers[action] = handler

    async def press(self, interaction: discord.Interaction, action: Action, job_id: JobId) -> None:
        if not is_ours(interaction.message, self._client):
            raise UserError("That button isn't mine.")
        match action:
            case Action.REROLL | Action.TRY_AGAIN:
                await self._repeat(interaction, job_id, with_new_seed=action is Action.REROLL)
            case Action.COMPARE:
                await self._compare(interaction, job_id)
            case Action.DELETE:
                await self._delete(interaction, job_id)
            case Action.CANCEL:
                await self._cancel(interaction, job_id)
            case Action.MEND:
                await self._mend(interaction, job_id)
            case _:
                await self._handlers[action](interaction, await self._generation.job(job_id, target_of(interaction)))

    async def _repeat(self, interaction: discord.Interaction, job_id: JobId, *, with_new_seed: bool) -> None:
        place, member = place_of(interaction), member_of(interaction.user)
        if (job := await self._first_click(interaction, job_id)) is not None:
            planned = await self._generation.plan_reroll(job, place, member, with_new_seed=with_new_seed)
            await self.submit(interaction, planned, job)

    async def _compare(self, interaction: discord.Interaction, job_id: JobId) -> None:
        place, member = place_of(interaction), member_of(interaction.user)
        if (job := await self._first_click(interaction, job_id)) is not None:
            await self.submit(interaction, await self._generation.plan_comparison_of(job, place, member), job)

    async def _mend(self, interaction: discord.Interaction, job_id: JobId) -> None:
        place, member = place_of(interaction), member_of(interaction.user)
        if (job := await self._first_click(interaction, job_id)) is not None:
            await self.submit(interaction, await self._generation.plan_mended(job, place, member), job)

    async def _first_click(self, interaction: discord.Interaction, job_id: JobId) -> Job | None:
        """The job of a button; None if it is the second click of two."""
        if not self._clicks.is_first((interaction.user.id, interaction.data and interaction.data.get("custom_id"))):
            await interaction.response.defer()
            return None
        return await self._generation.job(job_id, target_of(interaction))

    async def submit(self, interaction: discord.Interaction, planned: Planned, parent: Job) -> None:
        """Put what comes of a button in line, for the member who pressed it; of what is private it is private too.

        Raises: UserError; NotAcknowledged.
        """
        is_private = parent.target.is_private
        target, origin = target_of(interaction, is_private=is_private), Origin.of_interaction(interaction.id)
        acknowledge = thinking(interaction, is_private=is_private)
        admission = Admission(target, origin, member_of(interaction.user), acknowledge, parent_id=parent.id)
        await self._generation.submit(planned, admission)

    async def _delete(self, interaction: discord.Interaction, job_id: JobId) -> None:
        is_moderator = interaction.permissions.manage_messages
        await self._generation.delete(job_id, target_of(interaction), is_moderator=is_moderator)
        await interaction.response.defer()
        await interaction.delete_original_response()

    async def _cancel(self, interaction: discord.Interaction, job_id: JobId) -> None:
        is_moderator = interaction.permissions.manage_messages
        await self._generation.cancel(job_id, target_of(interaction), is_moderator=is_moderator)
        await interaction.response.defer()  # the card will say so
