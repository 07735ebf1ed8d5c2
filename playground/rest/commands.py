"""Routes for the application's commands."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from playground.errors import ApiError
from playground.rest.exchange import Route, json_response, read_body
from playground.rest.lookups import guild_of
from playground.rules.commands import check_commands
from playground.wire.commands import command_json, command_rules_json
from playground.world import World


class CommandRoutes:
    """Global commands, and those of a single server."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        everywhere, in_guild = (
            f"/applications/{{application_id}}{scope}/commands" for scope in ("", "/guilds/{guild_id}")
        )
        return [
            ("GET", everywhere, self.list_commands),
            ("PUT", everywhere, self.sync_commands),
            ("GET", in_guild, self.list_commands),
            ("PUT", in_guild, self.sync_commands),
            ("GET", in_guild + "/permissions", self.list_rules),
            ("GET", in_guild + "/{command_id}/permissions", self.rules),
        ]

    async def list_commands(self, request: web.Request) -> web.Response:
        scope = self._scope(request)
        return json_response([command for (guild, _, _), command in self._world.commands.items() if guild == scope])

    async def sync_commands(self, request: web.Request) -> web.Response:
        body, _ = await read_body(request)
        commands: Any = body  # the only route whose body is a list
        check_commands(commands)
        scope, world = self._scope(request), self._world
        earlier = {key: world.commands.pop(key) for key in list(world.commands) if key[0] == scope}
        for command in commands:
            key = scope, command["name"], command.get("type") or 1
            world.commands[key] = command_json(world, command, scope, earlier.get(key))
        world.emit("COMMANDS_UPDATE", {})
        return await self.list_commands(request)

    async def list_rules(self, request: web.Request) -> web.Response:
        guild = guild_of(self._world, request)
        return json_response([command_rules_json(self._world, guild, command_id) for command_id in guild.command_rules])

    async def rules(self, request: web.Request) -> web.Response:
        guild, command_id = guild_of(self._world, request), int(request.match_info["command_id"])
        if command_id not in guild.command_rules:
            raise ApiError(404, 10066, "Unknown application command permissions")
        return json_response(command_rules_json(self._world, guild, command_id))

    def _scope(self, request: web.Request) -> int | None:
        guild: Any = request.match_info.get("guild_id")
        return int(guild) if guild else None
