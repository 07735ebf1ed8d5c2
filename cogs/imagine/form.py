"""The form of /imagine: empty but for what was typed already, or filled with what a picture says of itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import discord

from cogs.errors import answer_error
from services.errors import UserError
from services.infotext.recreation import NO_EMBEDDING
from services.infotext.settings_line import read_settings_line
from services.planning.picks import EmbeddingLimits
from services.requests import GenerationRequest
from services.suggestions.autocomplete import MAX_CHOICES, Suggestion

#: Discord's limits, in characters
MAX_TYPED = 4000
MAX_OPTION = 100
#: what a field of one line shows of its text, about
LONG_LINE = 50

Draw = Callable[[discord.Interaction, GenerationRequest, str | None], Awaitable[None]]


class ImagineForm(discord.ui.Modal, title="What shall I draw?"):
    """Prompts and embeddings; with `settings` also these, in a line that can be changed."""

    def __init__(
        self,
        draw: Draw,
        request: GenerationRequest,
        preset: str | None,
        fitting: Sequence[Suggestion],
        limits: EmbeddingLimits,
        *,
        settings: str | None = None,
    ) -> None:
        """Raises: UserError, if a prompt is longer than a form takes."""
        super().__init__()
        self._draw, self._request, self._preset, self._limits = draw, request, preset, limits
        self.prompt = self._text(request.prompt, "a red fish in the sea", required=True)
        self.negative = self._text(request.negative, "blurry, low quality", required=False)
        self.embeddings = _select(request.embeddings, fitting, limits)
        self.settings = None if settings is None else self._text(settings, "Steps: 20, Seed: 7", required=False)
        self.add_item(discord.ui.Label(text="Prompt", component=self.prompt))
        self.add_item(discord.ui.Label(text="Negative prompt", description="3 to 5 words", component=self.negative))
        if self.embeddings is not None:
            how_many = f"{limits.minimum} to {limits.maximum}, the best first"
            self.add_item(discord.ui.Label(text="Negative embeddings", description=how_many, component=self.embeddings))
        if self.settings is not None:
            left_out = "What you leave out is chosen for you"
            self.add_item(discord.ui.Label(text="Settings", description=left_out, component=self.settings))

    def _text(self, default: str | None, example: str, *, required: bool) -> discord.ui.TextInput[Any]:
        if len(default or "") > MAX_TYPED:
            raise UserError(
                f"A form takes {MAX_TYPED:,} characters, and that text has {len(default or ''):,}: copy it into /imagine."
            )
        is_long = required or "\n" in (default or "") or len(default or "") > LONG_LINE
        style = discord.TextStyle.paragraph if is_long else discord.TextStyle.short
        return discord.ui.TextInput(
            style=style, required=required, max_length=MAX_TYPED, default=default or None, placeholder=example
        )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        named = tuple(self.embeddings.values) if self.embeddings is not None else ()
        if self.settings is None:
            rest, negative = self._request, self.negative.value or None
        else:  # what is empty here was empty in the picture too, and no preset is to fill it
            rest, negative = read_settings_line(self.settings.value), self.negative.value
            named = named or ((NO_EMBEDDING,) if self._limits.minimum == 0 else ())
        filled = GenerationRequest(prompt=self.prompt.value, negative=negative, embeddings=named or None)
        await self._draw(interaction, filled.over(rest), self._preset)

    async def on_error(self, interaction: discord.Interaction, error: Exception) -> None:
        await answer_error(interaction, error)


def _select(
    named: Sequence[str] | None, fitting: Sequence[Suggestion], limits: EmbeddingLimits
) -> discord.ui.Select[Any] | None:
    """What is named already, with its strength, stands first and is chosen; without any, the best one is."""
    chosen = [name.strip()[:MAX_OPTION] for name in named or () if name.strip() and name != NO_EMBEDDING]
    facts = {_bare(one.value): one.name.partition(" · ")[2] for one in fitting}
    values: dict[str, str] = {}
    for value in (*chosen, *(one.value for one in fitting)):
        values.setdefault(_bare(value), value)
    if not values:
        return None
    shown = list(values.values())[:MAX_CHOICES]
    most = min(limits.maximum, len(shown))
    num_chosen = min(len(set(map(_bare, chosen))), most) or (1 if not named else 0)
    options = [
        discord.SelectOption(
            label=value,
            value=value,
            description=facts.get(_bare(value), "")[:MAX_OPTION] or None,
            default=n < num_chosen,
        )
        for n, value in enumerate(shown)
    ]
    return discord.ui.Select(
        options=options, min_values=min(limits.minimum, most), max_values=most, required=limits.minimum > 0
    )


def _bare(name: str) -> str:
    """Without its strength."""
    return name.partition(":")[0].strip().casefold()
