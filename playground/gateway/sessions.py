"""One identified client, and the websocket it is connected through."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections import deque
from dataclasses import dataclass, field

from aiohttp import web

from playground.world import Json

REPLAY = 2000  # events kept for resuming
MAX_FRAMES, FRAMES_WINDOW = 120, 60.0  # frames a client may send, and in how many seconds


@dataclass
class Session:
    """An identified client; it outlives its connection so that it can resume."""

    id: str
    intents: int
    shard: tuple[int, int]
    sequence: int = 0
    sent: deque[Json] = field(default_factory=lambda: deque(maxlen=REPLAY))
    connection: Connection | None = None

    def has_guild(self, guild_id: int) -> bool:
        """Whether a server's events go to this session's shard; direct messages count as server 0."""
        number, total = self.shard
        return (guild_id >> 22) % total == number


class Connection:
    """A websocket, compressed if the client asked for that."""

    def __init__(self, socket: web.WebSocketResponse, *, compressed: bool) -> None:
        self.socket = socket
        self._deflate = zlib.compressobj() if compressed else None
        self._frames: asyncio.Queue[Json] = asyncio.Queue()
        self._received: deque[float] = deque(maxlen=MAX_FRAMES)

    def is_too_fast(self, now: float) -> bool:
        """Count a received frame and tell whether the client is over the limit."""
        is_full = len(self._received) == MAX_FRAMES and now - self._received[0] < FRAMES_WINDOW
        self._received.append(now)
        return is_full

    def send(self, frame: Json) -> None:
        """Queue a frame; frames are sent in order."""
        self._frames.put_nowait(frame)

    async def write(self) -> None:
        """Send queued frames until cancelled."""
        while True:
            text = json.dumps(await self._frames.get())
            if self._deflate is None:
                await self.socket.send_str(text)
            else:
                await self.socket.send_bytes(
                    self._deflate.compress(text.encode()) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
                )
