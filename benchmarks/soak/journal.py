"""The history of a soak, line by line: a lost picture can only be explained with the history of its messages."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from enum import StrEnum

from playground import Discord, Message
from playground.world import Channel, Json, MessageRecord

_JOB = re.compile(r"(?:reroll|cancel|delete):(\d+)|job-(\d+)")


class Kind(StrEnum):
    """What a member who waits for a picture sees in a message."""

    DELETED = "deleted"
    THINKING = "thinking"
    CARD = "card"
    PICTURES = "pictures"
    SENTENCE = "sentence"


def kind_of(record: MessageRecord) -> Kind:
    """Classify a message. One with a Cancel button, enabled or not, is a card: it isn't the final answer yet."""
    message = Message(record.data, deleted=record.deleted)
    if message.deleted:
        return Kind.DELETED
    if message.thinking:
        return Kind.THINKING
    if any((button.custom_id or "").startswith("cancel:") for button in message.buttons):
        return Kind.CARD
    return Kind.PICTURES if message.attachments else Kind.SENTENCE


def jobs_of(record: MessageRecord) -> set[int]:
    """The ids of the jobs that a message's buttons and nonce name."""
    names = [button.custom_id or "" for button in Message(record.data).buttons]
    found = [_JOB.fullmatch(name) for name in (*names, str(record.data.get("nonce")))]
    return {int(match[1] or match[2]) for match in found if match}


class Journal:
    """Timestamped lines, each with the ids of what it is about."""

    def __init__(self, discord: Discord) -> None:
        self._started = time.monotonic()
        self._bot = discord.world.bot
        self._gateway = discord.gateway
        self._lines: list[tuple[str, frozenset[int]]] = []
        #: when a message last changed, by time.monotonic()
        self.last_change = self._started
        discord.world.listeners.append(self._on_event)

    def note(self, text: str, *ids: int) -> None:
        """Write a line; `ids` are those of messages, interactions and jobs."""
        self._lines.append((f"{time.monotonic() - self._started:8.3f} {text}", frozenset(ids)))

    def about(self, ids: Iterable[int]) -> list[str]:
        """The lines about any of these ids, and the lines between them without any id, such as kills and restarts."""
        wanted = set(ids)
        matches = [number for number, (_, known) in enumerate(self._lines) if known & wanted]
        if not matches:
            return []
        span = range(max(0, matches[0] - 3), min(len(self._lines), matches[-1] + 4))
        return [self._lines[number][0] for number in span if not self._lines[number][1] - wanted]

    @property
    def lines(self) -> list[str]:
        return [text for text, _ in self._lines]

    def _on_event(self, event: str, data: Json, channel: Channel | None, only_for: int | None) -> None:
        where = f"#{channel.name}" if channel else ""
        if event == "INTERACTION_CREATE":
            what = data["data"].get("name") or data["data"].get("custom_id")
            self.note(f"interaction {data['id']} {what} {where}", int(data["id"]))
        elif event == "MESSAGE_REACTION_ADD" and int(data["user_id"]) != self._bot.id:
            missed = "" if self._gateway.connected else ", while the bot isn't connected"
            self.note(f"reaction of {data['user_id']} on message {data['message_id']}{missed}", int(data["message_id"]))
        elif event.startswith("MESSAGE_") and "record" in data:
            self._note_message(event.removeprefix("MESSAGE_").lower(), data["record"], where)

    def _note_message(self, verb: str, record: MessageRecord, where: str) -> None:
        self.last_change = time.monotonic()
        jobs, origin = jobs_of(record), record.data.get("interaction_metadata")
        text = Message(record.data).text.replace("\n", " ")[:60]
        self.note(
            f"message {record.id} {verb}d {where} {kind_of(record)} jobs {sorted(jobs)} {text!r}",
            record.id,
            *jobs,
            *([int(origin["id"])] if origin else []),
        )
