"""What there is: servers, channels, people, messages and commands, in memory."""

from playground.world.records import COMPONENTS_V2, EPHEMERAL, LOADING, Channel, Guild, Json, MessageRecord, User
from playground.world.state import Files, Listener, World

__all__ = [
    "COMPONENTS_V2",
    "EPHEMERAL",
    "LOADING",
    "Channel",
    "Files",
    "Guild",
    "Json",
    "Listener",
    "MessageRecord",
    "User",
    "World",
]
