"""Log in for a moment, without the bot itself, to see that the token is right and to make an invitation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import discord

from bot.client import INTENTS, REQUIRED_PERMISSIONS, point_at
from bot.settings import Settings


class NotLoggedIn(Exception):
    """The message says why, and what the operator can do."""


@asynccontextmanager
async def logged_in(settings: Settings) -> AsyncIterator[discord.Client]:
    """A client that can use Discord's REST API.

    Raises: NotLoggedIn.
    """
    if settings.discord_api_base:
        point_at(settings.discord_api_base, settings.discord_gateway)
    async with discord.Client(intents=INTENTS) as client:  # not the bot's own client, which would sync its commands
        try:
            await client.login(settings.discord_token.get_secret_value())
        except discord.LoginFailure as error:
            text = "Discord rejected DISCORD_TOKEN: copy the token from the developer portal (Bot → Reset Token)."
            raise NotLoggedIn(text) from error
        except (discord.HTTPException, OSError) as error:
            text = f"can't reach Discord ({error}): check this machine's network, and discordstatus.com."
            raise NotLoggedIn(text) from error
        yield client


def invitation_of(client: discord.Client) -> str:
    """The address at which a server's owner invites the bot, with the permissions that it needs."""
    return discord.utils.oauth_url(client.application_id or 0, permissions=REQUIRED_PERMISSIONS)
