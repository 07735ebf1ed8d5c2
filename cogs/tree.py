"""The bot's commands as Discord has them: where they may be used, their ids, and that nobody else replaced them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import discord
from discord import app_commands

from cogs.errors import answer_error
from cogs.guard import guard_of
from cogs.interactions import UNREACHED
from services.errors import LimitReached, NotAllowed

log = logging.getLogger(__name__)

#: how often it is checked that Discord still has them
CHECK_EVERY = 1800.0  # seconds
#: Discord limits how often a bot may write its commands
CHECK_PAUSE = 60.0  # seconds
#: follows from the contexts, which replaced it
_DERIVED = {"dm_permission"}


class CommandTree(app_commands.CommandTree):
    """Commands for servers and for the bot's direct messages, whose errors reach the member as one private sentence."""

    def __init__(self, client: discord.Client) -> None:
        super().__init__(
            client,
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        )
        #: Discord's ids of the commands, by name
        self.ids: dict[str, int] = {}
        self._is_doubtful = asyncio.Event()

    async def update(self) -> None:
        """Give Discord the commands if it has others.

        Raises: discord.HTTPException; aiohttp.ClientError and OSError, if Discord can't be reached.
        """
        ours = [command.to_dict(self) for command in self.get_commands()]
        # discord.py's own objects leave out fields
        theirs: list[Any] = await self.client.http.get_global_commands(self.client.application_id or 0)
        if has_all(ours, theirs):
            ids = {command["name"]: int(command["id"]) for command in theirs}
        else:
            ids = {command.name: command.id for command in await self.sync()}
            log.info("gave Discord %d commands; it had %d, of which some differed", len(ours), len(theirs))
        self.ids.clear()
        self.ids.update(ids)

    async def keep_updated(self) -> None:
        """Update every half hour, and soon after a command arrived that doesn't exist: another program replaced ours."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_doubtful.wait(), CHECK_EVERY)
            try:
                await self.update()
            except (discord.HTTPException, *UNREACHED) as error:
                log.warning("can't check the commands that Discord has: %s", error)
            await asyncio.sleep(CHECK_PAUSE)
            self._is_doubtful.clear()

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        command = str((interaction.data or {}).get("name", ""))
        try:
            guard_of(interaction).check_pace(interaction)
            guard_of(interaction).check_blocked(command, interaction.guild_id, interaction.user.id)
        except (NotAllowed, LimitReached) as error:
            if interaction.type is discord.InteractionType.autocomplete:
                await interaction.response.autocomplete([])
            else:
                await answer_error(interaction, error)
            return False
        return True

    async def on_error(self, interaction: discord.Interaction, error: app_commands.AppCommandError) -> None:
        if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
            self._is_doubtful.set()
        await answer_error(interaction, error)


def has_all(ours: Iterable[Any], theirs: Iterable[Any]) -> bool:
    """Whether Discord has just these commands, given both as JSON, in whatever order."""
    there = {(command.get("type", 1), command["name"]): command for command in theirs}
    here = {(command.get("type", 1), command["name"]): command for command in ours}
    return here.keys() == there.keys() and all(_is_same(command, there[key]) for key, command in here.items())


def _is_same(ours: Any, theirs: Any) -> bool:
    """Discord adds fields of its own, leaves out empty ones, and writes some numbers as text."""
    match ours, theirs:
        case dict(), dict():
            return all(_is_same(value, theirs.get(key)) for key, value in ours.items() if key not in _DERIVED)
        case list(), list():
            return len(ours) == len(theirs) and all(map(_is_same, ours, theirs))
        case _:
            return ours == theirs or not (ours or theirs) or str(ours) == str(theirs)
