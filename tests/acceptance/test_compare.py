"""/compare, the button under pictures, and votes that a server's own order follows from."""

from __future__ import annotations

import pytest

from playground import Message, Person
from tests.acceptance.conftest import Place, drawn

pytestmark = pytest.mark.asyncio(loop_scope="session")

PROMPT = "a green house at night"


async def compared(person: Person, **options: object) -> Message:
    request = {"prompt": PROMPT, "embedding1": "demo-tinted", "embedding2": "demo-watermark", "seed": 5}
    given = {name: value for name, value in {**request, **options}.items() if value is not None}
    return await drawn(await person.slash("compare", **given))


def labels(message: Message) -> list[str]:
    return [button.label for button in message.buttons]


async def test_a_comparison_is_one_picture_that_says_what_it_shows(place: Place) -> None:
    message = await compared(place.person("ana"))
    (sheet,) = message.attachments
    assert PROMPT in message.text
    assert "Left to right: **without**, **demo-tinted**, **demo-watermark** and **all together**." in message.text
    assert "row by row: without, demo-tinted, demo-watermark, all together" in (sheet.description or "")
    assert labels(message) == [
        "without",
        "demo-tinted",
        "demo-watermark",
        "all together",
        "Reroll",
        "Details",
        "Delete",
    ]
    job = await place.row()
    assert (len(job.pictures), len(set(job.pictures))) == (4, 4)


async def test_the_button_under_a_picture_shows_it_beside_the_same_without(place: Place) -> None:
    ana, ben = place.person("ana"), place.person("ben")
    original = await drawn(await ana.slash("imagine", prompt=PROMPT, embedding1="demo-tinted", seed=5, steps=5))
    message = await drawn(await ben.click(original, "Compare"))
    assert not message.ephemeral
    assert "Left to right: **without** and **demo-tinted**. Nothing else differs." in message.text
    assert "Comparison of an earlier picture" in message.text
    earlier, job = await place.storage.jobs.of_message(original.id), await place.row(2)
    assert earlier is not None
    assert job.pictures[1] == earlier.pictures[0], "the right cell is the picture itself"


async def test_three_members_votes_change_what_autocomplete_offers_first(place: Place) -> None:
    ana = place.person("ana")
    before = [choice.value for choice in await ana.autocomplete("imagine", "embedding1")]
    last = str(before[-1])
    message = await compared(ana, embedding1=before[0], embedding2=last)
    column = labels(message).index(last)
    for name in ("ana", "ben", "cleo"):
        await place.person(name).click(message, labels(message)[column])
        message = next(seen for seen in ana.sees() if seen.id == message.id)
    assert f"{last} · 3" in labels(message)
    assert (await ana.autocomplete("imagine", "embedding1"))[0].value == last
    info = await drawn(await ana.slash("embedding info", name=last))
    assert "This server's votes: best of its comparison in 3 of 3 votes" in info.text


async def test_a_vote_can_be_changed(place: Place) -> None:
    ana = place.person("ana")
    message = await compared(ana)
    await ana.click(message, "without")
    message = next(seen for seen in ana.sees() if seen.id == message.id)
    await ana.click(message, "demo-tinted")
    message = next(seen for seen in ana.sees() if seen.id == message.id)
    assert labels(message)[:2] == ["without", "demo-tinted · 1"]


async def test_blind_columns_have_names_only_once_the_vote_is_over(place: Place) -> None:
    ana, ben = place.person("ana"), place.person("ben")
    message = await compared(ana, blind=True)
    assert labels(message)[:4] == ["A", "B", "C", "D"]
    seen = f"{message.text} {message.attachments[0].description}"
    assert not any(name in seen for name in ("without", "demo-tinted", "demo-watermark", "all together"))
    refused = await ben.click(message, "Show the names")
    assert refused.text.startswith("Only the member who asked for this comparison")
    await ben.click(message, "B")
    await ana.click(message, "Show the names")
    message = next(seen for seen in ana.sees() if seen.id == message.id)
    comparison = (await place.row()).parameters.comparison
    assert comparison is not None
    named = labels(message)
    assert named[1] == f"{comparison.columns[1].label} · 1"
    assert "Show the names" not in named
    assert f"**B** is {comparison.columns[1].label}" in message.text


async def test_rows_show_several_seeds_or_cfg_values(place: Place) -> None:
    ana = place.person("ana")
    seeds = await compared(ana, embedding2=None, rows="seeds")
    assert "Top to bottom: seed 5, seed 6 and seed 7." in seeds.text
    cfg = await compared(ana, embedding2=None, rows="cfg", cfg=6)
    assert "Top to bottom: CFG 3, CFG 6 and CFG 9.5." in cfg.text


async def test_a_comparison_can_be_rerolled_and_deleted(place: Place) -> None:
    ana = place.person("ana")
    first = await compared(ana)
    second = await drawn(await ana.click(first, "Reroll"))
    assert labels(second)[:4] == labels(first)[:4]
    assert "seed 5 ·" not in second.text
    await ana.click(second, "Delete")
    await place.discord.until(
        lambda: True if second.id not in {message.id for message in ana.sees()} else None, 5, lambda: "still there"
    )


async def test_what_cannot_be_compared_is_refused_with_what_to_do(place: Place) -> None:
    ana = place.person("ana")
    five = await ana.slash(
        "compare", prompt=PROMPT, embedding1="demo-tinted, demo-watermark, demo-washed-out, demo-artifacts, nothing"
    )
    assert "nothing" in five.text
    wrong = await ana.slash("compare", prompt=PROMPT, embedding1="demo-tinted:9")
    assert "Strength must be a number from 0 to 2" in wrong.text
