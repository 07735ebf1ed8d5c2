"""Routes for users, the application and the gateway's address."""

from __future__ import annotations

from aiohttp import web

from playground.errors import ApiError
from playground.rest.exchange import Route, json_response, read_body
from playground.rest.lookups import user_of
from playground.wire.guilds import channel_json, own_guild_json
from playground.wire.users import application_json, user_json
from playground.world import World


class UserRoutes:
    """Users, direct messages, and what the bot asks about itself."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        return [
            ("GET", "/users/@me", self.own_user),
            ("GET", "/users/@me/guilds", self.own_guilds),
            ("GET", "/users/{user_id}", self.user),
            ("POST", "/users/@me/channels", self.open_direct),
            ("GET", "/oauth2/applications/@me", self.own_application),
            ("GET", "/applications/@me", self.own_application),
            ("GET", "/gateway", self.gateway),
            ("GET", "/gateway/bot", self.gateway_for_bot),
        ]

    async def own_user(self, request: web.Request) -> web.Response:
        return json_response({**user_json(self._world.bot), "mfa_enabled": False, "locale": "en-US", "verified": True})

    async def own_guilds(self, request: web.Request) -> web.Response:
        after = int(request.query.get("after", 0))
        guilds = self._world.guilds.values()
        return json_response([own_guild_json(guild) for guild in guilds if guild.bot is not None and guild.id > after])

    async def user(self, request: web.Request) -> web.Response:
        return json_response(user_json(user_of(self._world, request)))

    async def open_direct(self, request: web.Request) -> web.Response:
        body, _ = await read_body(request)
        user = self._world.users.get(int(body["recipient_id"]))
        if user is None:
            raise ApiError(404, 10013, "Unknown User")
        return json_response(channel_json(self._world, self._world.direct_channel(user)))

    async def own_application(self, request: web.Request) -> web.Response:
        return json_response(application_json(self._world))

    async def gateway(self, request: web.Request) -> web.Response:
        return json_response({"url": self._world.base_url.replace("http", "ws", 1) + "/gateway"})

    async def gateway_for_bot(self, request: web.Request) -> web.Response:
        limit = {
            "total": 1000,
            "remaining": self._world.sessions_left,
            "reset_after": int(self._world.sessions_reset_after * 1000),
            "max_concurrency": 1,
        }
        url = self._world.base_url.replace("http", "ws", 1) + "/gateway"
        return json_response({"url": url, "shards": 1, "session_start_limit": limit})
