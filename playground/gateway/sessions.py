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
MAX_FRAMES, FRAMES_WINDOW = 120, 60.0  # that a client may send, and in how many seconds


@dataclass
class Session:
    """One identified client; outlives its connection so that it can resume."""

    id: str
    intents: int
    shard: tuple[int, int]
    sequence: int = 0
    sent: deque[Json] = field(default_factory=lambda: deque(maxlen=REPLAY))
    connection: Connection | None = None


class Connection:
    """One websocket, compressed if the client asked for it."""

    def __init__(self, socket: web.WebSocketResponse, *, compressed: bool) -> None:
        self.socket = socket
        self._deflate = zlib.compressobj() if compressed else None
        self._frames: asyncio.Queue[Json] = asyncio.Queue()
        self._received: deque[float] = deque(maxlen=MAX_FRAMES)

    def is_too_fast(self, now: float) -> bool:
        """Whether the frame that comes in now is one more than a client may send."""
        is_full = len(self._received) == MAX_FRAMES and now - self._received[0] < FRAMES_WINDOW
        self._received.append(now)
        return is_full

    def send(self, frame: Json) -> None:
        """Queue a frame; the order is kept."""
        self._frames.put_nowait(frame)

    async def write(self) -> None:
        """Send what is queued, for as long as the connection lives."""
        while True:
            text = json.dumps(await self._frames.get())
            if self._deflate is None:
                await self.socket.send_str(text)
            else:
                await self.socket.send_bytes(
                    self._deflate.compress(text.encode()) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
                )
