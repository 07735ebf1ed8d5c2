"""What there is: servers, channels, people, messages and commands, in memory."""

from playground.world.members import Member, Role, User
from playground.world.records import (
    COMPONENTS_V2,
    DM,
    EPHEMERAL,
    IN_BOT_DM,
    IN_GUILD,
    IN_PRIVATE,
    LOADING,
    Channel,
    Guild,
    Json,
    Listener,
    MessageRecord,
)
from playground.world.state import Files, World

__all__ = [
    "COMPONENTS_V2",
    "DM",
    "EPHEMERAL",
    "IN_BOT_DM",
    "IN_GUILD",
    "IN_PRIVATE",
    "LOADING",
    "Channel",
    "Files",
    "Guild",
    "Json",
    "Listener",
    "Member",
    "MessageRecord",
    "Role",
    "User",
    "World",
]
