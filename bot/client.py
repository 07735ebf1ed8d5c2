"""The Discord client: the events it subscribes to, and how its commands get to Discord."""

from __future__ import annotations

import logging
from typing import Any

import discord
import yarl
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.operations.traffic import Traffic
from cogs.deduplication import RecentlySeen
from cogs.tree import CommandTree

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

    def __init__(self, traffic: Traffic, **options: Any) -> None:
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
        self._traffic = traffic
        self._interactions = RecentlySeen()
        # discord.py has no public hook that runs before its own dispatch of buttons and forms
        self._dispatch_interaction = self._connection.parsers["INTERACTION_CREATE"]
        self._connection.parsers["INTERACTION_CREATE"] = self._dispatch_interaction_once

    def _dispatch_interaction_once(self, data: Any) -> None:
        """Discord sends events again after a lost connection."""
        if self._interactions.is_first(data["id"]):
            self._traffic.arrived(data)
            self._dispatch_interaction(data)

    @property
    def command_tree(self) -> CommandTree:
        """`tree`, of this bot's own kind."""
        assert isinstance(self.tree, CommandTree)
        return self.tree

    async def setup_hook(self) -> None:
        await self.command_tree.update()


def point_at(api_base: str, gateway: str) -> None:
    """Make discord.py talk to another Discord. Call it before login.

    The gateway's address is passed separately, because an unsharded client never asks REST for it.
    """
    Route.BASE = api_base
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
    discord.Asset.BASE = api_base.partition("/api")[0]  # pyright: ignore[reportAttributeAccessIssue]
