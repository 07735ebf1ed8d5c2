"""The cards under a request: place in line, progress and pictures."""

from __future__ import annotations

from dataclasses import replace

import discord
import pytest

from cogs.answers.cards import line_card, progress_card, result_card
from cogs.answers.messages import OutgoingMessage
from cogs.text import MAX_ALT_TEXT, MAX_DESCRIPTION, MAX_FIELD
from services.jobs import Job, JobId
from services.pictures.uploads import Upload
from services.policy.safety import Shown
from tests.builders import a_job, a_placed
from tests.cogs.discord_markup import shown


def message_of(job: Job, pictures: int = 1) -> OutgoingMessage:
    return result_card(job, "Demo", [Upload(b"png", ".png")] * pictures, Shown(tuple(range(pictures))))


def card_of(job: Job, pictures: int = 1) -> discord.Embed:
    embed = message_of(job, pictures).embed
    assert embed is not None
    return embed


def field(card: discord.Embed, name: str) -> str:
    return next(str(found.value) for found in card.fields if found.name == name)


@pytest.mark.parametrize(
    ("place", "seconds", "words"),
    [
        (1, 0.2, "⏳ First in line, about 1 s"),
        (3, 20.4, "⏳ Third in line, about 20 s"),
        (12, 89, "⏳ Number 12 in line, about 89 s"),
        (4, 610, "⏳ Number 4 in line, about 10 min"),
    ],
)
def test_the_place_in_line(place: int, seconds: float, words: str) -> None:
    assert line_card(place, seconds) == words


def test_the_bar_fills_up() -> None:
    bars = [progress_card(step, 20) for step in (0, 10, 20)]
    assert [bar.count("█") for bar in bars] == [0, 8, 16]
    assert all(bar.count("█") + bar.count("░") == 16 for bar in bars)


async def test_the_token_budget_adds_up() -> None:
    placed = (a_placed("a", vectors=8), a_placed("b", vectors=6, seed=1))
    job = a_job(embeddings=placed, negative="blurry", prompt_tokens=7, negative_tokens=45)
    assert field(card_of(job), "Tokens") == "prompt 7 · negative 8 + 6 + 31 = 45 of 75"
    long = a_job(embeddings=placed, negative="blurry", prompt_tokens=90, negative_tokens=45, chunks=2)
    assert field(card_of(long), "Tokens") == "prompt 90 · negative 8 + 6 + 31 = 45 of 150 (2 chunks)"
    bare = a_job(embeddings=placed[:1], prompt_tokens=7, negative_tokens=8)
    assert field(card_of(bare), "Tokens") == "prompt 7 · negative 8 of 75"


async def test_each_picture_has_its_seed_and_alt_text() -> None:
    job = a_job(count=2, seed=40, embeddings=(a_placed("demo-tinted", strength=0.8),))
    assert field(card_of(job, pictures=2), "Seed") == "40 to 41"
    files = message_of(job, pictures=2).files
    assert [file.name for file in files] == ["1-40.png", "1-41.png"]
    assert files[1].description == "a red fish in the sea; drawn by Demo, seed 41, avoiding demo-tinted:0.8"


def assert_fits(message: OutgoingMessage) -> None:
    """The card must be within Discord's limits."""
    card = message.embed
    assert card is not None
    assert len(card) <= 6000
    assert len(card.description or "") <= MAX_DESCRIPTION
    assert all(1 <= len(found.value or "") <= MAX_FIELD for found in card.fields)
    assert all(len(file.description) <= MAX_ALT_TEXT for file in message.files)


async def test_a_long_prompt_stays_within_discords_limits() -> None:
    job = replace(a_job(prompt="very " * 1200, negative="bad " * 400), parent_id=JobId(1), hints=("Mind this.",))
    assert_fits(message_of(job))
    card = card_of(job)
    assert (card.description or "").endswith("…**")
    assert field(card, "Negative").endswith("…")
    assert field(card, "Hints") == "💡 Mind this."
    assert str(card.footer.text).startswith("Reroll of an earlier picture")


async def test_the_worst_request_stays_within_discords_limits() -> None:
    """Every character is escaped, the names are as long as names can be, and there are many hints."""
    placed = tuple(a_placed(f"{'_' * 63}{number}", strength=0.123456, seed=number) for number in range(3))
    job = a_job(prompt="*" * 6000, negative="*" * 6000, embeddings=placed, count=4, seed=2**32 - 4)
    for hints in ((), ("_" * 200,) * 8, ("_" * 3000,)):
        assert_fits(message_of(replace(job, parent_id=JobId(1), hints=hints), pictures=4))


MARKUP = "[free gift](https://example.com/x), **bold**, ||hidden||"


async def test_what_a_member_typed_is_shown_as_it_was_typed() -> None:
    hint = "__x__ is named twice"
    card = card_of(replace(a_job(prompt=MARKUP, negative=MARKUP, embeddings=()), hints=(hint,)))
    assert shown((card.description or "").removeprefix("**").removesuffix("**")) == MARKUP
    assert shown(field(card, "Negative")) == MARKUP
    assert shown(field(card, "Hints")) == f"💡 {hint}"


async def test_buttons_have_the_job_in_their_ids() -> None:
    view = message_of(a_job(17)).view
    assert view is not None
    assert ids_in(view) == ["reroll:17", "compare:17", "delete:17"]
    assert view.timeout is None


async def test_only_a_picture_with_embeddings_can_be_compared() -> None:
    view = message_of(a_job(17, embeddings=())).view
    assert view is not None
    assert ids_in(view) == ["reroll:17", "delete:17"]


def ids_in(view: discord.ui.View) -> list[str | None]:
    return [getattr(getattr(child, "item", child), "custom_id", None) for child in view.children]
