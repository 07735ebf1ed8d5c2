"""Routes for messages and reactions."""

from __future__ import annotations

from bisect import bisect_left

from aiohttp import web

from playground.actions import posting, reactions
from playground.errors import ApiError, missing_permissions
from playground.rest.exchange import Route, json_response, no_content, read_body
from playground.rest.lookups import channel_of, message_of, user_of
from playground.rules.access import check_contents, check_send, check_view
from playground.wire.messages import message_json
from playground.wire.users import user_json
from playground.world import World


class MessageRoutes:
    """Messages in channels that the bot can see."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        channel, message = "/channels/{channel_id}", "/channels/{channel_id}/messages/{message_id}"
        reaction = message + "/reactions/{emoji_name}"
        return [
            ("POST", channel + "/typing", self.typing),
            ("GET", channel + "/messages", self.list_messages),
            ("POST", channel + "/messages", self.send),
            ("GET", message, self.message),
            ("PATCH", message, self.edit),
            ("DELETE", message, self.delete),
            ("GET", reaction, self.reactions),
            ("PUT", reaction + "/@me", self.react),
            ("DELETE", reaction + "/@me", self.unreact),
            ("DELETE", reaction + "/{user_id}", self.unreact),
        ]

    async def list_messages(self, request: web.Request) -> web.Response:
        channel = channel_of(self._world, request)
        if "read_message_history" not in channel.bot_permissions:
            return json_response([])
        found = [record for record in channel.messages.values() if not record.deleted and record.only_for is None]
        limit = int(request.query.get("limit", 50))
        if "around" in request.query:
            middle = int(request.query["around"])
            start = max(0, bisect_left(found, middle, key=lambda record: record.id) - limit // 2)
            found = found[start : start + limit]
        elif "after" in request.query:
            found = [record for record in found if record.id > int(request.query["after"])][:limit]
        else:
            until = int(request.query.get("before", 1 << 63))
            found = [record for record in found if record.id < until][-limit:]
        return json_response([message_json(record, self._world.bot.id) for record in reversed(found)])

    async def send(self, request: web.Request) -> web.Response:
        channel = channel_of(self._world, request)
        body, files = await read_body(request)
        check_send(channel, channel.bot_permissions, body, has_files=bool(files))
        record = posting.post(self._world, channel, self._world.bot, body, files)
        return json_response(message_json(record, self._world.bot.id))

    async def message(self, request: web.Request) -> web.Response:
        return json_response(message_json(message_of(self._world, request, "read_message_history"), self._world.bot.id))

    async def edit(self, request: web.Request) -> web.Response:
        record = message_of(self._world, request)
        body, files = await read_body(request)
        if record.author_id != self._world.bot.id:
            raise ApiError(403, 50005, "Cannot edit a message authored by another user")
        check_contents(record.channel.bot_permissions, body, has_files=bool(files))
        return json_response(message_json(posting.edit(self._world, record, body, files), self._world.bot.id))

    async def delete(self, request: web.Request) -> web.Response:
        record = message_of(self._world, request)
        if record.author_id != self._world.bot.id and "manage_messages" not in record.channel.bot_permissions:
            raise missing_permissions()
        posting.delete(self._world, record)
        return no_content()

    async def typing(self, request: web.Request) -> web.Response:
        channel = channel_of(self._world, request)
        check_view(channel.bot_permissions, channel.send_permission)
        data = {
            "channel_id": str(channel.id),
            "user_id": str(self._world.bot.id),
            "timestamp": int(self._world.clock.now()),
        }
        self._world.emit("TYPING_START", data, channel)
        return no_content()

    # Reactions

    async def reactions(self, request: web.Request) -> web.Response:
        people = message_of(self._world, request).reactions.get(request.match_info["emoji_name"], set())
        return json_response([user_json(self._world.users[user_id]) for user_id in sorted(people)])

    async def react(self, request: web.Request) -> web.Response:
        record = message_of(self._world, request, "read_message_history")
        emoji = request.match_info["emoji_name"]
        if emoji not in record.reactions and "add_reactions" not in record.channel.bot_permissions:
            raise missing_permissions()
        reactions.react(self._world, record, self._world.bot, emoji)
        return no_content()

    async def unreact(self, request: web.Request) -> web.Response:
        record = message_of(self._world, request)
        user = user_of(self._world, request) if "user_id" in request.match_info else self._world.bot
        if user is not self._world.bot and "manage_messages" not in record.channel.bot_permissions:
            raise missing_permissions()
        reactions.unreact(self._world, record, user, request.match_info["emoji_name"])
        return no_content()
