"""A newcomer's first question."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import Place, drawn

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_help_is_one_private_screen_with_a_picture_and_three_commands(place: Place) -> None:
    ana = place.person("ana")
    message = await drawn(await ana.slash("help"))
    assert message.ephemeral
    assert "trained on what pictures should *not* look like" in message.text
    for command in ("/imagine", "/compare", "/embedding browse"):
        assert f"{command}: " in message.text
    (sheet,) = message.attachments
    assert "without demo-artifacts, and with it" in (sheet.description or "")
    assert len(message.text) < 1200
    assert await place.uses() == 0


async def test_where_nothing_can_be_drawn_it_is_words_alone(place: Place) -> None:
    """The server's owner blocked the only model."""
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    imported = await mod.slash("settings import", file=("settings.json", b'{"models": {"blocked": ["demo"]}}'))
    await imported.until(lambda message: "never demo" in message.text)
    reply = await ana.slash("help")
    message = await reply.until(lambda message: "/imagine" in message.text)
    assert not message.attachments
