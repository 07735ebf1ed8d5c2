"""What a person sees: messages, buttons, pictures and forms, as immutable snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from playground.wire.components import BUTTON, LABEL, SELECTS, STRING_SELECT, walk
from playground.world import EPHEMERAL, LOADING, Json

TEXT_INPUT = 4


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice in autocomplete or in a drop-down."""

    name: str
    value: str | int | float


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a message; pictures have a width and height in pixels."""

    id: int
    filename: str
    url: str
    size: int
    description: str | None = None
    content_type: str | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message."""

    label: str
    emoji: str | None
    custom_id: str | None
    url: str | None
    style: int
    disabled: bool

    def is_called(self, name: str) -> bool:
        return name in (self.label, self.emoji, self.custom_id, f"{self.emoji} {self.label}".strip())


@dataclass(frozen=True, slots=True)
class Select:
    """A drop-down."""

    custom_id: str
    placeholder: str
    options: tuple[Choice, ...]
    min_values: int
    max_values: int
    disabled: bool = False
    required: bool = True
    #: values that are selected by default
    chosen: tuple[str, ...] = ()
    #: a list of options, or everyone, every channel or every role
    kind: int = STRING_SELECT


@dataclass(frozen=True, slots=True)
class TextInput:
    """A text field in a form, one line or a paragraph."""

    custom_id: str
    required: bool
    min_length: int
    max_length: int
    is_paragraph: bool
    value: str


@dataclass(frozen=True, slots=True)
class Field:
    """A labelled item in a form."""

    label: str
    description: str
    item: Select | TextInput


@dataclass(frozen=True, slots=True)
class Modal:
    """A form that the bot opened."""

    title: str
    custom_id: str
    fields: tuple[Field, ...]
    raw: Json = field(repr=False)
    #: token of the interaction that opened the form
    token: str = ""

    def as_dict(self) -> Json:
        return {**self.raw, "token": self.token}


@dataclass(frozen=True, slots=True)
class Message:
    """A message at the moment it was read."""

    id: int
    channel_id: int
    author: str
    author_id: int
    is_bot: bool
    content: str
    embeds: tuple[Json, ...]
    attachments: tuple[Attachment, ...]
    buttons: tuple[Button, ...]
    selects: tuple[Select, ...]
    reactions: dict[str, int]
    ephemeral: bool
    thinking: bool
    reply_to: int | None
    edited: bool
    deleted: bool
    raw: Json = field(repr=False)

    @property
    def text(self) -> str:
        """All its text in order: content, embeds, text components."""
        return "\n".join(part for part in _texts(self.raw) if part)


def read_message(data: Json, *, deleted: bool = False) -> Message:
    """Parse a message from Discord's JSON."""
    components = list(walk(data["components"]))
    return Message(
        id=int(data["id"]),
        channel_id=int(data["channel_id"]),
        author=data["author"]["username"],
        author_id=int(data["author"]["id"]),
        is_bot=bool(data["author"].get("bot")),
        content=data["content"],
        embeds=tuple(data["embeds"]),
        attachments=tuple(_attachment(attachment) for attachment in data["attachments"]),
        buttons=tuple(_button(component) for component in components if component["type"] == BUTTON),
        selects=tuple(_select(component) for component in components if component["type"] in SELECTS),
        reactions={reaction["emoji"]["name"]: reaction["count"] for reaction in data.get("reactions", [])},
        ephemeral=bool(data["flags"] & EPHEMERAL),
        thinking=bool(data["flags"] & LOADING),
        reply_to=int(data["message_reference"]["message_id"]) if data.get("message_reference") else None,
        edited=data["edited_timestamp"] is not None,
        deleted=deleted,
        raw=data,
    )


def read_modal(data: Json, token: str) -> Modal:
    """Parse a form from Discord's JSON."""
    fields: list[Field] = []
    for component in data["components"]:
        if component["type"] == LABEL:
            item = _item(component["component"])
            fields.append(Field(component.get("label") or "", component.get("description") or "", item))
        else:
            inputs = component.get("components") or []
            fields.extend(Field(item.get("label") or "", "", _item(item)) for item in inputs)
    return Modal(data["title"], data["custom_id"], tuple(fields), data, token)


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
        if component["type"] == 10:
            yield component["content"]


def _attachment(data: Json) -> Attachment:
    keys = ("filename", "url", "size", "description", "content_type", "width", "height")
    return Attachment(id=int(data["id"]), **{key: data.get(key) for key in keys})  # pyright: ignore[reportArgumentType]


def _button(data: Json) -> Button:
    emoji = (data.get("emoji") or {}).get("name")
    return Button(
        data.get("label") or "",
        emoji,
        data.get("custom_id"),
        data.get("url"),
        data["style"],
        bool(data.get("disabled")),
    )


def _select(data: Json) -> Select:
    options = tuple(Choice(option["label"], option["value"]) for option in data.get("options") or [])
    defaults = [option["value"] for option in data.get("options") or [] if option.get("default")]
    defaults += [default["id"] for default in data.get("default_values") or []]
    min_values = data.get("min_values")
    return Select(
        data["custom_id"],
        data.get("placeholder") or "",
        options,
        1 if min_values is None else min_values,
        data.get("max_values") or 1,
        bool(data.get("disabled")),
        bool(data.get("required", True)),
        tuple(defaults),
        data["type"],
    )


def _item(data: Json) -> Select | TextInput:
    if data["type"] in SELECTS:
        return _select(data)
    value: Any = data.get("value") or ""
    return TextInput(
        data["custom_id"],
        bool(data.get("required", True)),
        data.get("min_length") or 0,
        data.get("max_length") or 4000,
        data.get("style") == 2,
        value,
    )
