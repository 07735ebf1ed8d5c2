"""What members read."""

from __future__ import annotations

from dataclasses import replace

import discord
import pytest

from cogs.answers.cards import MAX_ALT_TEXT, ResultCard, line_card, progress_card, result_card
from services.jobs import Job, JobId
from services.pictures.uploads import Upload
from tests.builders import a_job, a_placed


def card_of(job: Job, pictures: int = 1) -> ResultCard:
    return result_card(job, "Demo", [Upload(b"png", ".png")] * pictures)


def field(card: ResultCard, name: str) -> str:
    return next(str(one.value) for one in card.embed.fields if one.name == name)


@pytest.mark.parametrize(
    ("place", "seconds", "said"),
    [
        (1, 0.2, "⏳ First in line, about 1 s"),
        (3, 20.4, "⏳ Third in line, about 20 s"),
        (12, 89, "⏳ Number 12 in line, about 89 s"),
        (4, 610, "⏳ Number 4 in line, about 10 min"),
    ],
)
def test_the_place_in_line(place: int, seconds: float, said: str) -> None:
    assert line_card(place, seconds) == said


def test_the_bar_fills_up() -> None:
    bars = [progress_card(step, 20) for step in (0, 10, 20)]
    assert [bar.count("█") for bar in bars] == [0, 8, 16]
    assert all(bar.count("█") + bar.count("░") == 16 for bar in bars)


async def test_the_budget_adds_up() -> None:
    placed = (a_placed("a", vectors=8), a_placed("b", vectors=6, seed=1))
    job = a_job(embeddings=placed, negative="blurry", prompt_tokens=7, negative_tokens=45)
    assert field(card_of(job), "Tokens") == "prompt 7 · negative 8 + 6 + 31 = 45 of 75"
    long = a_job(embeddings=placed, negative="blurry", prompt_tokens=90, negative_tokens=45, chunks=2)
    assert field(card_of(long), "Tokens") == "prompt 90 · negative 8 + 6 + 31 = 45 of 150 (2 chunks)"
    bare = a_job(embeddings=placed[:1], prompt_tokens=7, negative_tokens=8)
    assert field(card_of(bare), "Tokens") == "prompt 7 · negative 8 of 75"


async def test_each_picture_has_its_seed_and_alt_text() -> None:
    card = card_of(a_job(count=2, seed=40, embeddings=(a_placed("demo-tinted", strength=0.8),)), pictures=2)
    assert field(card, "Seed") == "40 to 41"
    assert [name for name, _, _ in card.files] == ["1-40.png", "1-41.png"]
    assert card.files[1][2] == "a red fish in the sea; drawn by Demo, seed 41, avoiding demo-tinted:0.8"


async def test_a_long_prompt_stays_within_what_discord_shows() -> None:
    job = a_job(prompt="very " * 1200, negative="bad " * 400)
    card = card_of(replace(job, parent_id=JobId(1), hints=("Mind this.",)))
    assert len(card.embed) <= 6000
    assert all(len(alt) <= MAX_ALT_TEXT for _, _, alt in card.files)
    assert field(card, "Hints") == "💡 Mind this."
    assert str(card.embed.footer.text).startswith("Reroll of an earlier picture")


async def test_buttons_carry_the_job_in_their_ids() -> None:
    view = card_of(a_job(17)).view
    ids = [getattr(getattr(one, "item", one), "custom_id", None) for one in view.children]
    assert ids == ["reroll:17", "delete:17"]
    assert isinstance(view, discord.ui.View)
    assert view.timeout is None
