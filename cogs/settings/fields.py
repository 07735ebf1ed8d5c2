"""The fields of the settings' forms, and what is read from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import discord

from cogs.text import MAX_OPTION
from embeddings.names import name_key
from services.choices import EmbeddingChoice, split_choices
from services.errors import UserError
from services.suggestions.suggestion import MAX_CHOICES
from services.text import shorten

#: Discord's limit, in characters
MAX_TEXT = 4000

Names = discord.ui.Select[Any] | discord.ui.TextInput[Any]


def text_field(value: object, example: str, *, limit: int = MAX_TEXT) -> discord.ui.TextInput[Any]:
    """A field that may stay empty."""
    text = "" if value is None else str(value)
    style = discord.TextStyle.paragraph if limit == MAX_TEXT else discord.TextStyle.short
    return discord.ui.TextInput(
        style=style, required=False, max_length=limit, default=text or None, placeholder=example
    )


def names_field(chosen: Sequence[str], known: Iterable[str]) -> Names:
    """A drop-down of what there is or, where it doesn't hold that many, a text field."""
    names = {name_key(name): name for name in (*known, *chosen)}
    picked = set(map(name_key, chosen))
    if not 1 <= len(names) <= MAX_CHOICES or any(len(name) > MAX_OPTION for name in names.values()):
        return text_field(", ".join(chosen), "names, separated by commas")
    options = [discord.SelectOption(label=name, value=name, default=key in picked) for key, name in names.items()]
    return discord.ui.Select(options=options, min_values=0, max_values=len(options), required=False)


def yes_or_no(value: bool) -> discord.ui.Select[Any]:
    options = [
        discord.SelectOption(label="yes", value="yes", default=value),
        discord.SelectOption(label="no", value="no", default=not value),
    ]
    return discord.ui.Select(options=options)


def choice_field(chosen: str, options: Iterable[tuple[str, str]]) -> discord.ui.Select[Any]:
    """A drop-down of (value, label) pairs, of which one is chosen."""
    shown = [discord.SelectOption(label=label, value=value, default=value == chosen) for value, label in options]
    return discord.ui.Select(options=shown)


def channels_field(chosen: Sequence[int], *, most: int = 25) -> discord.ui.ChannelSelect[Any]:
    """Channels that pictures can be posted in."""
    kinds = [discord.ChannelType.text, discord.ChannelType.news, discord.ChannelType.forum, discord.ChannelType.voice]
    values = [discord.SelectDefaultValue(id=id_, type=discord.SelectDefaultValueType.channel) for id_ in chosen[:most]]
    return discord.ui.ChannelSelect(
        channel_types=kinds, min_values=0, max_values=most, required=False, default_values=values
    )


def roles_field(chosen: Sequence[int], *, most: int = 25) -> discord.ui.RoleSelect[Any]:
    values = [discord.SelectDefaultValue(id=id_, type=discord.SelectDefaultValueType.role) for id_ in chosen[:most]]
    return discord.ui.RoleSelect(min_values=0, max_values=most, required=False, default_values=values)


def names_in(field: Names) -> tuple[str, ...]:
    """The names in a field of either kind."""
    if isinstance(field, discord.ui.Select):
        return tuple(field.values)
    return tuple(EmbeddingChoice.from_text(name).name for name in split_choices(field.value))


def number_in(name: str, field: discord.ui.TextInput[Any]) -> int | None:
    """The number in a field; None if it is empty.

    Raises: UserError, if it isn't a whole number.
    """
    typed = field.value.strip()
    if not typed:
        return None
    if not typed.isdecimal() or len(typed) > 9:
        raise UserError(f"{name} takes a whole number, or nothing for no limit; you gave '{shorten(typed)}'.")
    return int(typed)


def share_in(name: str, field: discord.ui.TextInput[Any], default: float) -> float:
    """The number from 0 to 1 in a field; the default if it is empty.

    Raises: UserError.
    """
    typed = field.value.strip().replace(",", ".")
    try:
        share = float(typed or default)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise UserError(f"{name} takes a number from 0 to 1, such as {default:g}; you gave '{shorten(typed)}'.")
    return share


def ids_in(field: discord.ui.TextInput[Any]) -> tuple[int, ...]:
    """Discord's ids in a field.

    Raises: UserError, naming what isn't one.
    """
    words = field.value.replace(",", " ").split()
    wrong = next((word for word in words if not (word.isdecimal() and len(word) <= 19)), None)
    if wrong is not None:
        raise UserError(f"'{shorten(wrong)}' isn't an id; Discord's app copies ids once its developer mode is on.")
    return tuple(map(int, words))
