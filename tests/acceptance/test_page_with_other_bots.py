"""The playground's page in a real browser with small bots, for what the project's bot doesn't use."""

from __future__ import annotations

import discord
import pytest
from playwright.async_api import expect

from playground import Discord
from tests.acceptance.page_driver import CHROMIUM, Visitor, open_page
from tests.playground.conftest import SmallBot, running

pytestmark = pytest.mark.skipif(
    not CHROMIUM.exists(), reason=f"there is no browser at {CHROMIUM}; apt install chromium"
)


class Components(discord.ui.View):
    """Components that the project's bot doesn't use."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.select(placeholder="One", options=[discord.SelectOption(label=name) for name in ("ink", "oil")])
    async def single(self, interaction: discord.Interaction, select: discord.ui.Select) -> None:
        await interaction.response.send_message(f"single: {select.values}", ephemeral=True)

    @discord.ui.select(
        placeholder="Two", min_values=2, max_values=2, options=[discord.SelectOption(label=name) for name in "abc"]
    )
    async def two(self, interaction: discord.Interaction, select: discord.ui.Select) -> None:
        await interaction.response.send_message(f"two: {sorted(select.values)}", ephemeral=True)

    @discord.ui.select(cls=discord.ui.UserSelect)
    async def people(self, interaction: discord.Interaction, select: discord.ui.UserSelect) -> None:
        raise AssertionError("the page cannot choose people")


class Question(discord.ui.Modal, title="A question"):
    words = discord.ui.Label(text="Words", component=discord.ui.TextInput(max_length=20))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        assert isinstance(self.words.component, discord.ui.TextInput)
        await interaction.response.send_message(f"so: {self.words.component.value}")


def corner_bot() -> SmallBot:
    bot = SmallBot()

    @bot.tree.command()
    async def corner(interaction: discord.Interaction) -> None:
        """Show all components."""
        content = "<b>not bold</b>, **bold**, `code` <img src=x onerror=alert(1)>"
        await interaction.response.send_message(content, view=Components())

    @bot.tree.command()
    async def count(interaction: discord.Interaction, number: discord.app_commands.Range[int, 1, 4]) -> None:
        """Repeat a number."""
        await interaction.response.send_message(str(number))

    @bot.tree.command()
    async def ask(interaction: discord.Interaction) -> None:
        """Open a form."""
        await interaction.response.send_modal(Question())

    return bot


async def test_other_bots_messages_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Discord() as local, running(corner_bot(), local, monkeypatch), open_page(local.base_url, "ana") as ana:
        await ana.press("/")
        await ana.type("corner")
        await ana.press("Enter", "Enter")
        await expect(ana.see(".message .text").first).to_have_text(
            "<b>not bold</b>, bold, code <img src=x onerror=alert(1)>"
        )
        assert await ana.see(".message .text strong").all_text_contents() == ["bold"]
        await expect(ana.see(".placeholder")).to_have_text("This page can't show a user select.")
        await ana.go_back_to("select")
        await ana.press("ArrowDown")
        await expect(ana.see(".message.private .text")).to_have_text("single: ['ink']")
        await ana.go_back_to(".boxes input")
        await ana.press("Space")
        await ana.go_back_to(".boxes input:not(:checked)")
        await ana.press("Space")
        assert await ana.see(".boxes input:disabled").count() == 1
        await ana.press("Tab")
        await ana.page.locator(".many .button").focus()
        await ana.press("Enter")
        await expect(ana.see(".message.private .text").last).to_contain_text("two: [")
        await ana.go_back_to("[data-key=dismiss]")
        await ana.press("Enter")
        await expect(ana.see(".message.private")).to_have_count(1)
        assert await ana.nameless() == []
        assert await ana.faint() == []
    assert ana.complaints == []


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("/count", "Required options are missing: number."),
        ("/count number:9", "number must be between 1 and 4."),
        ("/count of:9", "'of:9' doesn't belong to any option. Options: number."),
        ("/countess", "There is no command /countess. Available: /ask, /corner, /count."),
    ],
)
async def test_an_invalid_command_stays_and_its_reason_is_shown(
    typed: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Discord() as local, running(corner_bot(), local, monkeypatch), open_page(local.base_url, "ana") as ana:
        await ana.page.locator("#composer-input").fill(typed)
        await ana.press("Escape", "Enter")
        await expect(ana.see(".composer .error")).to_have_text(sentence)
        await expect(ana.see("#composer-input")).to_have_value(typed)
        await ana.press("Control+A")
        await ana.type("/count number:3")
        await ana.press("Enter")
        await expect(ana.see(".message .text")).to_have_text("3")
        await expect(ana.see(".composer .error")).to_be_empty()


@pytest.mark.parametrize("picked", [True, False])
async def test_typing_continues_after_a_form(picked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Discord() as local, running(corner_bot(), local, monkeypatch), open_page(local.base_url, "ana") as ana:
        for key, answers in (("Escape", 0), ("Enter", 1)):
            await ana.press("/")
            await ana.type("ask")
            await ana.press("Enter" if picked else "Escape", "Enter")
            await expect(ana.see("dialog.form")).to_be_visible()
            await ana.type("why")
            await ana.press(key)
            await expect(ana.see("dialog")).to_have_count(0)
            await expect(ana.see(".message .text", "so: why")).to_have_count(answers)
            await ana.type("hello")
            await expect(ana.see("#composer-input")).to_have_value("hello")
            await ana.press("Control+A", "Backspace")
    assert ana.complaints == []


async def react_and_take_it_back(ana: Visitor) -> None:
    """The focus stays at the same message whatever changes there."""
    await ana.type("a second message")
    await ana.press("Enter")
    await expect(ana.see(".message")).to_have_count(2)
    await ana.go_back_to("[data-key=react]")
    await ana.press("Enter", "Enter")
    last = ana.see(".message").last
    await expect(last.locator(".reaction[aria-pressed=true]")).to_have_text("🔁1")
    where = "(node) => [node.dataset.key, node.closest('.message').querySelector('.text').textContent]"
    assert await ana.focused(where) == ["react", "a second message"]
    await ana.press("Shift+Tab", "Enter")
    await expect(ana.see(".reaction")).to_have_count(0)
    assert await ana.focused(where) == ["react", "a second message"]


async def test_two_people_talk_and_the_page_reconnects(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Discord() as local:
        port = local.port
        local.person("ben")
        async with open_page(local.base_url, "ana", scheme="dark", width=700) as ana:
            await expect(ana.see("#bot-state")).to_contain_text("offline")
            await ana.page.locator("#composer-input").focus()
            await ana.type("hello, *ben*")
            await ana.press("Enter")
            await expect(ana.see(".message .text")).to_have_text("hello, ben")
            await react_and_take_it_back(ana)
            await ana.go_back_to("[data-key='person:ben']")
            await ana.press("Enter")
            await expect(ana.see("[data-key='person:ben']")).to_have_attribute("aria-pressed", "true")
            await expect(ana.see(".message strong").first).to_have_text("ana")
            async with running(SmallBot(), local, monkeypatch):
                await expect(ana.see("#bot-state")).to_contain_text("online")
            assert await ana.page.evaluate("document.documentElement.scrollWidth") <= 700
            assert await ana.faint() == []
            assert ana.complaints == []
            await local.__aexit__(None, None, None)
            await expect(ana.see("#connection")).to_be_visible()
            async with Discord(port):
                await expect(ana.see("#connection")).to_be_hidden()
                await expect(ana.see(".message")).to_have_count(0)
