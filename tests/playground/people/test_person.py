"""What people can do in Discord's client, and what the client doesn't let them do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import discord
import pytest

from playground import Discord, Message, Modal, NotPossible
from tests.playground.conftest import SmallBot, form_of, message_of, running


class Everything(discord.ui.View):
    """A button of each kind and two drop-downs."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.add_item(discord.ui.Button(label="Dead", disabled=True, custom_id="dead"))
        self.add_item(discord.ui.Button(label="Away", url="https://example.org"))
        off: discord.ui.Select = discord.ui.Select(
            custom_id="off", disabled=True, options=[discord.SelectOption(label="x")]
        )
        self.add_item(off)

    @discord.ui.button(label="Press", emoji="🔁", custom_id="press")
    async def press(self, interaction: discord.Interaction, _: discord.ui.Button) -> None:
        await interaction.response.edit_message(content=f"pressed by {interaction.user}")

    @discord.ui.select(
        custom_id="pick",
        placeholder="Pick",
        min_values=1,
        max_values=2,
        options=[discord.SelectOption(label=name, value=name.lower()) for name in ("Ink", "Oil", "Chalk")],
    )
    async def pick(self, interaction: discord.Interaction, select: discord.ui.Select) -> None:
        await interaction.response.send_message("+".join(select.values), ephemeral=True)


class Form(discord.ui.Modal, title="Draw"):
    words = discord.ui.Label(text="Words", component=discord.ui.TextInput(min_length=3, max_length=9))
    note = discord.ui.Label(text="Note", component=discord.ui.TextInput(required=False, default="none"))
    style = discord.ui.Label(
        text="Style",
        component=discord.ui.Select(
            options=[discord.SelectOption(label=name, default=name == "Oil") for name in ("Ink", "Oil")]
        ),
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        assert isinstance(self.words.component, discord.ui.TextInput)
        assert isinstance(self.note.component, discord.ui.TextInput)
        assert isinstance(self.style.component, discord.ui.Select)
        values = (self.words.component.value, self.note.component.value, *self.style.component.values)
        await interaction.response.send_message("|".join(values))


def helpful_bot() -> SmallBot:
    bot = SmallBot()

    @bot.tree.command()
    async def show(interaction: discord.Interaction) -> None:
        """Show all controls."""
        await interaction.response.send_message("before", view=Everything())

    @bot.tree.command()
    async def form(interaction: discord.Interaction) -> None:
        """Open a form."""
        await interaction.response.send_modal(Form())

    @bot.tree.command()
    async def whisper(interaction: discord.Interaction) -> None:
        """Respond to one person only."""
        await interaction.response.send_message("psst", ephemeral=True)
        await interaction.followup.send("more", ephemeral=True)

    @bot.tree.command()
    async def silent(interaction: discord.Interaction, word: str = "") -> None:
        """Never responds."""

    @silent.autocomplete("word")
    async def never(interaction: discord.Interaction, typed: str) -> list[discord.app_commands.Choice[str]]:
        await asyncio.sleep(10)
        return []

    @bot.tree.context_menu(name="Quote")
    async def quote(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"> {message.content}")

    return bot


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Discord]:
    async with Discord(ack_window=1) as local, running(helpful_bot(), local, monkeypatch):
        yield local


async def shown(server: Discord) -> Message:
    return message_of(await server.person("ana").slash("show"))


async def opened(server: Discord) -> Modal:
    return form_of(await server.person("ana").slash("form"))


async def test_buttons_are_found_by_label_emoji_or_id(server: Discord) -> None:
    ben, message = server.person("ben"), await shown(server)
    for name in ("Press", "🔁", "press", "🔁 Press"):
        reply = await ben.click(message, name)
        assert reply.text == "pressed by ben"
    assert [message.content for message in ben.sees()] == ["pressed by ben"]
    assert ben.sees()[0].edited


@pytest.mark.parametrize(
    ("button", "words"),
    [
        ("Push", "This message has no button 'Push'. Its buttons: Press, Dead, Away"),
        ("Dead", "The button 'Dead' is disabled"),
        ("Away", "The button 'Away' is a link"),
    ],
)
async def test_missing_disabled_and_link_buttons_cannot_be_pressed(server: Discord, button: str, words: str) -> None:
    with pytest.raises(NotPossible, match=words):
        await server.person("ana").click(await shown(server), button)


async def test_drop_downs_only_accept_their_options(server: Discord) -> None:
    ana, message = server.person("ana"), await shown(server)
    assert (await ana.select(message, "Pick", ["Ink", "oil"])).text == "ink+oil"
    assert (await ana.select(message, "pick", ["chalk"])).text == "chalk"
    for name, values, words in (
        ("Choose", ["Ink"], "This message has no drop-down 'Choose'"),
        ("Pick", ["Wax"], "has no option 'Wax'. Its options: Ink, Oil, Chalk"),
        ("Pick", [], "Select 1 to 2 in 'Pick'"),
        ("Pick", ["Ink", "Oil", "Chalk"], "Select 1 to 2 in 'Pick'"),
        ("off", ["x"], "'off' is disabled"),
    ):
        with pytest.raises(NotPossible, match=words):
            await ana.select(message, name, values)


async def test_forms_must_be_complete_and_within_their_limits(server: Discord) -> None:
    ana, modal = server.person("ana"), await opened(server)
    assert (modal.title, [field.label for field in modal.fields]) == ("Draw", ["Words", "Note", "Style"])
    for values, words in (
        ({}, "'Words' is required"),
        ({"Words": ""}, "'Words' is required"),
        ({"Words": "ab"}, "'Words' must be 3 to 9 characters long"),
        ({"Words": "abcdefghij"}, "'Words' must be 3 to 9 characters long"),
        ({"Words": "abc", "Colour": "red"}, "The form has no field 'Colour'. Its fields: Words, Note, Style"),
        ({"Words": "abc", "Style": ["Wax"]}, "'Style' has no option 'Wax'"),
        ({"Words": "abc", "Style": []}, "Select 1 in 'Style'"),
        ({"Words": "abc", "Style": ["Ink", "Oil"]}, "Select 1 in 'Style'"),
    ):
        with pytest.raises(NotPossible, match=words):
            await ana.submit(modal, values)
    reply = await ana.submit(modal, {"Words": "a cat", "Note": "", "Style": "Ink"})
    assert reply.text == "a cat||Ink"


async def test_default_values_are_submitted_unchanged(server: Discord) -> None:
    assert (await server.person("ana").submit(await opened(server), {"Words": "a cat"})).text == "a cat|none|Oil"


async def test_ephemeral_responses_are_seen_by_one_person_only(server: Discord) -> None:
    ana, ben = server.person("ana"), server.person("ben")
    reply = await ana.slash("whisper")
    message = await reply.until(lambda message: message.content == "more", 5)
    assert message.ephemeral
    assert reply.text == "psst\nmore"
    assert [message.content for message in ana.sees()] == ["psst", "more"]
    assert ben.sees() == []
    with pytest.raises(NotPossible, match="ben can't see this message"):
        await ben.click(message, "any")
    with pytest.raises(NotPossible, match="Missing Permissions"):
        await ana.react(message, "🔁")


async def test_a_bot_that_does_not_respond_is_noticed(server: Discord) -> None:
    reply = await server.person("ana").slash("silent")
    assert reply.failed == "The application did not respond"
    assert reply.as_dict() == {"failed": reply.failed, "modal": None}
    assert reply.message is None
    with pytest.raises(TimeoutError, match="the reply is still"):
        await reply.until(lambda _: True, 0.1)
    with pytest.raises(NotPossible, match="Loading options failed"):
        await server.person("ana").completes("/silent word:x")
    with pytest.raises(AssertionError, match="not acknowledged: interaction of type 2, silent"):
        server.assert_clean()


async def test_an_interaction_that_is_too_old_fails(server: Discord) -> None:
    reply = await server.person("ana").slash("show", _age=timedelta(seconds=4))
    assert reply.failed


async def test_a_missing_bot_is_noticed_at_once() -> None:
    async with Discord() as local:
        local.world.commands[None, "ping", 1] = {"id": "1", "name": "ping", "type": 1, "description": "x"}
        started = asyncio.get_running_loop().time()
        assert (await local.person("ana").slash("ping")).failed
        assert asyncio.get_running_loop().time() - started < 1


async def test_apps_on_a_message(server: Discord) -> None:
    ana = server.person("ana")
    message = await ana.say("to be, or not")
    server.gateway.allows_privileged = True
    assert (await server.person("ben").context_menu("Quote", message)).text == "> to be, or not"
    with pytest.raises(NotPossible, match=r"Apps menu has no 'Translate'. Available: Quote\."):
        await ana.context_menu("Translate", message)
    private = await ana.slash("whisper")
    with pytest.raises(NotPossible, match="only you can see"):
        await ana.context_menu("Quote", message_of(private))
    server.world.commands[None, "Pin", 3] = {"id": "9", "name": "Pin", "type": 3, "default_member_permissions": "32"}
    with pytest.raises(NotPossible, match="'Pin' requires manage_guild, which ana doesn't have here"):
        await ana.context_menu("Pin", message)


async def test_people_write_and_delete_messages(server: Discord) -> None:
    ana, ben = server.person("ana"), server.person("ben")
    message = await ana.say("hello", [("x.txt", b"data")])
    assert (message.author, message.is_bot, message.attachments[0].filename) == ("ana", False, "x.txt")
    with pytest.raises(NotPossible, match="only delete your own"):
        await ben.delete(message)
    ben.may("manage_messages")
    await ben.delete(message)
    assert ana.sees() == []
    for action in (ana.delete(message), ana.react(message, "🔁"), ana.click(message, "any")):
        with pytest.raises(NotPossible, match="The message was deleted"):
            await action
    for words, refusal in (("", "Cannot send an empty message"), ("x" * 2001, "Must be 2000 or fewer in length.")):
        with pytest.raises(NotPossible, match=refusal):
            await ana.say(words)


async def test_reactions_are_counted_and_removed(server: Discord) -> None:
    ana, ben = server.person("ana"), server.person("ben")
    message = await ana.say("hello")
    for person in (ana, ben, ana):
        await person.react(message, "🔁")
    assert ana.sees()[0].reactions == {"🔁": 2}
    await ana.unreact(message, "🔁")
    with pytest.raises(NotPossible, match="Unknown Emoji"):
        await ana.unreact(message, "🔁")
    assert ana.sees()[0].reactions == {"🔁": 1}


async def test_going_to_a_server_makes_people_members(server: Discord) -> None:
    ana, ben = server.person("ana"), server.person("ben", ["manage_guild"])
    assert server.person("ana") is ana
    elsewhere = server.add_guild("Elsewhere", ["there"])
    ana.go_to(next(iter(elsewhere.channels.values())))
    assert (await ana.slash("whisper")).text.startswith("psst")
    assert elsewhere.permissions_of(ana.id) == server.guild.permissions_of(ana.id)
    assert "manage_guild" in server.guild.permissions_of(ben.id)
    with pytest.raises(ValueError, match="unknown permissions: fly"):
        ben.may("fly")


async def test_global_commands_work_in_direct_messages(server: Discord) -> None:
    ana = server.person("ana")
    ana.go_to(server.world.direct_channel(ana.user))
    message = message_of(await ana.slash("show"))
    assert (await ana.click(message, "Press")).text == "pressed by ana"
    assert [message.id for message in ana.direct_messages()] == [message.id]
    assert server.person("ben").sees() == []
