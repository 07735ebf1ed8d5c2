"""The cards under a request: place in line, progress and pictures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import discord

from cogs.answers.buttons import Action
from cogs.answers.cards import budget, line_card, progress_card, result_card
from cogs.answers.messages import OutgoingMessage
from cogs.answers.surroundings import Surroundings
from cogs.text import MAX_ALT_TEXT, MAX_DESCRIPTION, MAX_FIELD
from services.jobs import Job, JobId
from services.pictures.uploads import Upload
from services.policy.safety import Shown
from services.remedies import Hint, Remedy
from tests.builders import a_job, a_placed
from tests.cogs.discord_markup import shown

DEMO = Surroundings("Demo", avoided=("watermark", "tint"))


def message_of(job: Job, pictures: int = 1, known: Surroundings = DEMO) -> OutgoingMessage:
    return result_card(job, known, [Upload(b"png", ".png")] * pictures, Shown(tuple(range(pictures))))


def lines_of(job: Job, pictures: int = 1, known: Surroundings = DEMO) -> list[str]:
    """What a member reads: the description's lines, and the small line under them."""
    card = card_of(job, pictures, known)
    return [*(card.description or "").splitlines(), str(card.footer.text)]


def card_of(job: Job, pictures: int = 1, known: Surroundings = DEMO) -> discord.Embed:
    embed = message_of(job, pictures, known).embed
    assert embed is not None
    assert not embed.fields
    return embed


READY = datetime(2030, 1, 1, tzinfo=UTC)
WHEN = f"<t:{int(READY.timestamp())}:R>"


def test_the_line_says_for_what_it_is_and_when_it_is_ready() -> None:
    assert line_card(2, "a green house at night", READY) == f"⏳ **#2** · a green house at night · ready {WHEN}"
    assert line_card(1, "very " * 100, READY).endswith(f"… · ready {WHEN}")
    assert shown(line_card(1, MARKUP, READY).split(" · ")[1]) == MARKUP


def test_whoever_is_overtaken_reads_why() -> None:
    overtaken = line_card(3, "a fish", READY, is_overtaken=True)
    assert overtaken.splitlines()[1] == "-# Whoever has had fewer pictures lately goes first."


def test_the_bar_fills_up() -> None:
    bars = [progress_card(step, 20) for step in (0, 10, 20)]
    assert [bar.count("█") for bar in bars] == [0, 8, 16]
    assert all(bar.count("█") + bar.count("░") == 16 for bar in bars)


def test_the_bar_says_how_long_the_rest_takes() -> None:
    assert progress_card(5, 20).endswith("step 5 of 20")
    assert progress_card(5, 20, 12.4).endswith("step 5 of 20 · about 12 s left")
    assert progress_card(5, 20, 0.1).endswith("about 1 s left")
    assert progress_card(5, 20, 610).endswith("about 10 min left")


async def test_the_card_says_what_is_avoided_and_nothing_technical() -> None:
    placed = (a_placed("demo-artifacts"), a_placed("demo-tinted", strength=0.8, seed=1))
    job = replace(a_job(embeddings=placed, negative="blurry", seed=7), seconds=3.14)
    assert lines_of(job) == [
        "**a red fish in the sea**",
        "Avoids watermark, tint with `demo-artifacts` + `demo-tinted:0.8`; in words: blurry",
        "Demo · 48x48 · seed 7 · 3.1 s",
    ]
    assert lines_of(a_job(embeddings=placed))[1].endswith("`demo-tinted:0.8`")
    assert lines_of(a_job(embeddings=(), negative="blurry"))[1] == "Avoids, in words: blurry"
    assert lines_of(a_job(embeddings=()))[1].startswith("Demo")


async def test_the_card_says_which_preset_applied_and_what_it_locks() -> None:
    assert "-# Preset **night**" in lines_of(a_job(presets=("night",)))
    locked = a_job(presets=("night", "house style"), locked=("cfg", "steps"))
    assert "-# Preset **night** and **house style**, which lock cfg and steps" in lines_of(locked)
    assert "-# Preset **night**, which locks cfg" in lines_of(a_job(presets=("night",), locked=("cfg",)))


async def test_tokens_are_on_the_card_only_if_a_prompt_takes_more_than_a_chunk() -> None:
    placed = (a_placed("a", vectors=8), a_placed("b", vectors=6, seed=1))
    job = a_job(embeddings=placed, negative="blurry", prompt_tokens=7, negative_tokens=45)
    assert budget(job.parameters) == "prompt 7 · negative 8 + 6 + 31 = 45 of 75"
    assert not any("Tokens" in line for line in lines_of(job))
    long = a_job(embeddings=placed, negative="blurry", prompt_tokens=90, negative_tokens=45, chunks=2)
    assert "-# Tokens: prompt 90 · negative 8 + 6 + 31 = 45 of 150 (2 chunks)" in lines_of(long)
    bare = a_job(embeddings=placed[:1], prompt_tokens=7, negative_tokens=8)
    assert budget(bare.parameters) == "prompt 7 · negative 8 of 75"


async def test_the_operators_announcement_is_on_every_card() -> None:
    known = replace(DEMO, announcement="Back at nine.")
    assert "📣 Back at nine." in lines_of(a_job(), known=known)


async def test_each_picture_has_its_seed_and_alt_text() -> None:
    job = a_job(count=2, seed=40, embeddings=(a_placed("demo-tinted", strength=0.8),))
    assert "seeds 40 to 41" in lines_of(job, pictures=2)[-1]
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
    job = a_job(prompt="very " * 1200, negative="bad " * 400)
    job = replace(job, parent_id=JobId(1), hints=(Hint("Mind this."), Hint("And this.")))
    assert_fits(message_of(job))
    lines = lines_of(job)
    assert lines[0].endswith("…**")
    assert lines[1].endswith("…")
    assert lines[2] == "💡 Mind this."  # the other one is among the details
    assert len(lines) == 4
    assert lines[-1].startswith("Reroll · Demo")


async def test_the_worst_request_stays_within_discords_limits() -> None:
    """Every character is escaped, the names are as long as names can be, and there are many hints."""
    placed = tuple(a_placed(f"{'_' * 63}{number}", strength=0.123456, seed=number) for number in range(3))
    presets, locked = ("_" * 32,) * 2, ("embeddings", "negative", "model", "cfg", "steps", "size", "sampler", "count")
    job = a_job(
        prompt="*" * 6000,
        negative="*" * 6000,
        embeddings=placed,
        count=4,
        seed=2**32 - 4,
        presets=presets,
        locked=locked,
    )
    known = Surroundings("_" * 80, avoided=("_" * 60,) * 20, announcement="_" * 300)
    for hints in ((), (Hint("_" * 200),) * 8, (Hint("_" * 3000),)):
        assert_fits(message_of(replace(job, parent_id=JobId(1), hints=hints), 4, known))


MARKUP = "[free gift](https://example.com/x), **bold**, ||hidden||"


async def test_what_a_member_typed_is_shown_as_it_was_typed() -> None:
    hint = Hint("__x__ is named twice")
    lines = lines_of(replace(a_job(prompt=MARKUP, negative=MARKUP, embeddings=()), hints=(hint,)))
    assert shown(lines[0].removeprefix("**").removesuffix("**")) == MARKUP
    assert shown(lines[1].removeprefix("Avoids, in words: ")) == MARKUP
    assert shown(lines[2]) == f"💡 {hint.text}"


async def test_buttons_have_the_job_in_their_ids() -> None:
    view = message_of(a_job(17)).view
    assert view is not None
    assert ids_in(view) == ["reroll:17", "vary:17", "edit:17", "compare:17", "details:17", "delete:17"]
    assert view.timeout is None


async def test_only_a_picture_with_embeddings_can_be_compared() -> None:
    view = message_of(a_job(17, embeddings=())).view
    assert view is not None
    assert "compare:17" not in ids_in(view)


async def test_a_hint_that_can_be_followed_has_a_button() -> None:
    remedy = Remedy("Draw with CFG 6", {"cfg": 6.0})
    view = message_of(replace(a_job(17), hints=(Hint("Try 6.", remedy), Hint("No.")))).view
    assert view is not None
    (button,) = [child.item for child in view.children if getattr(child, "action", None) is Action.MEND]  # pyright: ignore[reportAttributeAccessIssue]
    assert (button.label, button.custom_id) == ("Draw with CFG 6", "mend:17")


def ids_in(view: discord.ui.View) -> list[str | None]:
    return [getattr(getattr(child, "item", child), "custom_id", None) for child in view.children]
