"""The form of /compose, Edit and Fill: empty, or filled with what a preset or a picture says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import discord

from cogs.components import Form
from cogs.text import MAX_OPTION
from services.choices import LABEL_SEPARATOR, NO_EMBEDDING, EmbeddingChoice, parse_choice
from services.errors import UserError
from services.infotext.settings_line import read_settings_line
from services.requests import GenerationRequest
from services.stock import EmbeddingLimits
from services.suggestions.suggestion import MAX_CHOICES, Suggestion
from services.text import shorten

#: Discord's limit, in characters
MAX_TYPED = 4000
#: about what a single-line field shows, in characters
LONG_LINE = 50

Draw = Callable[[discord.Interaction, GenerationRequest, str | None], Awaitable[None]]


class ImagineForm(Form, title="What should I draw?"):
    """Prompts and embeddings, and the settings in a line that can be edited."""

    command = "imagine"

    def __init__(
        self,
        draw: Draw,
        request: GenerationRequest,
        preset: str | None,
        fitting: Sequence[Suggestion],
        limits: EmbeddingLimits,
        *,
        settings: str = "",
        is_complete: bool = False,
    ) -> None:
        """With `is_complete`, what is empty was empty in a picture, so that no preset may fill it in.

        Raises: UserError, if a prompt is longer than a form can hold.
        """
        super().__init__()
        self._draw, self._request, self._preset, self._limits = draw, request, preset, limits
        self._is_complete = is_complete
        self.prompt = _text_input(request.prompt, "a red fish in the sea", required=True)
        self.negative = _text_input(request.negative, "blurry, low quality", required=False)
        self.embeddings = _select(request.embeddings or (), fitting, limits, is_open=request.embeddings is None)
        self.settings = _text_input(settings, "Steps: 20, Seed: 7", required=False)
        self.add_item(discord.ui.Label(text="Prompt", component=self.prompt))
        self.add_item(discord.ui.Label(text="Negative prompt", description="3 to 5 words", component=self.negative))
        if self.embeddings is not None:
            how_many = f"{limits.minimum} to {limits.maximum}, best first"
            self.add_item(discord.ui.Label(text="Negative embeddings", description=how_many, component=self.embeddings))
        left_out = "What you leave out is chosen for you"
        self.add_item(discord.ui.Label(text="Settings", description=left_out, component=self.settings))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        picked = self.embeddings.values if self.embeddings is not None else ()
        choices = tuple(parse_choice(value) for value in picked)
        settings, negative = read_settings_line(self.settings.value), self.negative.value or None
        if self._is_complete:
            rest, negative = GenerationRequest(count=1), self.negative.value
            choices = choices or ((EmbeddingChoice(NO_EMBEDDING),) if self._limits.minimum == 0 else ())
        else:
            rest = self._request
        filled = GenerationRequest(prompt=self.prompt.value, negative=negative, embeddings=choices or None)
        await self._draw(interaction, filled.over(settings).over(rest), self._preset)


def _text_input(default: str | None, example: str, *, required: bool) -> discord.ui.TextInput[Any]:
    length = len(default or "")
    if length > MAX_TYPED:
        raise UserError(
            f"A form holds {MAX_TYPED:,} characters and that text has {length:,}; copy it into /imagine instead."
        )
    is_long = required or "\n" in (default or "") or length > LONG_LINE
    style = discord.TextStyle.paragraph if is_long else discord.TextStyle.short
    return discord.ui.TextInput(
        style=style, required=required, max_length=MAX_TYPED, default=default or None, placeholder=shorten(example, 100)
    )


def _select(
    named: Sequence[EmbeddingChoice], fitting: Sequence[Suggestion], limits: EmbeddingLimits, *, is_open: bool
) -> discord.ui.Select[Any] | None:
    """Embeddings that were named, with their strengths, come first and are selected; if none were, the best one is."""
    chosen = [
        choice for choice in named if choice.name.strip() and not choice.is_nothing and len(str(choice)) <= MAX_OPTION
    ]
    facts = {
        parse_choice(suggestion.value).key: suggestion.name.partition(LABEL_SEPARATOR)[2] for suggestion in fitting
    }
    values: dict[str, str] = {}
    for choice in (*chosen, *(parse_choice(suggestion.value) for suggestion in fitting)):
        values.setdefault(choice.key, str(choice))
    if not values:
        return None
    shown = list(values.items())[:MAX_CHOICES]
    most = min(limits.maximum, len(shown))
    num_selected = min(len({choice.key for choice in chosen}), most) or (1 if is_open else 0)
    options = [
        discord.SelectOption(
            label=value,
            value=value,
            description=shorten(facts.get(key, ""), MAX_OPTION) or None,
            default=index < num_selected,
        )
        for index, (key, value) in enumerate(shown)
    ]
    return discord.ui.Select(
        options=options, min_values=min(limits.minimum, most), max_values=most, required=limits.minimum > 0
    )
