"""What a page receives about places: channels and threads, permissions, and the commands that can be used in each."""

from __future__ import annotations

from playground import Discord
from tests.playground.page.client import Json, PageClient, open_page

COMMAND: Json = {"name": "draw", "type": 1, "description": "Draw", "default_member_permissions": None}


def add_command(server: Discord, name: str, **more: object) -> None:
    command_id = str(server.clock.snowflake())
    server.world.commands[None, name, 1] = {**COMMAND, "id": command_id, "name": name, **more}
    server.world.emit("COMMANDS_UPDATE", {})


def commands_by_channel(places: Json) -> dict[str, list[str]]:
    names = {command["id"]: command["name"] for command in places["commands"]}
    return {
        channel["name"]: sorted(names[command] for command in channel["commands"]) for channel in places["channels"]
    }


async def places_with(page: PageClient, name: str) -> Json:
    """The first update that has a channel with this name."""
    while True:
        places = await page.event("PLACES_UPDATE")
        if any(channel["name"] == name for channel in places["channels"]):
            return places


async def test_each_channel_lists_the_commands_that_can_be_used_there(local: Discord) -> None:
    local.add_channel("adults", age_restricted=True)
    add_command(local, "draw")
    add_command(local, "adult", nsfw=True)
    add_command(local, "server", contexts=[0])
    async with open_page(local, "ana") as ana:
        hello = await ana.event("HELLO")
        assert commands_by_channel(hello) == {
            "pictures": ["draw", "server"],
            "general": ["draw", "server"],
            "adults": ["adult", "draw", "server"],
            "ana": ["adult", "draw"],
        }
        add_command(local, "manage", default_member_permissions=str(1 << 5))
        assert "manage" not in commands_by_channel(await ana.event("PLACES_UPDATE"))["pictures"]
        local.person("ana").may("manage_guild")
        places = await ana.event("PLACES_UPDATE")
        assert "manage" in commands_by_channel(places)["pictures"]
        assert "manage_guild" in places["channels"][0]["permissions"]


async def test_threads_follow_their_channel_and_messages_in_them_arrive(local: Discord) -> None:
    ben = local.person("ben")
    async with open_page(local, "ana") as ana:
        await ana.event("HELLO")
        thread = ben.start_thread("a thread")
        places = await places_with(ana, "a thread")
        assert [channel["name"] for channel in places["channels"]] == ["pictures", "a thread", "general", "ana"]
        assert (await ana.ask("say", content="hello", channel_id=str(thread.id)))["ok"]
        assert (await ana.event("MESSAGE_CREATE"))["channel_id"] == str(thread.id)


async def test_hidden_channels_and_their_messages_are_not_sent(local: Discord) -> None:
    ana, hidden = local.person("ana"), local.channel("general")
    secret = await local.person("ben").say("in pictures")
    hidden.set_overwrite(ana.id, deny=["view_channel"])
    private = local.person("ben").start_thread("private", private=True)
    async with open_page(local, "ana") as page:
        hello = await page.event("HELLO")
        assert [channel["name"] for channel in hello["channels"]] == ["pictures", "ana"]
        for channel in (hidden, private):
            assert not (await page.ask("say", content="x", channel_id=str(channel.id)))["ok"]
        local.channel("pictures").set_overwrite(ana.id, deny=["view_channel"])
        refused = await page.ask("react", message_id=str(secret.id), emoji="👍")
        assert refused["error"] == "The message was deleted."
