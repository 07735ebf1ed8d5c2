"""Actions on a message over the page's websocket: its Apps menu, and whose messages can be reached."""

from __future__ import annotations

import discord
import pytest

from playground import Discord
from playground.world import EPHEMERAL
from tests.playground.conftest import SmallBot, running
from tests.playground.page.client import open_page


async def test_apps_on_a_message_are_used(local: Discord, monkeypatch: pytest.MonkeyPatch) -> None:
    bot = SmallBot()

    @bot.tree.context_menu(name="Count letters")
    async def count(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"{message.content}: {len(message.content)}", ephemeral=True)

    @bot.tree.context_menu(name="Never")
    async def never(interaction: discord.Interaction, message: discord.Message) -> None:
        """Never responds."""

    @bot.tree.context_menu(name="Remove")
    @discord.app_commands.default_permissions(manage_messages=True)
    async def remove(interaction: discord.Interaction, message: discord.Message) -> None:
        """Only for moderators."""

    local.gateway.allows_privileged = True
    local.interactions.ack_window = 0.5
    async with running(bot, local, monkeypatch), open_page(local, "ana") as ana, open_page(local, "ben") as ben:
        hello = await ana.event("HELLO")
        names = {command["id"]: command["name"] for command in hello["commands"] if command["type"] == 3}
        usable = next(channel["commands"] for channel in hello["channels"] if channel["name"] == "pictures")
        assert sorted(names[command] for command in usable) == ["Count letters", "Never"]
        assert sorted(names.values()) == ["Count letters", "Never", "Remove"]
        said = await local.person("ben").say("fish")
        assert (await ana.ask("menu", name="Count letters", message_id=str(said.id)))["d"] == {
            "failed": None,
            "modal": None,
        }
        assert (await ana.event("MESSAGE_CREATE"))["content"] == "fish"
        card = await ana.event("MESSAGE_CREATE")
        assert (card["content"], card["flags"] & EPHEMERAL) == ("fish: 4", EPHEMERAL)
        assert (await ana.ask("menu", name="Never", message_id=str(said.id)))["d"]["failed"]
        for name, message_id, sentence in (
            ("Remove", str(said.id), "'Remove' requires manage_messages, which ana doesn't have here."),
            ("Count words", str(said.id), "A message's Apps menu has no 'Count words'."),
            (["Count letters"], str(said.id), "A message's Apps menu has no '['Count letters']'"),
            ("Count letters", card["id"], "Apps aren't available on messages that only you can see."),
            ("Count letters", "1", "The message was deleted."),
            ("Count letters", "x", "The playground couldn't handle that request"),
            ("Count letters", None, "The playground couldn't handle that request"),
        ):
            answer = await ana.ask("menu", name=name, message_id=message_id)
            assert not answer["ok"]
            assert answer["error"].startswith(sentence)
        assert (await ben.ask("menu", name="Count letters", message_id=card["id"]))[
            "error"
        ] == "The message was deleted."
        assert "KeyError" in (await ana.ask("menu"))["error"]
        await local.person("ben").delete(said)
        answer = await ana.ask("menu", name="Count letters", message_id=str(said.id))
        assert answer["error"] == "The message was deleted."


async def test_messages_in_other_peoples_direct_messages_are_out_of_reach(local: Discord) -> None:
    ana = local.person("ana")
    ana.go_to(local.world.direct_channel(ana.user))
    said = await ana.say("for the bot")
    async with open_page(local, "ben") as ben:
        for action in ({"op": "react", "emoji": "👍"}, {"op": "delete"}, {"op": "menu", "name": "Quote"}):
            assert (await ben.ask(**action, message_id=str(said.id)))["error"] == "The message was deleted."
    async with open_page(local, "ana") as again:
        assert (await again.ask("react", message_id=str(said.id), emoji="👍"))["ok"]
