"""What a person does to one message over the page's websocket: the entries of its menu, and whose messages those are."""

from __future__ import annotations

import discord
import pytest

from playground import Discord
from playground.world import EPHEMERAL
from tests.playground.conftest import SmallBot, running
from tests.playground.page.looker import looking


async def test_an_entry_of_a_message_s_menu_is_used(local: Discord, monkeypatch: pytest.MonkeyPatch) -> None:
    bot = SmallBot()

    @bot.tree.context_menu(name="Count letters")
    async def count(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"{message.content}: {len(message.content)}", ephemeral=True)

    @bot.tree.context_menu(name="Never")
    async def never(interaction: discord.Interaction, message: discord.Message) -> None:
        """Does not answer."""

    @bot.tree.context_menu(name="Remove")
    @discord.app_commands.default_permissions(manage_messages=True)
    async def remove(interaction: discord.Interaction, message: discord.Message) -> None:
        """For those who keep order."""

    local.gateway.allows_privileged = True
    local.interactions.ack_window = 0.5
    async with running(bot, local, monkeypatch), looking(local, "ana") as ana, looking(local, "ben") as ben:
        offered = (await ana.event("HELLO"))["commands"]
        assert sorted((one["name"], one["type"]) for one in offered) == [("Count letters", 3), ("Never", 3)]
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
            ("Remove", str(said.id), "'Remove' is not offered to ana: it takes manage_messages."),
            ("Count words", str(said.id), "There is no entry 'Count words' in the menu of a message."),
            (["Count letters"], str(said.id), "There is no entry '['Count letters']'"),
            ("Count letters", card["id"], "The menu of a message that only you can see offers no apps."),
            ("Count letters", "1", "The message was deleted."),
            ("Count letters", "x", "The page asked for something strange"),
            ("Count letters", None, "The page asked for something strange"),
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


async def test_nobody_reaches_into_somebody_else_s_direct_messages(local: Discord) -> None:
    ana = local.person("ana")
    ana.go_to(local.world.direct_channel(ana.user))
    said = await ana.say("for the bot")
    async with looking(local, "ben") as ben:
        for deed in ({"op": "react", "emoji": "👍"}, {"op": "delete"}, {"op": "menu", "name": "Quote"}):
            assert (await ben.ask(**deed, message_id=str(said.id)))["error"] == "The message was deleted."
    async with looking(local, "ana") as again:
        assert (await again.ask("react", message_id=str(said.id), emoji="👍"))["ok"]
