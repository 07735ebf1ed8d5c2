"""The page and its websocket."""

from __future__ import annotations

import asyncio

import aiohttp
import discord
import pytest

from playground import Discord
from playground.actions import posting
from playground.page.web import STATIC
from playground.world import EPHEMERAL, LOADING, MessageRecord
from tests.playground.conftest import SmallBot, running
from tests.playground.page.client import Json, open_page


def whisper(server: Discord, person: str, content: str) -> MessageRecord:
    """An ephemeral message to one person."""
    only_for = server.person(person).id
    return posting.post(
        server.world, server.channel("pictures"), server.world.bot, {"content": content}, only_for=only_for
    )


async def get(server: Discord, path: str) -> bytes:
    """The raw response; HTTP clients would normalise the path first."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nConnection: close\r\n\r\n".encode())
    response = await reader.read()
    writer.close()
    return response


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "https://127.0.0.1"},
        {"Host": "elsewhere.example", "Origin": "http://elsewhere.example"},
        {"Host": "elsewhere.example"},
    ],
)
async def test_pages_from_other_origins_are_refused(local: Discord, headers: dict[str, str]) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        async with open_page(local, "ana", **headers):
            pass
    assert caught.value.status == 403


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
async def test_the_page_works_under_both_host_names(local: Discord, name: str) -> None:
    host = f"{name}:{local.port}"
    async with open_page(local, "ana", Host=host, Origin=f"http://{host}") as ana:
        assert (await ana.event("HELLO"))["user"]["username"] == "ana"


@pytest.mark.parametrize(
    "path",
    [
        "../web.py",
        "%2e%2e/web.py",
        "..%2fweb.py",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "main.js%00",
        "x/../../web.py",
        ".",
    ],
)
async def test_only_files_in_the_static_folder_are_served(local: Discord, path: str) -> None:
    assert (await get(local, f"/static/{path}")).startswith(b"HTTP/1.1 404")


async def test_the_page_has_a_strict_content_security_policy(local: Discord) -> None:
    for path in ("/", "/static/main.js"):
        response = await get(local, path)
        assert response.startswith(b"HTTP/1.1 200")
        assert b"Content-Security-Policy: default-src 'self';" in response
    named = {name for line in (STATIC / "index.html").read_text().split('"') if (name := line).startswith("/static/")}
    assert named
    assert all((STATIC / name.removeprefix("/static/")).is_file() for name in named)


async def test_ephemeral_messages_reach_only_their_recipient(local: Discord) -> None:
    early = whisper(local, "ana", "for ana, before")
    channel = str(local.channel("pictures").id)
    async with open_page(local, "ana") as ana, open_page(local, "ben") as ben:
        messages = (await ana.event("HELLO"))["messages"][channel]
        assert [(shown["content"], shown["flags"] & EPHEMERAL) for shown in messages] == [
            ("for ana, before", EPHEMERAL)
        ]
        assert (await ben.event("HELLO"))["messages"][channel] == []
        whisper(local, "ana", "for ana, now")
        assert (await ben.ask("say", content="for all"))["ok"]
        assert (await ana.event("MESSAGE_CREATE"))["content"] == "for ana, now"
        assert (await ben.event("MESSAGE_CREATE"))["content"] == "for all"
        answer = await ben.ask("click", message_id=str(early.id), custom_id="x")
        assert answer["error"] == "The message was deleted."


async def test_direct_messages_are_private(local: Discord) -> None:
    direct = local.world.direct_channel(local.person("ana").user)
    async with open_page(local, "ben") as ben, open_page(local, "ana") as ana:
        assert not (await ben.ask("go", channel_id=str(direct.id)))["ok"]
        assert not (await ben.ask("say", content="hello", channel_id=str(direct.id)))["ok"]
        assert (await ana.ask("say", content="hello", channel_id=str(direct.id)))["ok"]
        assert (await ben.ask("say", content="hi"))["ok"]
        assert (await ben.event("MESSAGE_CREATE"))["content"] == "hi"
    async with open_page(local, "ana") as ana:
        assert (await ana.event("HELLO"))["channel_id"] == str(direct.id)


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        ({"op": "line", "line": "/draw what:a cat"}, "There is no command /draw. Available: none."),
        ({"op": "say", "content": ""}, "Cannot send an empty message"),
        ({"op": "say", "content": "x" * 2001}, "In content: Must be 2000 or fewer in length."),
        ({"op": "react", "message_id": "1", "emoji": "🔁"}, "The message was deleted."),
        ({"op": "submit", "token": "t", "values": {}}, "This form is no longer open; run the command again."),
    ],
)
async def test_a_failed_action_explains_why_in_one_sentence(local: Discord, action: Json, sentence: str) -> None:
    async with open_page(local, "ana") as ana:
        answer = await ana.ask(**action)
        assert (answer["ok"], answer["error"]) == (False, sentence)


@pytest.mark.parametrize(
    "text", ["{", "[]", "7", '{"op": "fly"}', '{"op": ["say"]}', '{"op": "go", "channel_id": "x"}']
)
async def test_a_malformed_frame_gets_an_error_and_keeps_the_socket_open(local: Discord, text: str) -> None:
    async with open_page(local, "ana") as ana:
        answer = await ana.send(text)
        assert not answer["ok"]
        assert answer["error"].startswith("The playground couldn't handle that request")
        assert (await ana.ask("say", content="still here"))["ok"]


async def test_reaction_events_carry_the_current_counts(local: Discord) -> None:
    said = await local.person("ana").say("hello")
    async with open_page(local, "ana") as ana, open_page(local, "ben") as ben:
        await ben.ask("react", message_id=str(said.id), emoji="👍")
        await ana.ask("react", message_id=str(said.id), emoji="👍")
        await ana.event("MESSAGE_REACTION_ADD")
        (reaction,) = (await ana.event("MESSAGE_REACTION_ADD"))["reactions"]
        assert (reaction["emoji"]["name"], reaction["count"], reaction["me"]) == ("👍", 2, True)
        await ben.ask("react", message_id=str(said.id), emoji="👍", off=True)
        (reaction,) = (await ana.event("MESSAGE_REACTION_REMOVE"))["reactions"]
        assert (reaction["count"], reaction["me"]) == (1, True)
        assert (await ben.ask("react", message_id=str(said.id), emoji="👍", off=True))["error"] == "Unknown Emoji"


async def test_presence_shows_people_and_the_bot_coming_and_going(
    local: Discord, monkeypatch: pytest.MonkeyPatch
) -> None:
    def online(presence: Json) -> set[str]:
        return {user["username"] for user in presence["people"] if user["online"]}

    async with open_page(local, "ana") as ana:
        presence = (await ana.event("HELLO"))["presence"]
        assert (presence["bot"], online(presence)) == (False, {"ana"})
        async with open_page(local, "ben"), running(SmallBot(), local, monkeypatch):
            while not (presence["bot"] and online(presence) == {"ana", "ben"}):
                presence = await ana.event("PRESENCE")
        while presence["bot"] or online(presence) != {"ana"}:
            presence = await ana.event("PRESENCE")


async def test_closing_a_page_removes_its_listener(local: Discord) -> None:
    before = len(local.world.listeners)
    for _ in range(3):
        async with open_page(local, "ana") as ana:
            await ana.event("HELLO")
            assert len(local.world.listeners) == before + 1
        async with open_page(local, "ana") as ana:
            await ana.ask("say", content="hello")
    await local.until(lambda: len(local.world.listeners) == before or None, 5, lambda: "a listener was left behind")


async def test_a_deferred_command_shows_thinking_then_the_response(
    local: Discord, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = SmallBot()

    @bot.tree.command()
    async def draw(interaction: discord.Interaction, what: str, sketch: discord.Attachment | None = None) -> None:
        """Draw something."""
        await interaction.response.defer(thinking=True)
        size = len(await sketch.read()) if sketch else 0
        await interaction.edit_original_response(content=f"{what}, {size} bytes")

    @bot.tree.command()
    @discord.app_commands.default_permissions(manage_guild=True)
    async def secret(interaction: discord.Interaction) -> None:
        """Only for moderators."""

    async with running(bot, local, monkeypatch), open_page(local, "ana") as ana:
        hello = await ana.event("HELLO")
        (draw,) = (command["id"] for command in hello["commands"] if command["name"] == "draw")
        assert all(channel["commands"] == [draw] for channel in hello["channels"] if channel["name"] == "pictures")
        sketch = {"name": "sketch.txt", "data": "aGVsbG8="}
        assert (await ana.ask("type", command="draw", options={"what": "a cat", "sketch": sketch}))["ok"]
        thinking = await ana.event("MESSAGE_CREATE")
        assert thinking["flags"] & LOADING
        assert thinking["content"] == ""
        done = await ana.event("MESSAGE_UPDATE")
        assert (done["id"], done["content"], done["flags"]) == (thinking["id"], "a cat, 5 bytes", 0)


async def test_a_form_can_only_be_submitted_by_its_owner(local: Discord, monkeypatch: pytest.MonkeyPatch) -> None:
    bot = SmallBot()

    class Form(discord.ui.Modal, title="Words"):
        words = discord.ui.Label(text="Words", component=discord.ui.TextInput(custom_id="words", max_length=9))

        async def on_submit(self, interaction: discord.Interaction) -> None:
            assert isinstance(self.words.component, discord.ui.TextInput)
            await interaction.response.send_message(self.words.component.value)

    @bot.tree.command()
    async def form(interaction: discord.Interaction) -> None:
        """Open a form."""
        await interaction.response.send_modal(Form())

    async with running(bot, local, monkeypatch), open_page(local, "ana") as ana, open_page(local, "ben") as ben:
        modal = (await ana.ask("line", line="/form"))["d"]["modal"]
        filled = {"token": modal["token"], "values": {"words": "a cat"}}
        assert not (await ben.ask("submit", **filled))["ok"]
        too_long = {**filled, "values": {"words": "a very long cat"}}
        assert (await ana.ask("submit", **too_long))["error"] == "'Words' must be 0 to 9 characters long."
        assert (await ana.ask("submit", **filled))["ok"]
        assert (await ben.event("MESSAGE_CREATE"))["content"] == "a cat"
