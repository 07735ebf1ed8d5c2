"""Discord's JSON for users and the application."""

from __future__ import annotations

from playground.world import Json, User, World


def user_json(account: User) -> Json:
    return {
        "id": str(account.id),
        "username": account.name,
        "discriminator": "0",
        "global_name": None if account.is_bot else account.name,
        "avatar": None,
        "bot": account.is_bot,
        "public_flags": 0,
        "flags": 0,
        "primary_guild": None,
    }


def application_json(world: World) -> Json:
    return {
        "id": str(world.application_id),
        "name": world.bot.name,
        "icon": None,
        "description": "",
        "type": None,
        "verify_key": "0" * 64,
        "flags": 0,
        "flags_new": "0",
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": user_json(User(world.application_id, "owner")),
        "approximate_guild_count": len(world.guilds),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "bot_public": True,
        "bot_require_code_grant": False,
        "eligible_oauth2_scopes": [],
        "bot": user_json(world.bot),
        "tags": [],
    }
