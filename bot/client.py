"""The Discord client: the events it subscribes to, and how its commands get to Discord."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import discord
import yarl
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from cogs.deduplication import RecentlySeen
from cogs.errors import CommandTree

log = logging.getLogger(__name__)

#: none is privileged: commands and buttons need no intent, servers and reactions need these
INTENTS = discord.Intents(guilds=True, guild_reactions=True, dm_reactions=True)
#: what the bot's role needs in a server, and what its invitation asks for
REQUIRED_PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    embed_links=True,
    attach_files=True,
    read_message_history=True,
    add_reactions=True,
)


class Client(commands.Bot):
    """A discord.py bot without text commands."""

    def __init__(self, *, state_folder: Path, **options: Any) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # this bot uses no voice
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=INTENTS,
            tree_cls=CommandTree,
            allowed_mentions=discord.AllowedMentions.none(),  # prompts are echoed
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            **options,
        )
        self._state_folder = state_folder
        self._interactions = RecentlySeen()
        # discord.py has no public hook that runs before its own dispatch of buttons and forms
        self._dispatch_interaction = self._connection.parsers["INTERACTION_CREATE"]
        self._connection.parsers["INTERACTION_CREATE"] = self._dispatch_interaction_once

    def _dispatch_interaction_once(self, data: Any) -> None:
        """Discord sends events again after a lost connection."""
        if self._interactions.is_first(data["id"]):
            self._dispatch_interaction(data)

    async def setup_hook(self) -> None:
        """Sync the commands if they changed since the last sync: Discord limits how often a bot may sync."""
        payload = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        text = json.dumps(payload, sort_keys=True, default=str)
        digest = f"{self.application_id} {hashlib.sha256(text.encode()).hexdigest()}"
        last_sync = self._state_folder / "synced-commands"
        if last_sync.exists() and last_sync.read_text() == digest:
            return
        await self.tree.sync()
        last_sync.write_text(digest)
        log.info("synced %d commands", len(payload))


def point_at(api_base: str, gateway: str) -> None:
    """Make discord.py talk to another Discord. Call it before login.

    The gateway's address is passed separately, because an unsharded client never asks REST for it.
    """
    Route.BASE = api_base
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
    discord.Asset.BASE = api_base.partition("/api")[0]  # pyright: ignore[reportAttributeAccessIssue]
