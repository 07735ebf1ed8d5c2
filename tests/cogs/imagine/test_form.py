"""The form's fields, within Discord's limits."""

from __future__ import annotations

from typing import Any

import discord

from cogs.imagine.form import ImagineForm
from services.requests import GenerationRequest
from services.stock import EmbeddingLimits
from services.suggestions.suggestion import Suggestion
from tests.builders import choices
from tests.refusals import refused

FITTING = [Suggestion(f"name{n} · general quality · 2 vectors", f"name{n}") for n in range(25)]


async def draw(interaction: discord.Interaction, request: GenerationRequest, preset: str | None) -> None:
    """Nothing is submitted here."""


def a_form(
    request: GenerationRequest, settings: str = "", *, fitting: list[Suggestion] = FITTING, limits: int = 3
) -> ImagineForm:
    return ImagineForm(draw, request, None, fitting, EmbeddingLimits(1, limits), settings=settings)


def options(form: ImagineForm) -> list[discord.SelectOption]:
    select: Any = form.embeddings
    return select.options


def chosen(form: ImagineForm) -> list[str]:
    return [option.value for option in options(form) if option.default]


async def test_if_no_embedding_is_named_the_best_one_is_selected() -> None:
    assert chosen(a_form(GenerationRequest())) == ["name0"]


async def test_named_embeddings_come_first_with_their_strengths() -> None:
    form = a_form(GenerationRequest(embeddings=choices("name7:0.8", "elsewhere", "NAME3")))
    assert [option.value for option in options(form)][:5] == ["name7:0.8", "elsewhere", "NAME3", "name0", "name1"]
    assert chosen(form) == ["name7:0.8", "elsewhere", "NAME3"]
    assert [option.description for option in options(form)][:3] == [
        "general quality · 2 vectors",
        None,
        "general quality · 2 vectors",
    ]
    assert len(options(form)) == 25


async def test_no_more_embeddings_are_selected_than_allowed() -> None:
    assert chosen(a_form(GenerationRequest(embeddings=choices("a", "b", "c")), limits=2)) == ["a", "b"]


async def test_a_request_for_no_embedding_selects_none() -> None:
    assert chosen(a_form(GenerationRequest(embeddings=choices("none")))) == []


async def test_if_no_embedding_fits_there_is_no_select() -> None:
    assert a_form(GenerationRequest(), fitting=[]).embeddings is None


async def test_the_settings_are_a_line_of_their_own() -> None:
    form = a_form(GenerationRequest(), "Steps: 20")
    labels = [item.text for item in form.children if isinstance(item, discord.ui.Label)]
    assert labels == ["Prompt", "Negative prompt", "Negative embeddings", "Settings"]
    assert form.settings.default == "Steps: 20"


async def test_a_prompt_that_is_too_long_for_a_form_is_refused() -> None:
    with refused("A form holds 4,000 characters and that text has 4,001; copy it into /imagine instead."):
        a_form(GenerationRequest(prompt="x" * 4001), "")
