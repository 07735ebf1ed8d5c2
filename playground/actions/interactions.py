"""Interactions: what a person did, how long the bot has to respond, and what it responded.

created → acknowledged once, within three seconds → edited and followed up for fifteen minutes.
"""

from __future__ import annotations

import secrets
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
from playground.rules.availability import owners_of
from playground.rules.choices import check_choices
from playground.rules.components import check_modal
from playground.wire.interactions import interaction_json, metadata_json
from playground.world import EPHEMERAL, LOADING, Channel, Files, Json, MessageRecord, User, World
from playground.world.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, SUBMIT, Interaction

MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9

#: the response types that each kind of interaction accepts
_ALLOWED = {
    COMMAND: {MESSAGE, DEFERRED_MESSAGE, MODAL},
    COMPONENT: {MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, MODAL},
    AUTOCOMPLETE: {CHOICES},
    SUBMIT: {MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE},
}
TOKEN_LIFE = 15 * 60  # seconds
MAX_FOLLOW_UPS = 5  # for an app that only the user installed


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
        owners: dict[str, str] | None = None,
    ) -> Interaction:
        """Create an interaction that is already `age` seconds old, and send it to the bot.

        `owners` are the installations of the interaction that opened a form, for its submission.
        """
        interaction_id = self._world.clock.snowflake(age=age)
        interaction = Interaction(interaction_id, secrets.token_urlsafe(48), kind, user, channel, data, message)
        interaction.owners = self._owners(interaction) if owners is None else owners
        self.by_token[interaction.token] = interaction
        self._world.emit("INTERACTION_CREATE", interaction_json(self._world, interaction), channel, self._world.bot.id)
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
        if interaction.is_only_user_installed and len(interaction.followups) >= MAX_FOLLOW_UPS:
            raise ApiError(400, 40094, "This interaction has reached the maximum number of follow-up messages")
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
                check_choices(data.get("choices") or [], _focused_type(interaction.data))
                interaction.choices = data.get("choices") or []
            case 9:
                check_modal(data)
                interaction.modal = data

    def _post(self, interaction: Interaction, body: Json, files: Files, **more: Any) -> MessageRecord:
        is_private = (body.get("flags") or 0) & EPHEMERAL or interaction.is_kept_private
        only_for = interaction.user.id if is_private else None
        return posting.post(
            self._world,
            interaction.channel,
            self._world.bot,
            body,
            files,
            only_for=only_for,
            extra={**metadata_json(self._world, interaction), **more},
        )

    def _post_loading(self, interaction: Interaction, data: Json) -> MessageRecord:
        if (data.get("flags") or 0) & ~EPHEMERAL:
            raise invalid(
                "data.flags", "INTERACTION_DEFER_FLAGS", "A deferred response only accepts the ephemeral flag."
            )
        flags = data.get("flags") or (EPHEMERAL if interaction.is_kept_private else 0)
        return self._post(interaction, {"content": "…", "flags": flags}, (), content="", flags=flags | LOADING)

    def _owners(self, interaction: Interaction) -> dict[str, str]:
        if interaction.message is not None and "interaction_metadata" in interaction.message.data:
            return interaction.message.data["interaction_metadata"]["authorizing_integration_owners"]
        world, channel, command_id = self._world, interaction.channel, interaction.data.get("id")
        command = next((command for command in world.commands.values() if command["id"] == command_id), {})
        return owners_of(world, command, channel, interaction.user)


def _focused_type(data: Json) -> int | None:
    """The type of the option that autocomplete asks about, however deep in subcommands."""
    for option in data.get("options") or []:
        found = option["type"] if option.get("focused") else _focused_type(option)
        if found is not None:
            return found
    return None
