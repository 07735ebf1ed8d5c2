"""hikari, unmodified, against the playground: a second opinion on the protocol."""

from __future__ import annotations

import io
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import hikari
import pytest
from PIL import Image

from playground import Discord

INTENTS = hikari.Intents.GUILDS | hikari.Intents.GUILD_MESSAGES | hikari.Intents.GUILD_MESSAGE_REACTIONS


def picture() -> hikari.Bytes:
    file = io.BytesIO()
    Image.new("RGB", (32, 16), "red").save(file, "PNG")
    return hikari.Bytes(file.getvalue(), "red.png")


def drawing_bot(server: Discord) -> hikari.GatewayBot:
    bot = hikari.GatewayBot(server.token, rest_url=server.rest_url, intents=INTENTS, banner=None, logs=None)

    @bot.listen()
    async def started(event: hikari.StartedEvent) -> None:
        draw = bot.rest.slash_command_builder("draw", "Draw something")
        draw.add_option(
            hikari.CommandOption(
                type=hikari.OptionType.STRING, name="what", description="What", is_required=True, autocomplete=True
            )
        )
        me = bot.get_me()
        assert me is not None
        await bot.rest.set_application_commands(me.id, [draw])

    @bot.listen()
    async def acted(event: hikari.InteractionCreateEvent) -> None:
        match event.interaction:
            case hikari.AutocompleteInteraction() as typing:
                typed = typing.options[0].value
                choice = hikari.impl.AutocompleteChoiceBuilder
                await typing.create_response([choice(f"{typed} {number}", f"{typed}{number}") for number in range(3)])
            case hikari.CommandInteraction() as command:
                await command.create_initial_response(hikari.ResponseType.DEFERRED_MESSAGE_CREATE)
                row = bot.rest.build_message_action_row()
                row.add_interactive_button(hikari.ButtonStyle.PRIMARY, "again:7", label="Again", emoji="🔁")
                assert command.options is not None
                await command.edit_initial_response(f"{command.options[0].value}", attachment=picture(), component=row)
                await command.execute("and a word more", flags=hikari.MessageFlag.EPHEMERAL)
            case hikari.ComponentInteraction() as click:
                await click.create_initial_response(
                    hikari.ResponseType.MESSAGE_UPDATE, f"pressed {click.custom_id}", components=[]
                )

    @bot.listen()
    async def reacted(event: hikari.GuildReactionAddEvent) -> None:
        if event.is_for_emoji("🔁"):
            await bot.rest.add_reaction(event.channel_id, event.message_id, "✅")

    return bot


@asynccontextmanager
async def running(bot: hikari.GatewayBot) -> AsyncIterator[None]:
    await bot.start(check_for_updates=False)
    try:
        yield
    finally:
        await bot.close()


async def test_hikari_draws_a_picture(local: Discord, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    async with running(drawing_bot(local)):
        await local.until_connected(10)
        ana, ben = local.person("ana"), local.person("ben")
        choices = await ana.completes("/draw what:ca")
        assert [(choice.name, choice.value) for choice in choices] == [(f"ca {n}", f"ca{n}") for n in range(3)]
        reply = await ana.slash("draw", what="a cat")
        message = await reply.until(lambda message: bool(message.attachments), 10)
        (file,) = message.attachments
        assert (message.content, file.filename, file.width, file.height) == ("a cat", "red.png", 32, 16)
        assert (await reply.until(lambda message: message.ephemeral, 10)).content == "and a word more"
        await ben.react(message, "🔁")
        await local.wait_for(lambda message: message.reactions == {"🔁": 1, "✅": 1}, 10)
        answer = await ben.click(message, "Again")
        assert answer.failed is None
        assert (await local.wait_for(lambda message: message.content == "pressed again:7", 10)).buttons == ()
    local.assert_clean()
    # hikari warns about protocol errors; hikari.ux only gives advice on running Python
    warnings = [record for record in caplog.records if record.name.startswith("hikari") and record.name != "hikari.ux"]
    assert [record.getMessage() for record in warnings] == []


async def test_hikari_reconnects_after_losing_its_connection(local: Discord) -> None:
    async with running(drawing_bot(local)):
        await local.until_connected(10)
        message = await local.person("ana").say("hello")
        await local.gateway.drop(4000)
        await local.person("ana").react(message, "🔁")
        await local.wait_for(lambda message: "✅" in message.reactions, 20)
    local.assert_clean()


async def test_hikari_is_refused_with_a_wrong_token(local: Discord) -> None:
    bot = hikari.GatewayBot(local.token[:-1] + "x", rest_url=local.rest_url, banner=None, logs=None)
    with pytest.raises(hikari.UnauthorizedError):
        await bot.start(check_for_updates=False)
    await bot.close()
