"""Discord's JSON for interactions: the event that the bot receives, and what its messages say about their origin."""

from __future__ import annotations

from playground.wire.guilds import channel_json, member_json
from playground.wire.messages import message_json
from playground.wire.users import user_json
from playground.world import Json, World, permissions
from playground.world.interactions import COMMAND, COMPONENT, SUBMIT, Interaction

_COMMAND_RESPONSE = 20  # type of a message
#: kinds of options: a subcommand, and a group of them
_SUBCOMMANDS = (1, 2)


def interaction_json(world: World, interaction: Interaction) -> Json:
    """The INTERACTION_CREATE event."""
    channel, guild = interaction.channel, interaction.channel.guild
    granted = str(permissions.bits(channel.permissions_of(interaction.user.id)))
    event: Json = {
        "id": str(interaction.id),
        "application_id": str(world.application_id),
        "type": interaction.kind,
        "token": interaction.token,
        "version": 1,
        "data": interaction.data,
        "channel_id": str(channel.id),
        "channel": {**channel_json(world, channel), "permissions": granted},
        "locale": "en-US",
        "entitlements": [],
        "app_permissions": str(permissions.bits(_app_permissions(interaction))),
        "authorizing_integration_owners": interaction.owners,
        "context": channel.context,
        "attachment_size_limit": world.upload_limit,
    }
    if guild is not None:
        event["guild_id"], event["guild_locale"] = str(guild.id), "en-US"
        event["guild"] = {"id": str(guild.id), "locale": "en-US", "features": []}
        event["member"] = {**member_json(world, guild, interaction.user.id), "permissions": granted}
    else:
        event["user"] = user_json(interaction.user)
    if interaction.message is not None:
        event["message"] = message_json(interaction.message, world.bot.id)
    return event


def _full_name(data: Json) -> str:
    """A command's name with those of its group and subcommand."""
    inner = next((option for option in data.get("options", []) if option["type"] in _SUBCOMMANDS), None)
    return f"{data['name']} {_full_name(inner)}" if inner else data["name"]


def metadata_json(world: World, interaction: Interaction) -> Json:
    """The fields of a message that responds to an interaction."""
    kind = {COMMAND: 2, COMPONENT: 3, SUBMIT: 5}[interaction.kind]
    metadata: Json = {
        "id": str(interaction.id),
        "type": kind,
        "user": user_json(interaction.user),
        "authorizing_integration_owners": interaction.owners,
    }
    if interaction.kind == COMPONENT and interaction.message is not None:
        metadata["interacted_message_id"] = str(interaction.message.id)
    if interaction.kind == SUBMIT:
        metadata["triggering_interaction_metadata"] = {**metadata, "type": COMMAND}
    application_id = str(world.application_id)
    data: Json = {"application_id": application_id, "webhook_id": application_id, "interaction_metadata": metadata}
    if interaction.kind == COMMAND:
        user, name = metadata["user"], _full_name(interaction.data)
        data["interaction"] = {"id": metadata["id"], "type": kind, "name": name, "user": user}
        data["type"] = _COMMAND_RESPONSE
    return data


def _app_permissions(interaction: Interaction) -> frozenset[str]:
    """Where the bot isn't a member, embeds and files are always allowed, and what else the user could do themselves.

    Source: discord-api-docs#5316.
    """
    channel = interaction.channel
    if channel.guild is None or channel.has_bot:
        return channel.bot_permissions
    granted = channel.permissions_of(interaction.user.id) & {"mention_everyone", "use_external_emojis"}
    return granted | {"attach_files", "embed_links"}
