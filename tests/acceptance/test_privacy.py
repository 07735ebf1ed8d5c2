"""Members see what is stored about them, and have it deleted."""

from __future__ import annotations

import json

import pytest

from tests.acceptance.conftest import Place, drawn, has_picture

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_member_sees_and_deletes_their_data(place: Place) -> None:
    guild = place.discord.add_guild("Another server", ["pictures"])
    ana = place.discord.person("a person with few pictures")
    ana.go_to(place.channel)
    picture = await drawn(await ana.slash("imagine", prompt="a fish of mine", steps=4))

    card = await (await ana.slash("privacy show")).until(has_picture)
    assert card.ephemeral
    assert "1 request of yours" in card.text
    file = json.loads(await place.discord.fetch(card.attachments[0]))
    assert [request["parameters"]["prompt"] for request in file["requests"]] == ["a fish of mine"]

    question = await ana.slash("privacy delete")
    assert question.message is not None
    assert "Pictures in channels stay there" in question.text
    await ana.click(question.message, "Delete my data")
    answer = await question.until(lambda message: message.text.startswith("Deleted "))
    assert answer.text == "Deleted 1 request and 1 picture."
    assert answer.buttons == ()

    assert "no longer have a record" in (await ana.click(picture, "Reroll")).text
    ana.go_to(place.discord.channel("pictures", guild))
    card = await (await ana.slash("privacy show")).until(has_picture)
    assert "I store 0 requests of yours" in card.text
