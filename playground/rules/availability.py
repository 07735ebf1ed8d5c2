"""Which commands a user can use in a channel.

Source: "Contexts", "Permissions" and "Age-Restricted Commands" in Discord's documentation of application commands.
"""

from __future__ import annotations

from playground.world import IN_BOT_DM, IN_GUILD, IN_PRIVATE, Channel, Guild, Json, User, World, permissions

GUILD_INSTALL, USER_INSTALL = 0, 1  # integration types
ROLE_RULE, USER_RULE, CHANNEL_RULE = 1, 2, 3  # kinds of a rule under Integrations
_PLACES = {IN_GUILD: "in servers", IN_BOT_DM: "in direct messages with the bot", IN_PRIVATE: "in private channels"}


def owners_of(world: World, command: Json, channel: Channel, user: User) -> dict[str, str]:
    """The installations that bring a command here, as in an interaction's `authorizing_integration_owners`."""
    context, types = channel.context, command.get("integration_types") or [GUILD_INSTALL]
    owners: dict[str, str] = {}
    if GUILD_INSTALL in types and channel.has_bot and context != IN_PRIVATE:
        owners["0"] = str(channel.guild.id) if channel.guild else "0"
    if USER_INSTALL in types and user.has_app:
        owners["1"] = str(user.id)
    return owners


def available_commands(world: World, channel: Channel, user: User) -> list[Json]:
    """The commands that the user's client lists in this channel."""
    guild_id = channel.guild.id if channel.guild else None
    return [
        command
        for command in world.commands_in(guild_id)
        if owners_of(world, command, channel, user) and refusal(command, channel, user) is None
    ]


def refusal(command: Json, channel: Channel, user: User) -> str | None:
    """Why the user can't use a command here, as the end of a sentence; None if they can."""
    context = channel.context
    if context not in _contexts(command):
        return f"isn't available {_PLACES[context]}"
    if command.get("nsfw") and channel.guild is not None and not channel.is_age_restricted:
        return "is age-restricted, and this channel isn't"
    if channel.is_archived:
        return "can't be used in an archived thread"
    return None if channel.guild is None else _refusal_in_guild(command, channel.guild, channel, user)


def _contexts(command: Json) -> list[int]:
    if command.get("guild_id"):
        return [IN_GUILD]
    if command.get("contexts") is not None:
        return command["contexts"]
    return [IN_GUILD, IN_PRIVATE] if command.get("dm_permission") is False else [IN_GUILD, IN_BOT_DM, IN_PRIVATE]


def _refusal_in_guild(command: Json, guild: Guild, channel: Channel, user: User) -> str | None:
    granted = channel.permissions_of(user.id)
    if guild.is_timed_out(user.id) and "administrator" not in granted:
        return f"can't be used by {user.name} during their timeout"
    if "use_application_commands" not in granted:
        return f"requires use_application_commands, which {user.name} doesn't have here"
    if "administrator" in granted or guild.bot is None:
        return None
    of_application = guild.command_rules.get(int(command.get("application_id") or 0), {})
    rules = guild.command_rules.get(int(command["id"]), of_application)
    place = (channel.parent or channel).id
    if not rules.get((CHANNEL_RULE, place), rules.get((CHANNEL_RULE, guild.id - 1), True)):
        return "is switched off in this channel under Integrations"
    member = guild.members[user.id]
    for key in ((USER_RULE, user.id), (ROLE_RULE, member.role.id), (ROLE_RULE, guild.id)):
        if key in rules:
            return None if rules[key] else f"is switched off for {user.name} under Integrations"
    return _refusal_by_default(command, granted, user)


def _refusal_by_default(command: Json, granted: frozenset[str], user: User) -> str | None:
    if command.get("default_member_permissions") is None:
        return None
    needed = permissions.names(int(command["default_member_permissions"]))
    if not needed:
        return "is limited to administrators"
    missing = ", ".join(sorted(needed - granted))
    return f"requires {missing}, which {user.name} doesn't have here" if missing else None
