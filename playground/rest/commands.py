"""Routes for the application's commands."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from playground.rest.exchange import Route, json_response, read_body
from playground.rules.commands import check_commands
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
        ]

    async def list_commands(self, request: web.Request) -> web.Response:
        scope = self._scope(request)
        return json_response([command for (guild, _, _), command in self._world.commands.items() if guild == scope])

    async def sync_commands(self, request: web.Request) -> web.Response:
        body, _ = await read_body(request)
        commands: Any = body  # the only route whose body is a list
        check_commands(commands)
        scope, world = self._scope(request), self._world
        for key in [key for key in world.commands if key[0] == scope]:
            del world.commands[key]
        for command in commands:
            stored = {
                "id": str(world.clock.snowflake()),
                "application_id": str(world.application_id),
                "version": str(world.clock.snowflake()),
                "default_member_permissions": None,
                "type": 1,
                "description": "",
                **{key: value for key, value in command.items() if value is not None},
            }
            if stored["default_member_permissions"] is not None:
                stored["default_member_permissions"] = str(stored["default_member_permissions"])
            if scope is not None:
                stored["guild_id"] = str(scope)
            world.commands[scope, stored["name"], stored["type"]] = stored
        world.emit("COMMANDS_UPDATE", {})
        return await self.list_commands(request)

    def _scope(self, request: web.Request) -> int | None:
        guild: Any = request.match_info.get("guild_id")
        return int(guild) if guild else None
