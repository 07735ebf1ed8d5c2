"""What a person sees of messages, as snapshots over Discord's JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from playground.wire.components import BUTTON, SELECTS, TEXT_DISPLAY, walk
from playground.wire.controls import Button, Select
from playground.world import EPHEMERAL, LOADING, Json


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a message; pictures have a width and height in pixels."""

    raw: Json

    @property
    def id(self) -> int:
        return int(self.raw["id"])

    @property
    def filename(self) -> str:
        return self.raw["filename"]

    @property
    def url(self) -> str:
        return self.raw["url"]

    @property
    def size(self) -> int:
        return self.raw["size"]

    @property
    def description(self) -> str | None:
        return self.raw.get("description")

    @property
    def content_type(self) -> str | None:
        return self.raw.get("content_type")

    @property
    def width(self) -> int | None:
        return self.raw.get("width")

    @property
    def height(self) -> int | None:
        return self.raw.get("height")


@dataclass(frozen=True, slots=True)
class Message:
    """A message at the moment it was read; later edits don't change it."""

    raw: Json
    deleted: bool = False

    @property
    def id(self) -> int:
        return int(self.raw["id"])

    @property
    def channel_id(self) -> int:
        return int(self.raw["channel_id"])

    @property
    def author(self) -> str:
        return self.raw["author"]["username"]

    @property
    def author_id(self) -> int:
        return int(self.raw["author"]["id"])

    @property
    def is_bot(self) -> bool:
        return bool(self.raw["author"].get("bot"))

    @property
    def content(self) -> str:
        return self.raw["content"]

    @property
    def embeds(self) -> tuple[Json, ...]:
        return tuple(self.raw["embeds"])

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        return tuple(map(Attachment, self.raw["attachments"]))

    @property
    def buttons(self) -> tuple[Button, ...]:
        return tuple(Button(component) for component in walk(self.raw["components"]) if component["type"] == BUTTON)

    @property
    def selects(self) -> tuple[Select, ...]:
        return tuple(Select(component) for component in walk(self.raw["components"]) if component["type"] in SELECTS)

    @property
    def reactions(self) -> dict[str, int]:
        return {reaction["emoji"]["name"]: reaction["count"] for reaction in self.raw.get("reactions", [])}

    @property
    def ephemeral(self) -> bool:
        return bool(self.raw["flags"] & EPHEMERAL)

    @property
    def thinking(self) -> bool:
        return bool(self.raw["flags"] & LOADING)

    @property
    def reply_to(self) -> int | None:
        reference = self.raw.get("message_reference")
        return int(reference["message_id"]) if reference else None

    @property
    def edited(self) -> bool:
        return self.raw["edited_timestamp"] is not None

    @property
    def text(self) -> str:
        """All its text in order: content, embeds, text components."""
        return "\n".join(part for part in _texts(self.raw) if part)


def _texts(data: Json) -> Iterator[str]:
    yield data["content"]
    for embed in data["embeds"]:
        yield (embed.get("author") or {}).get("name") or ""
        yield embed.get("title") or ""
        yield embed.get("description") or ""
        for item in embed.get("fields") or []:
            yield f"{item['name']}: {item['value']}"
        yield (embed.get("footer") or {}).get("text") or ""
    for component in walk(data["components"]):
        if component["type"] == TEXT_DISPLAY:
            yield component["content"]
