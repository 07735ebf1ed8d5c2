"""The form of /my defaults."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import discord

from cogs.components import Form
from services.checkpoints import Checkpoint
from services.choices import parse_choices
from services.requests import GenerationRequest, MemberDefaults
from services.suggestions.suggestion import MAX_CHOICES

Save = Callable[[discord.Interaction, MemberDefaults], Awaitable[None]]

_ANY = "any"
_MAX_TYPED = 400  # characters


class DefaultsForm(Form, title="Your defaults"):
    """What is left empty isn't set."""

    command = "my"

    def __init__(self, known: MemberDefaults, models: Sequence[Checkpoint], save: Save) -> None:
        super().__init__()
        self._save = save
        request = known.request
        named = [(_ANY, "the server's"), *((model.id, model.title) for model in models[: MAX_CHOICES - 1])]
        self.model = _select(named, request.model or _ANY)
        self.embeddings = _line(", ".join(map(str, request.embeddings or ())), "EasyNegative:0.8, bad-hands-5")
        self.size = _line(request.size, "512x768, 2:3 or portrait")
        self.private = _select(
            [("no", "everybody in the channel"), ("yes", "only me")], "yes" if known.is_private else "no"
        )
        self.add_item(discord.ui.Label(text="Model", component=self.model))
        fit = "Used where they fit the model"
        self.add_item(discord.ui.Label(text="Negative embeddings", description=fit, component=self.embeddings))
        self.add_item(discord.ui.Label(text="Size", component=self.size))
        self.add_item(discord.ui.Label(text="Who sees your pictures?", component=self.private))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        model = next((value for value in self.model.values if value != _ANY), None)
        request = GenerationRequest(
            model=model,
            embeddings=parse_choices(self.embeddings.value) or None,
            size=self.size.value.strip() or None,
        )
        await self._save(interaction, MemberDefaults(request, is_private=self.private.values == ["yes"]))


def _line(value: str | None, example: str) -> discord.ui.TextInput[Any]:
    return discord.ui.TextInput(required=False, max_length=_MAX_TYPED, default=value or None, placeholder=example)


def _select(choices: Sequence[tuple[str, str]], chosen: str) -> discord.ui.Select[Any]:
    options = [discord.SelectOption(label=label, value=value, default=value == chosen) for value, label in choices]
    return discord.ui.Select(options=options)
