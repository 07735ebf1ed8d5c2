"""Routes for servers, their members and their channels."""

from __future__ import annotations

from aiohttp import web

from playground.errors import ApiError
from playground.rest.exchange import Route, json_response
from playground.rest.lookups import channel_of, guild_of, user_of
from playground.wire.guilds import channel_json, guild_json, member_json
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
        return json_response(guild_json(guild_of(self._world, request)))

    async def guild_channels(self, request: web.Request) -> web.Response:
        channels = [channel for channel in guild_of(self._world, request).channels.values() if not channel.is_thread]
        shown = [
            (number, channel) for number, channel in enumerate(channels) if channel.is_visible_to(self._world.bot.id)
        ]
        return json_response([channel_json(self._world, channel, number) for number, channel in shown])

    async def member(self, request: web.Request) -> web.Response:
        guild, user = guild_of(self._world, request), user_of(self._world, request)
        if guild.member(user.id) is None:
            raise ApiError(404, 10007, "Unknown Member")
        return json_response(member_json(self._world, guild, user.id))

    async def channel(self, request: web.Request) -> web.Response:
        return json_response(channel_json(self._world, channel_of(self._world, request)))
