"""Threads and age-restricted channels on the page, in a real browser."""

from __future__ import annotations

import discord
import pytest
from playwright.async_api import expect

from playground import Discord
from tests.acceptance.page_driver import CHROMIUM, open_page
from tests.playground.conftest import SmallBot, running

pytestmark = pytest.mark.skipif(
    not CHROMIUM.exists(), reason=f"there is no browser at {CHROMIUM}; apt install chromium"
)


def two_commands() -> SmallBot:
    bot = SmallBot()

    @bot.tree.command(nsfw=True)
    async def adult(interaction: discord.Interaction) -> None:
        """Only where it is allowed."""
        await interaction.response.send_message("fine")

    @bot.tree.command()
    async def draw(interaction: discord.Interaction) -> None:
        """Draw something."""
        await interaction.response.send_message("drawn")

    return bot


async def test_channels_and_threads_appear_with_their_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Discord() as local, running(two_commands(), local, monkeypatch), open_page(local.base_url, "ana") as ana:
        adults = local.add_channel("adults", age_restricted=True)
        ben = local.person("ben")
        ben.go_to(adults)
        thread = ben.start_thread("a thread")
        ben.go_to(thread)
        await ben.say("hello from the thread")
        await expect(ana.see("#channels li").nth(2)).to_contain_text("# adults · 18+")
        await expect(ana.see("#channels li").nth(3)).to_contain_text("↳ a thread · 18+")
        await ana.press("/")
        await expect(ana.see("[role=option]")).to_have_text(["/drawDraw something."])
        await ana.press("Backspace")
        await ana.see(f"[data-key='channel:{thread.id}']").click()
        await expect(ana.see("#channel-title")).to_have_text("↳ a thread · 18+")
        await expect(ana.see(".message .text")).to_have_text("hello from the thread")
        await ana.type("/adult")
        await ana.press("Escape", "Enter")
        await expect(ana.see(".message .text").last).to_have_text("fine")
        assert ana.complaints == []
        adults.set_overwrite(local.person("ana").id, deny=["view_channel"])
        await expect(ana.see("#channel-title")).to_have_text("# pictures")
        await expect(ana.see("#channels li")).to_have_count(3)
        assert await ana.nameless() == []
        assert await ana.faint() == []
    assert ana.complaints == []
