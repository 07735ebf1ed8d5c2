"""The REST routes for interactions: the first response, edits and follow-ups. Their token is the credential."""

from __future__ import annotations

from aiohttp import web

from playground.actions import posting
from playground.actions.interactions import DEFERRED_MESSAGE, MESSAGE, UPDATE, Interaction, Interactions
from playground.errors import unknown_message
from playground.rest.api import API
from playground.rest.exchange import json_response, no_content, read_body
from playground.wire.messages import message_json
from playground.world import EPHEMERAL, Json, MessageRecord, World


class InteractionRoutes:
    """Routes without an Authorization header, as on Discord."""

    def __init__(self, world: World, interactions: Interactions) -> None:
        self._world = world
        self._interactions = interactions

    def add_routes(self, app: web.Application) -> None:
        original = "/webhooks/{application_id}/{token}/messages/@original"
        other = "/webhooks/{application_id}/{token}/messages/{message_id}"
        for method, path, handler in (
            ("POST", "/interactions/{interaction_id}/{token}/callback", self.callback),
            ("POST", "/webhooks/{application_id}/{token}", self.follow_up),
            ("GET", original, self.get),
            ("PATCH", original, self.edit),
            ("DELETE", original, self.delete),
            ("GET", other, self.get),
            ("PATCH", other, self.edit),
            ("DELETE", other, self.delete),
        ):
            app.router.add_route(method, API + path, handler)

    async def callback(self, request: web.Request) -> web.Response:
        body, files = await read_body(request)
        interaction = self._interactions.respond(
            int(request.match_info["interaction_id"]), request.match_info["token"], body, files
        )
        if request.query.get("with_response") not in ("1", "true", "True"):
            return no_content()
        return json_response(self._callback_response(interaction, body["type"]))

    async def follow_up(self, request: web.Request) -> web.Response:
        interaction = self._interaction(request)
        body, files = await read_body(request)
        record = self._interactions.follow_up(interaction, body, files)
        return json_response(message_json(record, self._world.bot.id))

    async def get(self, request: web.Request) -> web.Response:
        return json_response(message_json(self._message(request), self._world.bot.id))

    async def edit(self, request: web.Request) -> web.Response:
        record = self._message(request)
        body, files = await read_body(request)
        return json_response(message_json(posting.edit(self._world, record, body, files), self._world.bot.id))

    async def delete(self, request: web.Request) -> web.Response:
        posting.delete(self._world, self._message(request))
        return no_content()

    def _callback_response(self, interaction: Interaction, kind: int) -> Json:
        original = interaction.original
        data: Json = {
            "id": str(interaction.id),
            "type": interaction.kind,
            "response_message_loading": kind == DEFERRED_MESSAGE,
            "response_message_ephemeral": bool(original and original.data["flags"] & EPHEMERAL),
            "channel_id": str(interaction.channel.id),
        }
        if interaction.channel.guild is not None:
            data["guild_id"] = str(interaction.channel.guild.id)
        if original is not None:
            data["response_message_id"] = str(original.id)
        response: Json = {"interaction": data}
        if kind in (MESSAGE, UPDATE) and original is not None:
            response["resource"] = {"type": kind, "message": message_json(original, self._world.bot.id)}
        return response

    def _interaction(self, request: web.Request) -> Interaction:
        return self._interactions.find(int(request.match_info["application_id"]), request.match_info["token"])

    def _message(self, request: web.Request) -> MessageRecord:
        interaction = self._interaction(request)
        message_id = request.match_info.get("message_id")
        if message_id is None:
            return self._interactions.original(interaction)
        mine = [*interaction.followups, *([interaction.original] if interaction.original else [])]
        for record in mine:
            if str(record.id) == message_id and not record.deleted:
                return record
        raise unknown_message()
