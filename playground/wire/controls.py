"""What a person can use: buttons, drop-downs and forms, as snapshots over Discord's JSON."""

from __future__ import annotations

from dataclasses import dataclass

from playground.wire.components import LABEL, SELECTS
from playground.world import Json

PARAGRAPH = 2  # a text input's style
MAX_INPUT = 4000  # characters


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice in autocomplete or in a drop-down."""

    name: str
    value: str | int | float


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message."""

    raw: Json

    @property
    def label(self) -> str:
        return self.raw.get("label") or ""

    @property
    def emoji(self) -> str | None:
        return (self.raw.get("emoji") or {}).get("name")

    @property
    def custom_id(self) -> str | None:
        return self.raw.get("custom_id")

    @property
    def url(self) -> str | None:
        return self.raw.get("url")

    @property
    def style(self) -> int:
        return self.raw["style"]

    @property
    def disabled(self) -> bool:
        return bool(self.raw.get("disabled"))

    def is_called(self, name: str) -> bool:
        return name in (self.label, self.emoji, self.custom_id, f"{self.emoji} {self.label}".strip())


@dataclass(frozen=True, slots=True)
class Select:
    """A drop-down."""

    raw: Json

    @property
    def kind(self) -> int:
        """Its component type: a list of options, or everyone, every role or every channel."""
        return self.raw["type"]

    @property
    def custom_id(self) -> str:
        return self.raw["custom_id"]

    @property
    def placeholder(self) -> str:
        return self.raw.get("placeholder") or ""

    @property
    def options(self) -> tuple[Choice, ...]:
        return tuple(Choice(option["label"], option["value"]) for option in self.raw.get("options") or [])

    @property
    def min_values(self) -> int:
        low = self.raw.get("min_values")
        return 1 if low is None else low

    @property
    def max_values(self) -> int:
        return self.raw.get("max_values") or 1

    @property
    def disabled(self) -> bool:
        return bool(self.raw.get("disabled"))

    @property
    def required(self) -> bool:
        return bool(self.raw.get("required", True))

    @property
    def chosen(self) -> tuple[str, ...]:
        """The values that are selected by default."""
        options = [option["value"] for option in self.raw.get("options") or [] if option.get("default")]
        return (*options, *(default["id"] for default in self.raw.get("default_values") or []))


@dataclass(frozen=True, slots=True)
class TextInput:
    """A text field in a form, one line or a paragraph."""

    raw: Json

    @property
    def custom_id(self) -> str:
        return self.raw["custom_id"]

    @property
    def required(self) -> bool:
        return bool(self.raw.get("required", True))

    @property
    def min_length(self) -> int:
        return self.raw.get("min_length") or 0

    @property
    def max_length(self) -> int:
        return self.raw.get("max_length") or MAX_INPUT

    @property
    def is_paragraph(self) -> bool:
        return self.raw.get("style") == PARAGRAPH

    @property
    def value(self) -> str:
        return self.raw.get("value") or ""


@dataclass(frozen=True, slots=True)
class Field:
    """A labelled item in a form."""

    label: str
    description: str
    item: Select | TextInput


@dataclass(frozen=True, slots=True)
class Modal:
    """A form that the bot opened."""

    raw: Json
    #: token of the interaction that opened the form
    token: str = ""

    @property
    def title(self) -> str:
        return self.raw["title"]

    @property
    def custom_id(self) -> str:
        return self.raw["custom_id"]

    @property
    def fields(self) -> tuple[Field, ...]:
        """Its drop-downs and text fields, whether in labels or in the rows of older forms."""
        fields: list[Field] = []
        for component in self.raw["components"]:
            if component["type"] == LABEL:
                item = _item(component["component"])
                fields.append(Field(component.get("label") or "", component.get("description") or "", item))
            else:
                inputs = component.get("components") or []
                fields.extend(Field(item.get("label") or "", "", _item(item)) for item in inputs)
        return tuple(fields)

    def as_dict(self) -> Json:
        return {**self.raw, "token": self.token}


def _item(data: Json) -> Select | TextInput:
    return Select(data) if data["type"] in SELECTS else TextInput(data)
