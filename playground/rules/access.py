"""What permissions allow in a channel.

Discord checks them for messages, but not for responses to interactions, which may always have embeds and files.
Source: discord-api-docs#5316.
"""

from __future__ import annotations

from collections.abc import Set

from playground.errors import (
    missing_access,
    missing_permissions,
    no_history_for_reply,
    thread_archived,
    thread_locked,
)
from playground.world import Channel, Json


def check_view(granted: Set[str], *needed: str) -> None:
    """Raises: ApiError 50001 if the channel is hidden, 50013 if another permission is missing."""
    if "view_channel" not in granted:
        raise missing_access()
    if not granted >= set(needed):
        raise missing_permissions()


def check_send(channel: Channel, granted: Set[str], body: Json, *, has_files: bool) -> None:
    """Whether somebody with these permissions may post this message.

    Raises: ApiError 50001, 50013, 160002 for a reply without Read Message History, 160005 in a locked thread.
    """
    check_view(granted, channel.send_permission)
    if channel.is_locked and "manage_threads" not in granted:
        raise thread_locked()
    check_contents(granted, body, has_files=has_files)
    if body.get("message_reference") and "read_message_history" not in granted:
        raise no_history_for_reply()


def check_contents(granted: Set[str], body: Json, *, has_files: bool) -> None:
    """Embeds and files, in new messages and in edits."""
    if has_files and "attach_files" not in granted:
        raise missing_permissions()
    if body.get("embeds") and "embed_links" not in granted:
        raise missing_permissions()


def check_not_archived(channel: Channel) -> None:
    """Messages in archived threads can't be edited or reacted to. Raises: ApiError 50083."""
    if channel.is_archived:
        raise thread_archived()
