"""The gateway, frame by frame: identifying, heartbeats, resuming, compression, intents, shards."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from playground import Discord
from tests.playground.api import INTENTS, Socket, identification, open_socket

MESSAGE_CONTENT = 1 << 15


async def refused_with(server: Discord, query: str = "?v=10&encoding=json", **wrong: Any) -> int:
    async with open_socket(server, query) as socket:
        await socket.next()
        await socket.send(2, identification(server, **wrong))
        return await socket.closed()


async def test_a_client_gets_hello_ready_and_its_servers(local: Discord) -> None:
    async with open_socket(local) as socket:
        hello = await socket.next()
        assert (hello["op"], hello["d"]["heartbeat_interval"]) == (10, 41_250)
        await socket.send(2, identification(local))
        ready = await socket.next()
        assert (ready["op"], ready["t"], ready["s"]) == (0, "READY", 1)
        assert ready["d"]["user"]["id"] == str(local.world.bot.id)
        assert ready["d"]["guilds"] == [{"id": str(local.guild.id), "unavailable": True}]
        guild = await socket.next()
        assert (guild["t"], guild["d"]["id"]) == ("GUILD_CREATE", str(local.guild.id))
        assert [channel["name"] for channel in guild["d"]["channels"]] == ["pictures", "general"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"token": "bad"}, 4004),
        ({"shard": [2, 2]}, 4010),
        ({"shard": [-1, 2]}, 4010),
        ({"intents": 1 << 30}, 4013),
        ({"intents": INTENTS | MESSAGE_CONTENT}, 4014),
        ({"intents": "all"}, 4002),
    ],
)
async def test_an_invalid_identify_closes_with_its_code(local: Discord, wrong: Any, code: int) -> None:
    assert await refused_with(local, **wrong) == code
    assert not local.gateway.connected


async def test_an_older_gateway_version_is_refused(local: Discord) -> None:
    async with open_socket(local, "?v=6&encoding=json") as socket:
        assert await socket.closed() == 4012


async def test_privileged_intents_work_when_allowed(local: Discord) -> None:
    local.gateway.allows_privileged = True
    async with open_socket(local) as socket:
        await socket.identify(local, intents=INTENTS | MESSAGE_CONTENT)
        await local.person("ana").say("hello")
        assert (await socket.until("MESSAGE_CREATE"))["d"]["content"] == "hello"


@pytest.mark.parametrize(
    "frame", ["", "{", "[]", "7", '{"op": 2}', '{"op": 2, "d": {}}', json.dumps({"op": 1, "d": "x" * 5000})]
)
async def test_a_malformed_frame_closes_with_4002(local: Discord, frame: str) -> None:
    async with open_socket(local) as socket:
        await socket.socket.send_str(frame)
        assert await socket.closed() == 4002


async def test_other_mistakes_close_with_their_codes(local: Discord) -> None:
    async with open_socket(local) as socket:
        await socket.send(99, None)
        assert await socket.closed() == 4001
    async with open_socket(local) as socket:
        await socket.send(3, {"status": "online"})
        assert await socket.closed() == 4003
    async with open_socket(local) as socket:
        await socket.identify(local)
        await socket.send(2, identification(local))
        assert await socket.closed() == 4005
    async with open_socket(local) as socket:
        for _ in range(121):
            await socket.send(1, None)
        assert await socket.closed() == 4008


async def test_heartbeats_are_acknowledged_unless_switched_off(local: Discord) -> None:
    async with open_socket(local) as socket:
        await socket.identify(local)
        await socket.until("GUILD_CREATE")
        await socket.send(1, 2)
        assert (await socket.next())["op"] == 11
        local.gateway.acknowledges = False
        await socket.send(1, 2)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.next(), 0.2)


async def test_resuming_replays_exactly_the_missed_events(local: Discord) -> None:
    ana = local.person("ana")
    async with open_socket(local) as socket:
        session = (await socket.identify(local))["session_id"]
        await ana.say("seen")
        seen = await socket.until("MESSAGE_CREATE")
        await local.gateway.drop(4000)
        assert await socket.closed() == 4000
    await ana.say("missed")
    await ana.say("missed too")
    async with open_socket(local) as socket:
        await socket.next()
        await socket.send(6, {"token": local.token, "session_id": session, "seq": seen["s"]})
        frames = [await socket.next() for _ in range(3)]
        assert [frame["t"] for frame in frames] == ["MESSAGE_CREATE", "MESSAGE_CREATE", "RESUMED"]
        assert [frame["s"] for frame in frames] == [seen["s"] + 1, seen["s"] + 2, seen["s"] + 3]
        await ana.say("live again")
        assert (await socket.next())["s"] == seen["s"] + 4


async def test_an_unknown_session_cannot_be_resumed(local: Discord) -> None:
    async with open_socket(local) as socket:
        await socket.next()
        await socket.send(6, {"token": local.token, "session_id": "0" * 32, "seq": 1})
        assert await socket.next() == {"op": 9, "d": False}
        await socket.send(2, identification(local))
        await socket.until("READY")
    async with open_socket(local) as socket:
        await socket.next()
        await socket.send(6, {"token": "bad", "session_id": "0" * 32, "seq": 1})
        assert await socket.closed() == 4004


async def test_a_clean_close_ends_the_session(local: Discord) -> None:
    async with open_socket(local) as socket:
        session = (await socket.identify(local))["session_id"]
        await socket.socket.close(code=1000)
    await local.until(lambda: True if not local.gateway.sessions else None, 5, lambda: "the session still exists")
    async with open_socket(local) as socket:
        await socket.next()
        await socket.send(6, {"token": local.token, "session_id": session, "seq": 1})
        assert (await socket.next())["op"] == 9


async def test_faults_of_the_gateway_reach_the_client(local: Discord) -> None:
    async with open_socket(local) as socket:
        await socket.identify(local)
        await socket.until("GUILD_CREATE")
        local.gateway.reconnect()
        assert (await socket.next())["op"] == 7
        local.gateway.invalidate(resumable=True)
        assert await socket.next() == {"op": 9, "d": True}
        assert local.gateway.connected
        local.gateway.duplicate_last()
        assert (await socket.next())["t"] == "GUILD_CREATE"
        local.gateway.delay = 0.15
        started = asyncio.get_running_loop().time()
        await local.person("ana").say("hello")
        await socket.until("MESSAGE_CREATE")
        assert asyncio.get_running_loop().time() - started >= 0.15
        local.gateway.invalidate()
        assert await socket.next() == {"op": 9, "d": False}
        assert not local.gateway.sessions


async def test_zlib_stream_is_a_single_stream_per_connection(local: Discord) -> None:
    async with open_socket(local, "?v=10&encoding=json&compress=zlib-stream") as socket:
        await socket.identify(local)
        await socket.until("GUILD_CREATE")
        await local.person("ana").say("hello " * 200)
        assert (await socket.until("MESSAGE_CREATE"))["d"]["author"]["username"] == "ana"


async def test_without_message_content_other_peoples_text_is_withheld_unless_they_mention_the_bot(
    local: Discord,
) -> None:
    ana = local.person("ana")
    async with open_socket(local) as socket:
        await socket.identify(local)
        await ana.say("a secret")
        assert (await socket.until("MESSAGE_CREATE"))["d"]["content"] == ""
        await ana.say(f"<@{local.world.bot.id}> hello")
        assert "hello" in (await socket.until("MESSAGE_CREATE"))["d"]["content"]


async def test_events_require_their_intents(local: Discord) -> None:
    ana = local.person("ana")
    async with open_socket(local) as socket:
        await socket.identify(local, intents=1 << 10)
        message = await ana.say("hello")
        await ana.react(message, "🔁")
        frame = await socket.next()
        assert (frame["t"], frame["s"]) == ("MESSAGE_REACTION_ADD", 2)
        assert frame["d"]["message_author_id"] == str(ana.id)


async def test_each_shard_only_gets_its_own_servers(local: Discord) -> None:
    while (local.add_guild("Elsewhere", ["there"]).id >> 22) % 2 == (local.guild.id >> 22) % 2:
        local.clock.advance(seconds=0.001)  # the shard depends on the id's milliseconds
    mine = (local.guild.id >> 22) % 2
    async with open_socket(local) as own, open_socket(local) as other:
        for socket, number in ((own, mine), (other, 1 - mine)):
            ready = await socket.identify(local, shard=[number, 2])
            assert ready["shard"] == [number, 2]
        local.world.commands[None, "ping", 1] = {"id": "1", "name": "ping", "type": 1, "description": "x"}
        ana = local.person("ana")
        waiting = asyncio.create_task(ana.slash("ping"))
        assert (await own.until("INTERACTION_CREATE"))["d"]["guild_id"] == str(local.guild.id)
        await ana.say("hello")
        assert {frame["t"] for frame in await _remaining(other)} <= {"GUILD_CREATE"}
        waiting.cancel()


async def _remaining(socket: Socket) -> list[dict[str, Any]]:
    frames: list[dict[str, Any]] = []
    try:
        while True:
            frames.append(await asyncio.wait_for(socket.next(), 0.2))
    except TimeoutError:
        return frames


async def test_members_are_sent_as_a_chunk(local: Discord) -> None:
    local.person("ana")
    async with open_socket(local) as socket:
        await socket.identify(local)
        await socket.send(8, {"guild_id": str(local.guild.id), "query": "", "limit": 0, "nonce": "n"})
        chunk = (await socket.until("GUILD_MEMBERS_CHUNK"))["d"]
        assert [member["user"]["username"] for member in chunk["members"]] == ["ana"]
        assert (chunk["nonce"], chunk["chunk_count"]) == ("n", 1)
