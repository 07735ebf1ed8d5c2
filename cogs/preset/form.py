"""The form of /preset edit: all settings of a preset, to be edited in place."""

from __future__ import annotations

from typing import Any

import discord

from cogs.components import Form
from cogs.permissions import managed_server
from cogs.text import as_typed
from services.infotext.settings_line import write_settings_line
from services.presets import Presets
from services.presets.changes import from_form
from services.presets.fields import LOCKABLE
from services.presets.rules import MAX_TEXT
from services.requests import Preset
from services.text import shorten

#: longer than the longest names and numbers that a preset can hold
_MAX_LINE = 400
#: of a form's title, in characters
_MAX_TITLE = 45


class PresetForm(Form):
    """A field that is cleared is no longer set."""

    command = "preset"

    def __init__(self, presets: Presets, preset: Preset) -> None:
        super().__init__(title=shorten(f"Preset {preset.name}", _MAX_TITLE))
        self._presets, self._preset = presets, preset
        request = preset.request
        embeddings = ", ".join(map(str, request.embeddings or ()))
        self.negative = _text_input(request.negative, MAX_TEXT, "blurry, low quality")
        self.prompt = _text_input(request.prompt, MAX_TEXT)
        self.embeddings = _text_input(embeddings, _MAX_LINE, "EasyNegative:0.8, BadDream")
        settings = write_settings_line(request)
        self.settings = _text_input(settings, _MAX_LINE, "Model: demo, CFG scale: 6, Steps: 20, Size: 64x64")
        self.locked: discord.ui.Select[Any] = discord.ui.Select(
            options=[discord.SelectOption(label=field, default=field in preset.locked) for field in LOCKABLE],
            min_values=0,
            max_values=len(LOCKABLE),
            required=False,
            placeholder="nothing",
        )
        for label, description, item in (
            ("Negative prompt", "Words to avoid. Whatever you clear here is no longer set.", self.negative),
            ("Prompt", "For members who give none", self.prompt),
            ("Negative embeddings", "Separated by commas; a strength follows a colon", self.embeddings),
            ("Settings", "Model, CFG scale, Steps, Size, Sampler, Count", self.settings),
            ("Locked", "What members can't override", self.locked),
        ):
            self.add_item(discord.ui.Label(text=label, description=description, component=item))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        managed_server(interaction)  # the member may have lost the permission since the form opened
        changed = from_form(
            self._preset,
            negative=self.negative.value,
            prompt=self.prompt.value,
            embeddings=self.embeddings.value,
            settings=self.settings.value,
            locked=tuple(self.locked.values),
        )
        edited = await self._presets.edit(changed, interaction.user.id)
        await interaction.response.send_message(f"Changed **{as_typed(edited.name)}**.", ephemeral=True)


def _text_input(value: str | None, limit: int, example: str | None = None) -> discord.ui.TextInput[Any]:
    style = discord.TextStyle.paragraph if limit == MAX_TEXT else discord.TextStyle.short
    return discord.ui.TextInput(
        style=style, required=False, max_length=limit, default=value or None, placeholder=example
    )
