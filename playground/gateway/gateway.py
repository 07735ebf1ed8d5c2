"""The gateway: sessions over websockets, with heartbeats, resuming and compression."""

from __future__ import annotations

import asyncio
import json
import secrets
from contextlib import suppress
from typing import Any

from aiohttp import WSMsgType, web

from playground.gateway.events import ALL, GUILDS, PRIVILEGED, event_json, guild_of
from playground.gateway.sessions import Connection, Session
from playground.wire.guilds import guild_create_json, member_json
from playground.wire.users import user_json
from playground.world import Channel, Json, World

DISPATCH, RECONNECT, MEMBERS, INVALID, HELLO, ACK = 0, 7, 8, 9, 10, 11  # opcodes the server sends
BAD_FRAME, NOT_IDENTIFIED, BAD_TOKEN, IDENTIFIED_TWICE, TOO_FAST = 4002, 4003, 4004, 4005, 4008
BAD_SHARD, BAD_VERSION, BAD_INTENTS, DISALLOWED_INTENTS = 4010, 4012, 4013, 4014
HEARTBEAT_INTERVAL = 41_250  # ms
MAX_FRAME = 4096  # bytes in a client's frame


class Gateway:
    """The bot's sessions, and the faults of the gateway."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.sessions: dict[str, Session] = {}
        self.heartbeat_interval = HEARTBEAT_INTERVAL
        self.acknowledges = True
        self.allows_privileged = False
        self.delay = 0.0
        #: number of events that a resume repeats although the client already has them
        self.repeats = 0
        world.listeners.append(self._on_event)

    @property
    def connected(self) -> list[Session]:
        return [session for session in self.sessions.values() if session.connection is not None]

    # Faults

    async def drop(self, code: int = 4000) -> None:
        """Close every connection. Clients may resume."""
        for session in self.connected:
            connection, session.connection = session.connection, None
            if connection is not None:
                await connection.socket.close(code=code)

    def reconnect(self) -> None:
        self._to_all({"op": RECONNECT, "d": None})

    def invalidate(self, *, resumable: bool = False) -> None:
        self._to_all({"op": INVALID, "d": resumable})
        if not resumable:
            for session in self.connected:
                del self.sessions[session.id]

    def duplicate_last(self) -> None:
        """Send the last event again, as Discord does when it replays too much."""
        for session in self.connected:
            if session.sent and session.connection is not None:
                session.connection.send(session.sent[-1])

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one websocket until it closes."""
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        connection = Connection(socket, compressed=request.query.get("compress") == "zlib-stream")
        if request.query.get("v", "10") != "10":
            await socket.close(code=BAD_VERSION)
            return socket
        connection.send({"op": HELLO, "d": {"heartbeat_interval": self.heartbeat_interval, "_trace": []}})
        writer = asyncio.create_task(connection.write())
        session: Session | None = None
        try:
            async for message in socket:
                if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    break
                if connection.is_too_fast(self._world.clock.now()):
                    await socket.close(code=TOO_FAST)
                    break
                try:
                    session = await self._receive(connection, session, _read(message.data))
                except (ValueError, TypeError, KeyError, AttributeError):
                    await socket.close(code=BAD_FRAME)
                    break
        finally:
            writer.cancel()
            with suppress(asyncio.CancelledError, ConnectionError, RuntimeError):
                await writer
            if session is not None and session.connection is connection:
                session.connection = None
                if socket.close_code in (1000, 1001):
                    self.sessions.pop(session.id, None)
        return socket

    async def _receive(self, connection: Connection, session: Session | None, frame: Json) -> Session | None:
        match frame.get("op"):
            case 1:
                if self.acknowledges:
                    connection.send({"op": ACK, "d": None})
            case 2 if session is not None:
                await connection.socket.close(code=IDENTIFIED_TWICE)
            case 2:
                return await self._identify(connection, frame["d"])
            case 6:
                return await self._resume(connection, frame["d"])
            case 3 | 4 | 8 if session is not None:
                if frame["op"] == MEMBERS:
                    self._send_members(session, frame["d"])
            case 3 | 4 | 8:
                await connection.socket.close(code=NOT_IDENTIFIED)
            case _:
                await connection.socket.close(code=4001)
        return session

    async def _identify(self, connection: Connection, data: Json) -> Session | None:
        intents, (number, total) = data["intents"], data.get("shard") or (0, 1)
        for is_wrong, code in (
            (data["token"].removeprefix("Bot ") != self._world.token, BAD_TOKEN),
            (not self._world.sessions_left, BAD_TOKEN),  # Discord even resets the token then
            (not 0 <= number < total, BAD_SHARD),
            (intents & ~ALL, BAD_INTENTS),
            (intents & PRIVILEGED and not self.allows_privileged, DISALLOWED_INTENTS),
        ):
            if is_wrong:
                await connection.socket.close(code=code)
                return None
        self._world.sessions_left -= 1
        session = Session(secrets.token_hex(16), intents, (number, total), connection=connection)
        self.sessions[session.id] = session
        guilds = [guild for guild in self._world.guilds.values() if guild.bot and session.has_guild(guild.id)]
        self._dispatch(
            session,
            "READY",
            {
                "v": 10,
                "user": {**user_json(self._world.bot), "mfa_enabled": False, "locale": "en-US", "verified": True},
                "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
                "session_id": session.id,
                "resume_gateway_url": self._world.base_url.replace("http", "ws", 1) + "/gateway",
                "shard": list(session.shard),
                "application": {"id": str(self._world.application_id), "flags": 0, "flags_new": "0"},
                "session_type": "normal",
                "private_channels": [],
                "user_settings": {},
                "presences": [],
                "relationships": [],
                "geo_ordered_rtc_regions": [],
                "guild_join_requests": [],
                "_trace": [],
            },
        )
        if session.intents & GUILDS:
            for guild in guilds:
                self._dispatch(session, "GUILD_CREATE", guild_create_json(self._world, guild))
        return session

    async def _resume(self, connection: Connection, data: Json) -> Session | None:
        if data["token"].removeprefix("Bot ") != self._world.token:
            await connection.socket.close(code=BAD_TOKEN)
            return None
        session = self.sessions.get(data["session_id"])
        oldest = session.sent[0]["s"] if session is not None and session.sent else 0
        if session is None or data["seq"] + 1 < oldest:
            connection.send({"op": INVALID, "d": False})
            return None
        session.connection = connection
        for frame in session.sent:
            if frame["s"] > data["seq"] - self.repeats:
                connection.send(frame)
        self._dispatch(session, "RESUMED", {"_trace": []})
        return session

    def _send_members(self, session: Session, data: Json) -> None:
        guild = self._world.guilds.get(int(data["guild_id"]))
        if guild is not None and guild.bot is not None:
            people = [member_json(self._world, guild, user_id) for user_id in guild.members]
            chunk = {"guild_id": str(guild.id), "members": people, "chunk_index": 0, "chunk_count": 1, "not_found": []}
            self._dispatch(session, "GUILD_MEMBERS_CHUNK", {**chunk, "nonce": data.get("nonce")})

    def _on_event(self, event: str, data: Json, channel: Channel | None, only_for: int | None) -> None:
        """Send each session its version of an event."""
        guild = guild_of(data, channel)
        for session in list(self.sessions.values()):
            if not session.has_guild(guild.id if guild else 0):
                continue
            sent = event_json(self._world, session.intents, event, data, channel, only_for)
            if sent is not None:
                self._dispatch(session, event, sent)

    def _dispatch(self, session: Session, event: str, data: Any) -> None:
        session.sequence += 1
        frame = {"op": DISPATCH, "t": event, "s": session.sequence, "d": data}
        session.sent.append(frame)
        if session.connection is None:
            return
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, session.connection.send, frame)
        else:
            session.connection.send(frame)

    def _to_all(self, frame: Json) -> None:
        for session in self.connected:
            assert session.connection is not None
            session.connection.send(frame)


def _read(data: str | bytes) -> Json:
    """Parse a client's frame.

    Raises: ValueError if it is too large or not JSON.
    """
    if len(data if isinstance(data, bytes) else data.encode()) > MAX_FRAME:
        raise ValueError("frame too large")
    return json.loads(data)
