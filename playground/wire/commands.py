"""Discord's JSON for commands and for what moderators set about them under Integrations."""

from __future__ import annotations

from playground.world import Guild, Json, World


def command_json(world: World, sent: Json, scope: int | None, earlier: Json | None) -> Json:
    """A command as Discord stores it; `earlier` is the one with the same name and type, whose id it keeps."""
    defaults: Json = {"default_member_permissions": None, "type": 1, "description": "", "nsfw": False}
    if scope is None:
        defaults |= {"contexts": None, "integration_types": [0]}
    stored = {**defaults, **{key: value for key, value in sent.items() if value is not None}}
    if stored["default_member_permissions"] is not None:
        stored["default_member_permissions"] = str(stored["default_member_permissions"])
    if scope is not None:
        stored["guild_id"] = str(scope)
    stored["application_id"] = str(world.application_id)
    if earlier is not None:
        stored |= {key: earlier[key] for key in ("id", "version")}
        if stored == earlier:
            return earlier
        return {**stored, "version": str(world.clock.snowflake())}
    return {"id": str(world.clock.snowflake()), "version": str(world.clock.snowflake()), **stored}


def command_rules_json(world: World, guild: Guild, command_id: int) -> Json:
    rules = guild.command_rules.get(command_id, {})
    return {
        "id": str(command_id),
        "application_id": str(world.application_id),
        "guild_id": str(guild.id),
        "permissions": [
            {"id": str(target_id), "type": kind, "permission": allowed} for (kind, target_id), allowed in rules.items()
        ],
    }
