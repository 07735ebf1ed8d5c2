"""Embeddings in the spellings that members bring along, in options, in pasted text and in presets."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.conftest import Place, drawn
from tests.sentences.planning import (
    BAD_STRENGTH,
    NAMED_TWICE,
    TOO_MANY_EMBEDDINGS,
    TRAINED_FOR,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def negative_of(place: Place, **options: Any) -> str:
    """What the card shows as negative."""
    reply = await place.person("ben").slash("imagine", prompt="a red fish", seed=1, steps=3, **options)
    avoided = next(line for line in (await drawn(reply)).text.splitlines() if line.startswith("Avoids "))
    return avoided.partition(" with ")[2]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("embedding:demo-tinted", "`demo-tinted`"),
        ("(demo-tinted:1.2)", "`demo-tinted:1.2`"),
        ("demo-tinted:0,8", "`demo-tinted:0.8`"),
        ("demo-tinted.safetensors", "`demo-tinted`"),
        ("demo-artifacts, demo-tinted", "`demo-artifacts` + `demo-tinted`"),
    ],
)
async def test_an_option_is_understood_in_any_spelling(place: Place, typed: str, shown: str) -> None:
    assert await negative_of(place, embedding1=typed) == shown


async def test_the_label_of_a_suggestion_is_understood(place: Place) -> None:
    """Discord's clients sometimes send it instead of the value."""
    (suggestion, *_) = await place.person("ben").autocomplete("imagine", "embedding1", "demo-tinted:0.8")
    assert " · " in suggestion.name
    assert await negative_of(place, embedding1=suggestion.name) == "`demo-tinted:0.8`"


async def test_a_known_file_of_another_architecture_is_refused_as_such(place: Place) -> None:
    reply = await place.person("ben").slash("imagine", prompt="a fish", embedding1="EasyNegative.safetensors")
    assert TRAINED_FOR.format(name="EasyNegative", architecture="SD 1.5") in reply.text


async def test_pasted_text_may_name_an_embedding_twice(place: Place) -> None:
    reply = await place.person("ben").slash(
        "imagine", prompt="a fish", negative="demo-tinted, blurry, (demo-tinted:1.2)", seed=1, steps=3
    )
    text = (await drawn(reply)).text
    assert "`demo-tinted`; in words: blurry" in text
    assert NAMED_TWICE.format(name="demo-tinted", used="demo-tinted:1") in text


async def test_the_rest_of_a_group_keeps_its_weight(place: Place) -> None:
    assert (
        await negative_of(place, negative="(blurry:1.2, demo-tinted)")
        == "`demo-tinted:1.1`; in words: (blurry:1.2:1.1)"
    )


@pytest.mark.parametrize(
    ("negative", "sentence"),
    [
        ("(demo-watermark:3), blurry", BAD_STRENGTH.format(name="demo-watermark", typed="3")),
        (
            "demo-artifacts, demo-tinted, demo-watermark, demo-washed-out",
            TOO_MANY_EMBEDDINGS.format(
                count=4, names="demo-artifacts, demo-tinted, demo-watermark, demo-washed-out", most=3, over=1
            ),
        ),
        ("(EasyNegative:1.2), blurry", TRAINED_FOR.format(name="EasyNegative", architecture="SD 1.5")),
    ],
)
async def test_a_preset_is_refused_when_it_is_written_as_imagine_would_refuse_it(
    place: Place, negative: str, sentence: str
) -> None:
    mod = place.person("mod", "manage_guild")
    assert sentence in (await mod.slash("preset save", name="portrait", negative=negative)).text
    assert sentence in (await mod.slash("imagine", prompt="a fish", negative=negative)).text
    assert "none yet" in (await mod.slash("preset list")).text


async def test_an_embedding_in_option_and_text_of_a_preset_is_used_once(place: Place) -> None:
    mod = place.person("mod", "manage_guild")
    await mod.slash("preset save", name="twice", embedding1="demo-artifacts", negative="demo-artifacts")
    assert await negative_of(place, preset="twice") == "`demo-artifacts`"


async def test_locked_embeddings_are_locked_in_the_text_too(place: Place) -> None:
    mod = place.person("mod", "manage_guild")
    await mod.slash(
        "preset save",
        name="portrait",
        negative="(demo-artifacts:1.2), blurry",
        embedding1="demo-tinted",
        locked="embeddings",
    )
    locked = "`demo-tinted` + `demo-artifacts:1.2`"
    assert await negative_of(place, preset="portrait") == f"{locked}; in words: blurry"
    assert await negative_of(place, preset="portrait", negative="ugly") == f"{locked}; in words: ugly"


async def test_a_prompt_is_shown_as_it_was_typed(place: Place) -> None:
    prompt = "[free gift](https://example.com/x), **bold**, ||hidden||"
    reply = await place.person("ben").slash("imagine", prompt=prompt, seed=1, steps=3)
    (card,) = (await drawn(reply)).embeds
    escaped = r"\[free gift\](https://example.com/x), \*\*bold\*\*, \|\|hidden\|\|"
    assert card["description"].splitlines()[0] == f"**{escaped}**"
