"""The form of /preset edit: all settings of a preset as they are, to be written over."""

from __future__ import annotations

from typing import Any

import discord

from cogs.errors import answer_error
from services.presets import Presets
from services.presets.changes import from_form
from services.presets.lines import LOCKABLE, settings_line
from services.presets.rules import MAX_TEXT
from services.requests import Preset

#: longer than the longest names and numbers that a preset can hold
_MAX_LINE = 400


class PresetForm(discord.ui.Modal):
    """What is emptied in it is not set any more."""

    def __init__(self, presets: Presets, preset: Preset) -> None:
        super().__init__(title=f"Preset {preset.name}")
        self._presets, self._preset = presets, preset
        request = preset.request
        self.negative = _text(request.negative, MAX_TEXT, "blurry, low quality")
        self.prompt = _text(request.prompt, MAX_TEXT)
        self.embeddings = _text(", ".join(request.embeddings or ()), _MAX_LINE, "EasyNegative:0.8, BadDream")
        self.settings = _text(settings_line(request), _MAX_LINE, "model: demo, cfg: 6, steps: 20, size: 64x64")
        self.locked: discord.ui.Select[Any] = discord.ui.Select(
            options=[discord.SelectOption(label=field, default=field in preset.locked) for field in LOCKABLE],
            min_values=0,
            max_values=len(LOCKABLE),
            required=False,
            placeholder="nothing",
        )
        for label, description, item in (
            ("Negative prompt", "Words to avoid. Whatever is emptied here is left open.", self.negative),
            ("Prompt", "For whoever gives none", self.prompt),
            ("Negative embeddings", "Commas between them; a strength after a colon", self.embeddings),
            ("Settings", "model, cfg, steps, size, sampler, count", self.settings),
            ("Fixed", "What members cannot change when they use it", self.locked),
        ):
            self.add_item(discord.ui.Label(text=label, description=description, component=item))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        changed = from_form(
            self._preset,
            negative=self.negative.value,
            prompt=self.prompt.value,
            embeddings=self.embeddings.value,
            settings=self.settings.value,
            locked=tuple(self.locked.values),
        )
        edited = await self._presets.edit(changed, interaction.user.id)
        await interaction.response.send_message(f"Changed **{edited.name}**.", ephemeral=True)

    async def on_error(self, interaction: discord.Interaction, error: Exception) -> None:
        await answer_error(interaction, error)


def _text(value: str | None, most: int, example: str | None = None) -> discord.ui.TextInput[Any]:
    style = discord.TextStyle.paragraph if most == MAX_TEXT else discord.TextStyle.short
    return discord.ui.TextInput(
        style=style, required=False, max_length=most, default=value or None, placeholder=example
    )
