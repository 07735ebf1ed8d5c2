"""What a request's path refers to, or the error that Discord responds with."""

from __future__ import annotations

from aiohttp import web

from playground.errors import ApiError, missing_access, unknown_channel, unknown_message
from playground.rules.access import check_view
from playground.world import Channel, Guild, MessageRecord, User, World


def user_of(world: World, request: web.Request) -> User:
    user = world.users.get(int(request.match_info["user_id"]))
    if user is None:
        raise ApiError(404, 10013, "Unknown User")
    return user


def guild_of(world: World, request: web.Request) -> Guild:
    guild = world.guilds.get(int(request.match_info["guild_id"]))
    if guild is None:
        raise ApiError(404, 10004, "Unknown Guild")
    if guild.bot is None:
        raise missing_access()
    return guild


def channel_of(world: World, request: web.Request, *needed: str) -> Channel:
    channel = world.channels.get(int(request.match_info["channel_id"]))
    if channel is None:
        raise unknown_channel()
    check_view(channel.bot_permissions, *needed)
    return channel


def message_of(world: World, request: web.Request, *needed: str) -> MessageRecord:
    channel = channel_of(world, request, *needed)
    record = channel.messages.get(int(request.match_info["message_id"]))
    if record is None or record.deleted or record.only_for is not None:
        raise unknown_message()
    return record
