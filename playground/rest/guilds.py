"""Routes for servers, their members and their channels."""

from __future__ import annotations

from aiohttp import web

from playground.errors import ApiError
from playground.rest.exchange import Route, json_response
from playground.rest.lookups import channel_of, guild_of, user_of
from playground.wire import payloads
from playground.world import World


class GuildRoutes:
    """Servers, members and channels, as the bot sees them."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        return [
            ("GET", "/guilds/{guild_id}", self.guild),
            ("GET", "/guilds/{guild_id}/channels", self.guild_channels),
            ("GET", "/guilds/{guild_id}/members/{user_id}", self.member),
            ("GET", "/channels/{channel_id}", self.channel),
        ]

    async def guild(self, request: web.Request) -> web.Response:
        return json_response(payloads.guild(self._world, guild_of(self._world, request)))

    async def guild_channels(self, request: web.Request) -> web.Response:
        channels = guild_of(self._world, request).channels.values()
        return json_response(
            [payloads.channel_for_bot(self._world, channel, number) for number, channel in enumerate(channels)]
        )

    async def member(self, request: web.Request) -> web.Response:
        guild, user = guild_of(self._world, request), user_of(self._world, request)
        if user.id not in guild.members and user is not self._world.bot:
            raise ApiError(404, 10007, "Unknown Member")
        return json_response(payloads.member(self._world, guild, user.id))

    async def channel(self, request: web.Request) -> web.Response:
        return json_response(payloads.channel_for_bot(self._world, channel_of(self._world, request)))
