"""Where people are and what they may do there: threads, overwrites, timeouts, age restriction, contexts and installs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import discord
import pytest
from discord import app_commands

from playground import Discord, NotPossible
from tests.playground.conftest import SmallBot, form_of, message_of, running


class Form(discord.ui.Modal, title="Form"):
    words = discord.ui.Label(text="Words", component=discord.ui.TextInput())

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message("submitted")


class Press(discord.ui.View):
    @discord.ui.button(label="Press", custom_id="press")
    async def press(self, interaction: discord.Interaction, _: discord.ui.Button) -> None:
        await interaction.response.send_message("pressed", ephemeral=True)


def travelling_bot() -> SmallBot:
    bot = SmallBot()
    everywhere = app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    both = app_commands.allowed_installs(guilds=True, users=True)

    @bot.tree.command()
    @app_commands.guild_only()
    async def local(interaction: discord.Interaction) -> None:
        """Only in servers."""
        await interaction.response.send_message(f"in {interaction.guild and interaction.guild.id}", view=Press())

    @bot.tree.command(nsfw=True)
    async def adult(interaction: discord.Interaction) -> None:
        """Only where it is allowed."""
        await interaction.response.send_message("fine", ephemeral=True)

    @bot.tree.command()
    @everywhere
    @both
    async def draw(interaction: discord.Interaction) -> None:
        """Everywhere."""
        place = interaction.context.to_array()[0]
        await interaction.response.send_message(f"{place}: {interaction.app_permissions.attach_files}")
        for number in range(6):
            await interaction.followup.send(f"more {number}")

    @bot.tree.command()
    @everywhere
    @both
    async def form(interaction: discord.Interaction) -> None:
        """Open a form."""
        await interaction.response.send_modal(Form())

    return bot


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Discord]:
    async with Discord() as local, running(travelling_bot(), local, monkeypatch):
        yield local


async def test_guild_only_commands_are_not_available_in_direct_messages(server: Discord) -> None:
    ana = server.person("ana")
    assert (await ana.slash("local")).text == f"in {server.guild.id}"
    ana.go_to(server.world.direct_channel(ana.user))
    with pytest.raises(NotPossible, match=r"/local isn't available in direct messages with the bot\."):
        await ana.slash("local")
    with pytest.raises(NotPossible, match=r"There is no command /paint\. Available: /adult, /draw, /form"):
        await ana.slash("paint")


async def test_age_restricted_commands(server: Discord) -> None:
    ana = server.person("ana")
    with pytest.raises(NotPossible, match="/adult is age-restricted, and this channel isn't"):
        await ana.slash("adult")
    ana.go_to(server.add_channel("adults", age_restricted=True))
    assert (await ana.slash("adult")).text == "fine"
    ana.go_to(ana.start_thread("a thread"))
    assert (await ana.slash("adult")).text == "fine"


async def test_commands_and_buttons_work_in_threads_until_they_are_archived(server: Discord) -> None:
    ana = server.person("ana")
    thread = ana.start_thread("a thread")
    ana.go_to(thread)
    shown = message_of(await ana.slash("local"))
    assert shown.channel_id == thread.id
    assert (await ana.click(shown, "Press")).text == "pressed"
    thread.archive()
    with pytest.raises(NotPossible, match="/local can't be used in an archived thread"):
        await ana.slash("local")
    with pytest.raises(NotPossible, match="in an archived thread"):
        await ana.click(shown, "Press")
    with pytest.raises(NotPossible, match="Thread is archived"):
        await ana.react(shown, "👍")
    await ana.say("open again")
    assert (await ana.click(shown, "Press")).text == "pressed"
    server.assert_clean()


async def test_private_threads_are_for_their_members(server: Discord) -> None:
    ana, ben = server.person("ana"), server.person("ben")
    thread = ana.start_thread("private", private=True)
    ana.go_to(thread)
    said = await ana.say("between us")
    with pytest.raises(NotPossible, match="ben can't see #private"):
        ben.go_to(thread)
    with pytest.raises(NotPossible, match="ben can't see this message"):
        await ben.react(said, "👍")
    assert ben.sees(thread) == []


async def test_people_need_permissions_to_write_attach_reply_and_react(server: Discord) -> None:
    ana, channel = server.person("ana"), server.channel("pictures")
    said = await ana.say("before")
    channel.set_overwrite(
        ana.id, deny=["attach_files", "add_reactions", "read_message_history", "create_public_threads"]
    )
    await ana.say("words")
    with pytest.raises(NotPossible, match="Missing Permissions"):
        await ana.say("a file", [("x.txt", b"x")])
    with pytest.raises(NotPossible, match="Cannot reply without permission to read message history"):
        await ana.say("a reply", reply_to=said)
    with pytest.raises(NotPossible, match="Missing Permissions"):
        await ana.react(said, "👍")
    with pytest.raises(NotPossible, match="Missing Permissions"):
        ana.start_thread("a thread")
    channel.set_overwrite(ana.id, deny=["send_messages"])
    with pytest.raises(NotPossible, match="Missing Permissions"):
        await ana.say("words")
    channel.set_overwrite(ana.id, deny=["view_channel"])
    assert ana.sees(channel) == []
    with pytest.raises(NotPossible, match="ana can't see #pictures"):
        ana.go_to(channel)


async def test_a_reply_shows_what_it_answers(server: Discord) -> None:
    ana = server.person("ana")
    said = await ana.say("first")
    assert (await server.person("ben").say("second", reply_to=said)).reply_to == said.id


async def test_people_in_a_timeout_can_only_read(server: Discord) -> None:
    ana = server.person("ana")
    shown = message_of(await ana.slash("local"))
    server.guild.time_out(ana.id, 60)
    for action, words in (
        (ana.slash("local"), "/local can't be used by ana during their timeout"),
        (ana.click(shown, "Press"), "ana can't use buttons or drop-downs during their timeout"),
        (ana.say("words"), "Missing Permissions"),
        (ana.react(shown, "👍"), "Missing Permissions"),
    ):
        with pytest.raises(NotPossible, match=words):
            await action
    assert [message.id for message in ana.sees()] == [shown.id]
    server.clock.advance(seconds=61)
    assert (await ana.click(shown, "Press")).text == "pressed"


async def test_an_installed_app_follows_its_user(server: Discord) -> None:
    ana, ben = server.person("ana"), server.person("ben")
    elsewhere = server.add_guild("Elsewhere", ["there"], has_bot=False)
    there, private = server.channel("there", elsewhere), server.world.private_channel(ana.user, ben.user)
    for place in (there, private):
        ana.go_to(place)
        with pytest.raises(NotPossible, match=r"There is no command /draw\. Available: none"):
            await ana.slash("draw")
    ana.install_app()
    for place, context in ((there, 0), (private, 2)):
        ana.go_to(place)
        reply = await ana.slash("draw")
        assert reply.text.startswith(f"{context}: True")
        await reply.until(lambda message: message.content == "more 4", 5)
        ben.go_to(place)
        assert len(ben.sees()) == 6  # the response and five follow-ups
        with pytest.raises(NotPossible, match="There is no command /draw"):
            await ben.slash("draw")
    await asyncio.sleep(0.1)
    refused = [exchange.response for exchange in server.log if exchange.status >= 400]
    assert [error["code"] for error in refused] == [40094, 40094]
    assert (await ana.submit(form_of(await ana.slash("form")), {"Words": "x"})).text == "submitted"
    server.assert_clean()


async def test_without_external_apps_an_installed_app_responds_privately(server: Discord) -> None:
    ana, ben = server.person("ana"), server.person("ben")
    elsewhere = server.add_guild("Elsewhere", ["there"], has_bot=False)
    there = server.channel("there", elsewhere)
    ana.install_app()
    ana.go_to(there)
    ben.go_to(there)
    there.set_overwrite(elsewhere.id, deny=["use_external_apps"], is_role=True)
    assert message_of(await ana.slash("draw")).ephemeral
    assert ben.sees() == []


async def test_only_moderators_delete_other_peoples_messages_and_nobody_does_in_direct_messages(
    server: Discord,
) -> None:
    ana = server.person("ana", ["manage_messages"])
    said = await server.person("ben").say("hello")
    await ana.delete(said)
    ana.go_to(server.world.direct_channel(ana.user))
    shown = message_of(await ana.slash("draw"))
    with pytest.raises(NotPossible, match="only delete your own messages"):
        await ana.delete(shown)
