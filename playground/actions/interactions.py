"""Interactions: what a person did, how long the bot has to respond, and what it responded.

created → acknowledged once, within three seconds → edited and followed up for fifteen minutes.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from typing import Any

from playground.actions import posting
from playground.errors import (
    ApiError,
    already_acknowledged,
    invalid,
    invalid_webhook_token,
    unknown_interaction,
    unknown_message,
    unknown_webhook,
)
from playground.rules.commands import check_choices
from playground.rules.components import check_modal
from playground.wire import payloads
from playground.world import EPHEMERAL, LOADING, Channel, Files, Json, MessageRecord, User, World, permissions

COMMAND, COMPONENT, AUTOCOMPLETE, SUBMIT = 2, 3, 4, 5
MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9

#: the response types that each kind of interaction accepts
_ALLOWED = {
    COMMAND: {MESSAGE, DEFERRED_MESSAGE, MODAL},
    COMPONENT: {MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, MODAL},
    AUTOCOMPLETE: {CHOICES},
    SUBMIT: {MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE},
}
TOKEN_LIFE = 15 * 60  # seconds


@dataclass
class Interaction:
    """A command, a click, an autocomplete query or a submitted form."""

    id: int
    token: str
    kind: int
    user: User
    channel: Channel
    data: Json
    created: float
    #: the message whose button or drop-down was used
    message: MessageRecord | None = None
    #: type of the first response
    answer: int | None = None
    #: the message that `@original` refers to, once there is one
    original: MessageRecord | None = None
    choices: list[Json] = field(default_factory=list)
    modal: Json | None = None
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)
    #: messages sent after the first response
    followups: list[MessageRecord] = field(default_factory=list)


class Interactions:
    """Every interaction so far, by token."""

    def __init__(self, world: World, ack_window: float) -> None:
        self._world = world
        self.ack_window = ack_window
        self.by_token: dict[str, Interaction] = {}

    def create(
        self,
        kind: int,
        user: User,
        channel: Channel,
        data: Json,
        *,
        message: MessageRecord | None = None,
        age: float = 0,
    ) -> Interaction:
        """Create an interaction that is already `age` seconds old, and send it to the bot."""
        clock = self._world.clock
        interaction = Interaction(
            clock.snowflake(age=age), secrets.token_urlsafe(48), kind, user, channel, data, clock.now() - age, message
        )
        self.by_token[interaction.token] = interaction
        self._world.emit("INTERACTION_CREATE", self._event(interaction), channel, self._world.bot.id)
        return interaction

    def respond(self, interaction_id: int, token: str, body: Json, files: Files) -> Interaction:
        """Take the bot's first response.

        Raises: ApiError 10062 if the interaction is unknown or too old, 40060 if it already has a response.
        """
        interaction = self.by_token.get(token)
        late = interaction is not None and self._world.clock.now() - interaction.created > self.ack_window
        if interaction is None or interaction.id != interaction_id or (late and interaction.answer is None):
            raise unknown_interaction()
        if interaction.answer is not None:
            raise already_acknowledged()
        kind = body["type"]
        if kind not in _ALLOWED[interaction.kind]:
            raise invalid(
                "type", "INTERACTION_RESPONSE_TYPE_INVALID", f"Type {kind} is not valid for this interaction."
            )
        self._apply(interaction, kind, body.get("data") or {}, files)
        interaction.answer = kind
        interaction.acknowledged.set()
        return interaction

    def find(self, application_id: int, token: str) -> Interaction:
        """The acknowledged interaction with this token.

        Raises: ApiError 10015 if there is none, 50027 if its token has expired.
        """
        interaction = self.by_token.get(token)
        if interaction is None or application_id != self._world.application_id or interaction.answer is None:
            raise unknown_webhook()
        if self._world.clock.now() - interaction.created > TOKEN_LIFE:
            raise invalid_webhook_token()
        return interaction

    def original(self, interaction: Interaction) -> MessageRecord:
        """The message that `@original` refers to.

        Raises: ApiError 10008.
        """
        record = interaction.original
        if record is None or record.deleted:
            raise unknown_message()
        return record

    def follow_up(self, interaction: Interaction, body: Json, files: Files) -> MessageRecord:
        """Post another message; right after a defer it replaces the "thinking" message, as on Discord."""
        original = interaction.original
        if original is not None and not original.deleted and original.data["flags"] & LOADING:
            return posting.edit(self._world, original, body, files)
        record = self._post(interaction, body, files)
        interaction.followups.append(record)
        return record

    def _apply(self, interaction: Interaction, kind: int, data: Json, files: Files) -> None:
        match kind:
            case 4:
                interaction.original = self._post(interaction, data, files)
            case 5:
                interaction.original = self._post_loading(interaction, data)
            case 6:
                interaction.original = interaction.message
            case 7:
                if interaction.message is None:
                    raise ApiError(400, 50035, "There is no message to update.")
                interaction.original = posting.edit(self._world, interaction.message, data, files)
            case 8:
                check_choices(data.get("choices") or [])
                interaction.choices = data.get("choices") or []
            case 9:
                check_modal(data)
                interaction.modal = data

    def _post(self, interaction: Interaction, body: Json, files: Files, **more: Any) -> MessageRecord:
        only_for = interaction.user.id if (body.get("flags") or 0) & EPHEMERAL else None
        return posting.post(
            self._world,
            interaction.channel,
            self._world.bot,
            body,
            files,
            only_for=only_for,
            extra={**self._metadata(interaction), **more},
        )

    def _post_loading(self, interaction: Interaction, data: Json) -> MessageRecord:
        if (data.get("flags") or 0) & ~EPHEMERAL:
            raise invalid(
                "data.flags", "INTERACTION_DEFER_FLAGS", "A deferred response only accepts the ephemeral flag."
            )
        flags = data.get("flags") or 0
        return self._post(interaction, {"content": "…", "flags": flags}, (), content="", flags=flags | LOADING)

    def _metadata(self, interaction: Interaction) -> Json:
        kind = {COMMAND: 2, COMPONENT: 3, SUBMIT: 5}[interaction.kind]
        metadata: Json = {
            "id": str(interaction.id),
            "type": kind,
            "user": payloads.user(interaction.user),
            "authorizing_integration_owners": self._owners(interaction),
        }
        if interaction.kind == COMPONENT and interaction.message is not None:
            metadata["interacted_message_id"] = str(interaction.message.id)
        data: Json = {"application_id": str(self._world.application_id), "webhook_id": str(self._world.application_id)}
        if interaction.kind == SUBMIT:
            metadata["triggering_interaction_metadata"] = {**metadata, "type": COMMAND}
        data["interaction_metadata"] = metadata
        if interaction.kind == COMMAND:
            name = interaction.data["name"]
            data["interaction"] = {
                "id": str(interaction.id),
                "type": 2,
                "name": name,
                "user": payloads.user(interaction.user),
            }
            data["type"] = 20
        return data

    def _owners(self, interaction: Interaction) -> dict[str, str]:
        guild = interaction.channel.guild
        return {"0": str(guild.id) if guild else "0"}

    def _event(self, interaction: Interaction) -> Json:
        channel, guild, world = interaction.channel, interaction.channel.guild, self._world
        event: dict[str, Any] = {
            "id": str(interaction.id),
            "application_id": str(world.application_id),
            "type": interaction.kind,
            "token": interaction.token,
            "version": 1,
            "data": interaction.data,
            "channel_id": str(channel.id),
            "channel": payloads.channel(channel),
            "locale": "en-US",
            "entitlements": [],
            "app_permissions": str(permissions.bits(channel.bot_permissions)),
            "authorizing_integration_owners": self._owners(interaction),
            "context": 0 if guild else 1,
            "attachment_size_limit": world.upload_limit,
        }
        if guild is not None:
            granted = str(permissions.bits(guild.permissions_of(interaction.user.id)))
            event["guild_id"], event["guild_locale"] = str(guild.id), "en-US"
            event["guild"] = {"id": str(guild.id), "locale": "en-US", "features": []}
            event["member"] = {**payloads.member(world, guild, interaction.user.id), "permissions": granted}
            event["channel"] = {**event["channel"], "permissions": granted}
        else:
            event["user"] = payloads.user(interaction.user)
        if interaction.message is not None:
            event["message"] = payloads.message(interaction.message, world.bot.id)
        return event
