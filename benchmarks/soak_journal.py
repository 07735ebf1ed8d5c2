"""What happened, line by line: whoever has to explain a lost picture needs the history of its message."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from enum import StrEnum

from playground import Discord
from playground.wire.views import read_message
from playground.world import Channel, Json, MessageRecord

_JOB = re.compile(r"(?:reroll|cancel|delete):(\d+)|job-(\d+)")


class Look(StrEnum):
    """What a message is to whoever waits for a picture."""

    DELETED = "deleted"
    THINKING = "thinking"
    CARD = "card"
    PICTURES = "pictures"
    SENTENCE = "sentence"


def look_of(record: MessageRecord) -> Look:
    """A card is what has a Cancel button, pressable or not: nothing in it is the last word."""
    message = read_message(record.data, deleted=record.deleted)
    if message.deleted:
        return Look.DELETED
    if message.thinking:
        return Look.THINKING
    if any((one.custom_id or "").startswith("cancel:") for one in message.buttons):
        return Look.CARD
    return Look.PICTURES if message.attachments else Look.SENTENCE


def jobs_of(record: MessageRecord) -> set[int]:
    """The jobs that a message names in its buttons and its nonce."""
    names = [button.custom_id or "" for button in read_message(record.data).buttons]
    found = [_JOB.fullmatch(name) for name in (*names, str(record.data.get("nonce")))]
    return {int(match[1] or match[2]) for match in found if match}


class Journal:
    """Lines with the time, and the ids that each is about."""

    def __init__(self, discord: Discord) -> None:
        self._started = time.monotonic()
        self._bot = discord.world.bot
        self._gateway = discord.gateway
        self._lines: list[tuple[str, frozenset[int]]] = []
        #: when a message last changed, in seconds of the monotonic clock
        self.moved = self._started
        discord.world.listeners.append(self._hear)

    def note(self, text: str, *ids: int) -> None:
        """Write a line; `ids` are those of messages, interactions and jobs."""
        self._lines.append((f"{time.monotonic() - self._started:8.3f} {text}", frozenset(ids)))

    def about(self, ids: Iterable[int]) -> list[str]:
        """The lines about any of these, and those about everything: kills, starts, failing networks."""
        wanted = set(ids)
        mine = [number for number, (_, known) in enumerate(self._lines) if known & wanted]
        if not mine:
            return []
        span = range(max(0, mine[0] - 3), min(len(self._lines), mine[-1] + 4))
        return [self._lines[number][0] for number in span if not self._lines[number][1] - wanted]

    @property
    def lines(self) -> list[str]:
        return [text for text, _ in self._lines]

    def _hear(self, event: str, data: Json, channel: Channel | None, only_for: int | None) -> None:
        where = f"#{channel.name}" if channel else ""
        if event == "INTERACTION_CREATE":
            what = data["data"].get("name") or data["data"].get("custom_id")
            self.note(f"interaction {data['id']} {what} {where}", int(data["id"]))
        elif event == "MESSAGE_REACTION_ADD" and int(data["user_id"]) != self._bot.id:
            heard = "" if self._gateway.connected else ", and nobody is connected"
            self.note(f"reaction of {data['user_id']} on message {data['message_id']}{heard}", int(data["message_id"]))
        elif event.startswith("MESSAGE_") and "record" in data:
            self._note_message(event.removeprefix("MESSAGE_").lower(), data["record"], where)

    def _note_message(self, verb: str, record: MessageRecord, where: str) -> None:
        self.moved = time.monotonic()
        jobs, origin = jobs_of(record), record.data.get("interaction_metadata")
        text = read_message(record.data).text.replace("\n", " ")[:60]
        self.note(
            f"message {record.id} {verb}d {where} {look_of(record)} jobs {sorted(jobs)} {text!r}",
            record.id,
            *jobs,
            *([int(origin["id"])] if origin else []),
        )
