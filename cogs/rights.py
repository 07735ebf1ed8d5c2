"""Rights that owners set under Integrations. Discord checks them for commands, and tells them for the rest.

Source: "Permissions" in Discord's documentation of application commands.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import discord
from discord import app_commands
from discord.ext import commands

from cogs.interactions import UNREACHED

log = logging.getLogger(__name__)

#: a click has to be answered within three seconds
PATIENCE = 1.5  # seconds
#: changes arrive as events; this is for those that a lost connection swallowed
KNOWN_FOR = 600.0  # seconds
MAX_SERVERS = 10_000

_ROLE, _USER, _CHANNEL = 1, 2, 3  # kinds of a rule
#: allowed or not, by kind and id
Rules = Mapping[tuple[int, int], bool]


@dataclass(frozen=True, slots=True)
class Asker:
    """A member of a server who does something in a channel, or in a thread of it. Ids are Discord's."""

    guild_id: int
    channel_id: int
    user_id: int
    role_ids: tuple[int, ...]
    permissions: discord.Permissions

    @classmethod
    def of(cls, interaction: discord.Interaction) -> Self | None:
        """Whoever presses a button or sends a form; None in direct messages."""
        if interaction.guild_id is None:
            return None
        channel_id = getattr(interaction.channel, "parent_id", None) or interaction.channel_id or 0
        roles = tuple(role.id for role in getattr(interaction.user, "roles", ()))
        return cls(interaction.guild_id, channel_id, interaction.user.id, roles, interaction.permissions)


class CommandRights(commands.Cog):
    """Knows the rules of each server where somebody used a button, a form or a reaction lately."""

    def __init__(self, client: commands.Bot, command_ids: Mapping[str, int]) -> None:
        """`command_ids` are Discord's, by name; they may come and change later."""
        self._client = client
        self._command_ids = command_ids
        self._rules: dict[int, Mapping[int, Rules]] = {}
        self._read_at: dict[int, float] = {}
        self._reading: dict[int, asyncio.Task[None]] = {}

    @commands.Cog.listener()
    async def on_raw_app_command_permissions_update(self, payload: discord.RawAppCommandPermissionsUpdateEvent) -> None:
        self._read_at.pop(payload.guild.id, None)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """A new session: rules may have changed while we were away."""
        self._read_at.clear()

    async def permits(self, command: str, asker: Asker) -> bool:
        """Whether this member could use a command here.

        Where Discord doesn't tell the rules in time, those known so far count, or else none.
        """
        described = self._client.tree.get_command(command)
        assert isinstance(described, app_commands.Command | app_commands.Group)
        if asker.permissions.administrator:
            return True
        if not asker.permissions.use_application_commands:
            return False
        known = await self._rules_of(asker.guild_id)
        of_application = known.get(self._client.application_id or 0, {})
        rules = known.get(self._command_ids.get(command, 0), of_application)
        return _permits(rules, asker, described.default_permissions)

    async def _rules_of(self, guild_id: int) -> Mapping[int, Rules]:
        if time.monotonic() - self._read_at.get(guild_id, -KNOWN_FOR) >= KNOWN_FOR:
            task = self._reading.get(guild_id)
            if task is None:  # others who ask in the meantime await the same task
                task = self._reading[guild_id] = asyncio.create_task(self._read(guild_id))
                task.add_done_callback(lambda _: self._reading.pop(guild_id, None))
            await asyncio.wait([task], timeout=PATIENCE)
        return self._rules.get(guild_id, {})

    async def _read(self, guild_id: int) -> None:
        if len(self._rules) >= MAX_SERVERS:
            self._rules.clear()
            self._read_at.clear()
        self._read_at[guild_id] = time.monotonic()  # before the request, so that a change during it is read again
        try:
            # discord.py has a method only for the rules of a single command
            found = await self._client.http.get_guild_application_command_permissions(
                self._client.application_id or 0, guild_id
            )
        except (discord.HTTPException, *UNREACHED) as error:
            log.warning("the rights under Integrations of server %d can't be read: %s", guild_id, error)
            return
        self._rules[guild_id] = {int(entry["id"]): _parse(entry["permissions"]) for entry in found}


def _parse(rules: Iterable[Any]) -> Rules:
    return {(rule["type"], int(rule["id"])): rule["permission"] for rule in rules}


def _permits(rules: Rules, asker: Asker, default: discord.Permissions | None) -> bool:
    everywhere = asker.guild_id - 1  # by Discord's convention
    if not rules.get((_CHANNEL, asker.channel_id), rules.get((_CHANNEL, everywhere), True)):
        return False
    if (_USER, asker.user_id) in rules:
        return rules[_USER, asker.user_id]
    of_roles = [rules[_ROLE, role] for role in asker.role_ids if role != asker.guild_id and (_ROLE, role) in rules]
    if of_roles:
        return any(of_roles)
    everyone = (_ROLE, asker.guild_id)
    if everyone in rules:
        return rules[everyone]
    return default is None or (default.value != 0 and asker.permissions >= default)
