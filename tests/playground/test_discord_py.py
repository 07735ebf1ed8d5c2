"""discord.py, unmodified, against the playground."""

from __future__ import annotations

import asyncio
import io
import re
from datetime import timedelta
from typing import Any, Self

import discord
import pytest
from discord import app_commands
from PIL import Image

from playground import Discord, NotPossible
from tests.playground.conftest import SmallBot, form_of, message_of, running


def picture() -> discord.File:
    file = io.BytesIO()
    Image.new("RGB", (32, 16), "red").save(file, "PNG")
    file.seek(0)
    return discord.File(file, "red.png", description="a red picture")


class Again(discord.ui.DynamicItem[discord.ui.Button], template=r"again:(?P<number>\d+)"):
    def __init__(self, number: int) -> None:
        super().__init__(discord.ui.Button(label="Again", emoji="🔁", custom_id=f"again:{number}"))
        self.number = number

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        return cls(int(match["number"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"again {self.number}", ephemeral=True)


class Form(discord.ui.Modal, title="What to draw"):
    words = discord.ui.Label(text="Words", component=discord.ui.TextInput(max_length=100))
    styles = discord.ui.Label(
        text="Styles",
        component=discord.ui.Select(
            min_values=1, max_values=2, options=[discord.SelectOption(label=name) for name in ("ink", "oil", "chalk")]
        ),
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        words, styles = self.words.component, self.styles.component
        assert isinstance(words, discord.ui.TextInput)
        assert isinstance(styles, discord.ui.Select)
        await interaction.response.send_message(f"{words.value} in {'+'.join(styles.values)}")


def drawing_bot() -> SmallBot:
    bot = SmallBot()

    @bot.tree.command()
    async def draw(interaction: discord.Interaction, what: str, size: app_commands.Range[int, 1, 8] = 4) -> None:
        """Draw something."""
        await interaction.response.defer(thinking=True)
        await interaction.edit_original_response(content="a moment")
        view = discord.ui.View(timeout=None)
        view.add_item(Again(7))
        embed = discord.Embed(title=what, description="done").add_field(name="Size", value=str(size))
        await interaction.edit_original_response(content="", embed=embed, attachments=[picture()], view=view)

    @draw.autocomplete("what")
    async def complete(interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        size = interaction.namespace.size
        return [
            app_commands.Choice(name=f"{typed} {number} of size {size}", value=f"{typed}{number}")
            for number in range(3)
        ]

    @bot.tree.command()
    async def form(interaction: discord.Interaction) -> None:
        """Open a form."""
        await interaction.response.send_modal(Form())

    @bot.tree.command()
    @app_commands.default_permissions(manage_guild=True)
    async def secret(interaction: discord.Interaction) -> None:
        """Only for moderators."""
        await interaction.response.send_message("psst", ephemeral=True)

    @bot.tree.command()
    async def sleepy(interaction: discord.Interaction) -> None:
        """Responds too late."""
        await asyncio.sleep(0.4)
        try:
            await interaction.response.send_message("good morning")
        except discord.NotFound as error:
            bot.late = error.code

    async def react(payload: discord.RawReactionActionEvent) -> None:
        if bot.user is not None and payload.user_id != bot.user.id:
            channel = bot.get_partial_messageable(payload.channel_id)
            await channel.send(
                f"{payload.emoji} from {payload.user_id}",
                reference=discord.MessageReference(message_id=payload.message_id, channel_id=payload.channel_id),
                nonce="n1",
            )

    bot.add_listener(react, "on_raw_reaction_add")
    bot.add_dynamic_items(Again)
    return bot


async def test_a_picture_is_requested_and_arrives(local: Discord, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(drawing_bot(), local, monkeypatch):
        ana, ben = local.person("ana"), local.person("ben")
        choices = await ana.autocomplete("draw", "what", "ca", size=3)
        assert [choice.name for choice in choices] == [f"ca {number} of size 3" for number in range(3)]
        reply = await ana.slash("draw", what="a cat", size=3)
        message = await reply.until(lambda message: bool(message.attachments))
        assert message.text == "a cat\ndone\nSize: 3"
        (file,) = message.attachments
        assert (file.filename, file.description, file.width, file.height) == ("red.png", "a red picture", 32, 16)
        assert Image.open(io.BytesIO(await local.fetch(file))).size == (32, 16)
        answer = await ben.click(message, "Again")
        assert message_of(answer).text == "again 7"
        assert message_of(answer).ephemeral
        assert not any(message.ephemeral for message in ana.sees())
    local.assert_clean()


async def test_people_can_only_do_what_the_client_allows(local: Discord, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(drawing_bot(), local, monkeypatch):
        ana = local.person("ana")
        for command, options in (("drow", {}), ("draw", {}), ("draw", {"what": "x", "size": 9}), ("secret", {})):
            with pytest.raises(NotPossible):
                await ana.slash(command, **options)
        ana.may("manage_guild")
        assert (await ana.slash("secret")).text == "psst"


async def test_forms_reactions_and_nonces(local: Discord, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(drawing_bot(), local, monkeypatch):
        ana = local.person("ana")
        modal = form_of(await ana.slash("form"))
        with pytest.raises(NotPossible):
            await ana.submit(modal, {"Words": "a cat"})
        reply = await ana.submit(modal, {"Words": "a cat", "Styles": ["ink", "oil"]})
        assert reply.text == "a cat in ink+oil"
        message = message_of(reply)
        await ana.react(message, "🔁")
        answer = await local.wait_for(lambda message: "from" in message.text)
        assert answer.reply_to == message.id
        await ana.unreact(message, "🔁")
        await ana.react(message, "🔁")
        await asyncio.sleep(0.1)
        assert len([message for message in ana.sees() if "from" in message.text]) == 1
    local.assert_clean()


async def test_a_late_response_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    bot = drawing_bot()
    async with Discord(ack_window=0.2) as local, running(bot, local, monkeypatch):
        reply = await local.person("ana").slash("sleepy")
        assert reply.failed == "The application did not respond"
        await asyncio.sleep(0.4)
        assert bot.late == 10062
        with pytest.raises(AssertionError, match="not acknowledged"):
            local.assert_clean()


async def test_tokens_expire_after_fifteen_minutes(local: Discord, monkeypatch: pytest.MonkeyPatch) -> None:
    bot = drawing_bot()

    @bot.tree.command()
    async def slow(interaction: discord.Interaction) -> None:
        """Takes a long time."""
        await interaction.response.defer()
        local.clock.advance(minutes=16)
        with pytest.raises(discord.HTTPException) as caught:
            await interaction.edit_original_response(content="at last")
        channel = bot.get_partial_messageable(interaction.channel_id or 0)
        await channel.send(f"{caught.value.status} {caught.value.code}")

    async with running(bot, local, monkeypatch):
        await local.person("ana").slash("slow")
        await local.wait_for(lambda message: message.content == "401 50027")


async def test_faults_are_survived(local: Discord, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(drawing_bot(), local, monkeypatch):
        ana = local.person("ana")
        limit = local.faults.rate_limit("PATCH", "/webhooks/*/messages/@original")
        reply = await ana.slash("draw", what="x")
        await reply.until(lambda message: bool(message.attachments))
        assert limit.hits == 1
        await local.gateway.drop(4000)
        await local.until(lambda: local.gateway.connected or None, 10, lambda: "never came back")
        reply = await ana.slash("draw", what="y", _age=timedelta(0))
        await reply.until(lambda message: bool(message.attachments))


async def test_permissions_are_enforced(local: Discord, monkeypatch: pytest.MonkeyPatch) -> None:
    bot = drawing_bot()
    async with running(bot, local, monkeypatch):
        channel = local.channel("general")
        channel.deny_bot("send_messages")
        with pytest.raises(discord.Forbidden) as caught:
            await bot.get_partial_messageable(channel.id).send("hello")
        assert caught.value.code == 50013
