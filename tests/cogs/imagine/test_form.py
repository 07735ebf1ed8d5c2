"""The form's fields, within Discord's limits."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from cogs.imagine.form import ImagineForm
from services.errors import UserError
from services.planning.picks import EmbeddingLimits
from services.requests import GenerationRequest
from services.suggestions.autocomplete import Suggestion

FITTING = [Suggestion(f"name{n} · general quality · 2 vectors", f"name{n}") for n in range(25)]


async def draw(interaction: discord.Interaction, request: GenerationRequest, preset: str | None) -> None:
    """Nothing is submitted here."""


def a_form(
    request: GenerationRequest, settings: str | None = None, *, fitting: list[Suggestion] = FITTING, limits: int = 3
) -> ImagineForm:
    return ImagineForm(draw, request, None, fitting, EmbeddingLimits(1, limits), settings=settings)


def options(form: ImagineForm) -> list[discord.SelectOption]:
    select: Any = form.embeddings
    return select.options


def chosen(form: ImagineForm) -> list[str]:
    return [one.value for one in options(form) if one.default]


async def test_without_anything_named_the_best_is_chosen() -> None:
    assert chosen(a_form(GenerationRequest())) == ["name0"]


async def test_what_is_named_stands_first_with_its_strength() -> None:
    form = a_form(GenerationRequest(embeddings=("name7:0.8", "elsewhere", "NAME3")))
    assert [one.value for one in options(form)][:5] == ["name7:0.8", "elsewhere", "NAME3", "name0", "name1"]
    assert chosen(form) == ["name7:0.8", "elsewhere", "NAME3"]
    assert [one.description for one in options(form)][:3] == [
        "general quality · 2 vectors",
        None,
        "general quality · 2 vectors",
    ]
    assert len(options(form)) == 25


async def test_no_more_are_chosen_than_may_be() -> None:
    assert chosen(a_form(GenerationRequest(embeddings=("a", "b", "c")), limits=2)) == ["a", "b"]


async def test_none_at_all_stays_none() -> None:
    assert chosen(a_form(GenerationRequest(embeddings=("none",)))) == []


async def test_where_nothing_fits_there_is_no_choice() -> None:
    assert a_form(GenerationRequest(), fitting=[]).embeddings is None


async def test_settings_are_a_field_only_where_there_are_some() -> None:
    labels = [[one.text for one in a_form(GenerationRequest(), given).children if isinstance(one, discord.ui.Label)]
              for given in (None, "Steps: 20")]  # fmt: skip
    assert labels == [
        ["Prompt", "Negative prompt", "Negative embeddings"],
        ["Prompt", "Negative prompt", "Negative embeddings", "Settings"],
    ]


async def test_a_prompt_that_no_form_takes_is_refused() -> None:
    with pytest.raises(UserError, match="A form takes 4,000 characters, and that text has 4,001"):
        a_form(GenerationRequest(prompt="x" * 4001), "")
