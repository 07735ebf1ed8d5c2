"""The REST interface: every route that a bot of this kind calls; all others are refused by name."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from playground.actions import posting
from playground.errors import ApiError, missing_access, missing_permissions, unknown_channel, unknown_message
from playground.rest.exchange import BODY, DATA, IS_MULTIPART, Exchange, Log, answer, nothing, read_body, refused
from playground.rest.faults import Faults, after, before
from playground.rest.limits import RateLimits
from playground.rules.commands import check_commands
from playground.wire import payloads
from playground.world import Channel, Guild, MessageRecord, User, World

API = "/api/v10"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Rest:
    """Routes over a world. Interaction routes are added by `InteractionRoutes`."""

    def __init__(self, world: World, faults: Faults, limits: RateLimits, log: Log) -> None:
        self._world = world
        self._faults = faults
        self._limits = limits
        self._log = log

    def add_routes(self, app: web.Application) -> None:
        message = "/channels/{channel_id}/messages/{message_id}"
        reaction = message + "/reactions/{emoji_name}"
        for method, path, handler in (
            ("GET", "/users/@me", self.own_user),
            ("GET", "/users/@me/guilds", self.own_guilds),
            ("GET", "/users/{user_id}", self.user),
            ("POST", "/users/@me/channels", self.open_direct),
            ("GET", "/oauth2/applications/@me", self.own_application),
            ("GET", "/applications/@me", self.own_application),
            ("GET", "/gateway", self.gateway),
            ("GET", "/gateway/bot", self.gateway_for_bot),
            ("GET", "/applications/{application_id}/commands", self.list_commands),
            ("PUT", "/applications/{application_id}/commands", self.sync_commands),
            ("GET", "/applications/{application_id}/guilds/{guild_id}/commands", self.list_commands),
            ("PUT", "/applications/{application_id}/guilds/{guild_id}/commands", self.sync_commands),
            ("GET", "/guilds/{guild_id}", self.guild),
            ("GET", "/guilds/{guild_id}/channels", self.guild_channels),
            ("GET", "/guilds/{guild_id}/members/{user_id}", self.member),
            ("GET", "/channels/{channel_id}", self.channel),
            ("POST", "/channels/{channel_id}/typing", self.typing),
            ("GET", "/channels/{channel_id}/messages", self.list_messages),
            ("POST", "/channels/{channel_id}/messages", self.send),
            ("GET", message, self.message),
            ("PATCH", message, self.edit),
            ("DELETE", message, self.delete),
            ("GET", reaction, self.reactions),
            ("PUT", reaction + "/@me", self.react),
            ("DELETE", reaction + "/@me", self.unreact),
            ("DELETE", reaction + "/{user_id}", self.unreact),
        ):
            app.router.add_route(method, API + path, self.as_bot(handler))

    def as_bot(self, handler: Handler) -> Handler:
        """Only with the bot's token."""

        async def checked(request: web.Request) -> web.StreamResponse:
            if request.headers.get("Authorization") != f"Bot {self._world.token}":
                raise ApiError(401, 0, "401: Unauthorized")
            return await handler(request)

        return checked

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Faults, error answers and the record of the exchange, around every route of the API."""
        if not request.path.startswith("/api/"):
            return await handler(request)
        path, resource = request.path.removeprefix(API), request.match_info.route.resource
        route = resource.canonical.removeprefix(API) if resource else path
        place = request.method, route, dict(request.match_info)
        fault = self._faults.meet(request, path)
        response = await before(fault, request) if fault else None
        if response is None:
            if fault is not None and fault.repeats:
                await self._answer(request, handler)
            response = self._limits.refuse(*place) or await self._answer(request, handler)
            response.headers.update(self._limits.headers(*place))
            if fault is not None:
                after(fault, request)
        self._log.append(
            Exchange(
                request.method,
                route,
                path,
                response.status,
                request.get(BODY),
                response.get(DATA),
                request.get(IS_MULTIPART, False),
            )
        )
        return response

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except ApiError as error:
            return refused(error)
        except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
            return refused(ApiError(404, 0, f"404: Not Found ({request.method} {request.path} is not implemented)"))
        except (ValueError, KeyError, TypeError, AttributeError) as error:  # JSON of another shape than is taken
            return refused(ApiError(400, 50035, f"Invalid Form Body: {error}"))

    # Who and where

    async def own_user(self, request: web.Request) -> web.Response:
        return answer({**payloads.user(self._world.bot), "mfa_enabled": False, "locale": "en-US", "verified": True})

    async def own_guilds(self, request: web.Request) -> web.Response:
        after = int(request.query.get("after", 0))
        return answer([payloads.guild_of_user(one) for one in self._world.guilds.values() if one.id > after])

    async def user(self, request: web.Request) -> web.Response:
        return answer(payloads.user(self._user(request)))

    async def own_application(self, request: web.Request) -> web.Response:
        return answer(payloads.application(self._world))

    async def gateway(self, request: web.Request) -> web.Response:
        return answer({"url": self._world.base_url.replace("http", "ws", 1) + "/gateway"})

    async def gateway_for_bot(self, request: web.Request) -> web.Response:
        limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
        url = self._world.base_url.replace("http", "ws", 1) + "/gateway"
        return answer({"url": url, "shards": 1, "session_start_limit": limit})

    async def guild(self, request: web.Request) -> web.Response:
        return answer(payloads.guild(self._world, self._guild(request)))

    async def guild_channels(self, request: web.Request) -> web.Response:
        channels = self._guild(request).channels.values()
        return answer([payloads.channel_for_bot(self._world, one, number) for number, one in enumerate(channels)])

    async def member(self, request: web.Request) -> web.Response:
        guild, user = self._guild(request), self._user(request)
        if user.id not in guild.members and user is not self._world.bot:
            raise ApiError(404, 10007, "Unknown Member")
        return answer(payloads.member(self._world, guild, user.id))

    async def channel(self, request: web.Request) -> web.Response:
        return answer(payloads.channel_for_bot(self._world, self._channel(request)))

    async def open_direct(self, request: web.Request) -> web.Response:
        body, _ = await read_body(request)
        user = self._world.users.get(int(body["recipient_id"]))
        if user is None:
            raise ApiError(404, 10013, "Unknown User")
        return answer(payloads.channel(self._world.direct_channel(user)))

    # Commands

    async def list_commands(self, request: web.Request) -> web.Response:
        scope = self._scope(request)
        return answer([one for (guild, _, _), one in self._world.commands.items() if guild == scope])

    async def sync_commands(self, request: web.Request) -> web.Response:
        body, _ = await read_body(request)
        commands: Any = body  # the one body that is a list
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

    # Messages

    async def list_messages(self, request: web.Request) -> web.Response:
        channel = self._channel(request, "read_message_history")
        found = [one for one in channel.messages.values() if not one.deleted and one.only_for is None]
        limit = int(request.query.get("limit", 50))
        if "around" in request.query:
            middle = int(request.query["around"])
            start = max(0, bisect_left(found, middle, key=lambda one: one.id) - limit // 2)
            found = found[start : start + limit]
        elif "after" in request.query:
            found = [one for one in found if one.id > int(request.query["after"])][:limit]
        else:
            until = int(request.query.get("before", 1 << 63))
            found = [one for one in found if one.id < until][-limit:]
        return answer([payloads.message(one, self._world.bot.id) for one in reversed(found)])

    async def send(self, request: web.Request) -> web.Response:
        channel = self._channel(request, "send_messages")
        body, files = await read_body(request)
        if files and "attach_files" not in channel.bot_permissions:
            raise missing_permissions()
        record = posting.post(self._world, channel, self._world.bot, body, files)
        return answer(payloads.message(record, self._world.bot.id))

    async def message(self, request: web.Request) -> web.Response:
        return answer(payloads.message(self._message(request, "read_message_history"), self._world.bot.id))

    async def edit(self, request: web.Request) -> web.Response:
        record = self._message(request)
        body, files = await read_body(request)
        if record.author_id != self._world.bot.id:
            raise ApiError(403, 50005, "Cannot edit a message authored by another user")
        return answer(payloads.message(posting.edit(self._world, record, body, files), self._world.bot.id))

    async def delete(self, request: web.Request) -> web.Response:
        record = self._message(request)
        if record.author_id != self._world.bot.id and "manage_messages" not in record.channel.bot_permissions:
            raise missing_permissions()
        posting.delete(self._world, record)
        return nothing()

    async def typing(self, request: web.Request) -> web.Response:
        channel = self._channel(request, "send_messages")
        data = {
            "channel_id": str(channel.id),
            "user_id": str(self._world.bot.id),
            "timestamp": int(self._world.clock.now()),
        }
        self._world.emit("TYPING_START", data, channel)
        return nothing()

    # Reactions

    async def reactions(self, request: web.Request) -> web.Response:
        people = self._message(request).reactions.get(request.match_info["emoji_name"], set())
        return answer([payloads.user(self._world.users[user_id]) for user_id in sorted(people)])

    async def react(self, request: web.Request) -> web.Response:
        record = self._message(request, "read_message_history")
        emoji = request.match_info["emoji_name"]
        if emoji not in record.reactions and "add_reactions" not in record.channel.bot_permissions:
            raise missing_permissions()
        posting.react(self._world, record, self._world.bot, emoji)
        return nothing()

    async def unreact(self, request: web.Request) -> web.Response:
        record = self._message(request)
        user = self._user(request) if "user_id" in request.match_info else self._world.bot
        if user is not self._world.bot and "manage_messages" not in record.channel.bot_permissions:
            raise missing_permissions()
        posting.unreact(self._world, record, user, request.match_info["emoji_name"])
        return nothing()

    # Finding things

    def _user(self, request: web.Request) -> User:
        user = self._world.users.get(int(request.match_info["user_id"]))
        if user is None:
            raise ApiError(404, 10013, "Unknown User")
        return user

    def _guild(self, request: web.Request) -> Guild:
        guild = self._world.guilds.get(int(request.match_info["guild_id"]))
        if guild is None:
            raise ApiError(404, 10004, "Unknown Guild")
        return guild

    def _channel(self, request: web.Request, *needed: str) -> Channel:
        channel = self._world.channels.get(int(request.match_info["channel_id"]))
        if channel is None:
            raise unknown_channel()
        if "view_channel" not in channel.bot_permissions:
            raise missing_access()
        if not channel.bot_permissions.issuperset(needed):
            raise missing_permissions()
        return channel

    def _message(self, request: web.Request, *needed: str) -> MessageRecord:
        channel = self._channel(request, *needed)
        record = channel.messages.get(int(request.match_info["message_id"]))
        if record is None or record.deleted or record.only_for is not None:
            raise unknown_message()
        return record

    def _scope(self, request: web.Request) -> int | None:
        guild: Any = request.match_info.get("guild_id")
        return int(guild) if guild else None
