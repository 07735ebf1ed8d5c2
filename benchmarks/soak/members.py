"""The members of a soak: they send requests in bursts, by command, button and reaction."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from benchmarks.soak.journal import Kind, kind_of
from benchmarks.soak.verdict import REROLL
from playground import Discord, Message, NotPossible, Person, Reply
from playground.world import Channel, Json, MessageRecord

NAMES = ("ana", "ben", "cleo", "dan", "eva", "finn", "gina", "hugo")
GUILDS = ("Ateliers", "Darkroom")
CHANNELS = ("pictures", "general", "drafts")
WAYS, WEIGHTS = ("command", "button", "reaction"), (5, 2, 3)
#: only the newest pictures are rerolled; people rarely scroll up far
RECENT = 30
#: small pictures in few steps, since this tests delivery, not rendering
SIZES, STEPS = ("48x48", "48x64", "64x48"), (2, 3, 4)
#: seconds until a member tries again after a refusal
RETRY_DELAY = (0.7, 3.0)
EMBEDDINGS = ("demo-artifacts", "demo-watermark", "demo-washed-out", "demo-tinted")
SHAPES = ("fish", "house", "tree", "star", "boat", "flower")
COLOURS = ("red", "yellow", "blue", "green", "white", "purple")
PLACES = ("in the sea", "in the snow", "at night", "in the desert", "in a field", "on the moon")
FLAWS = ("blurry", "low quality", "watermark", "grainy", "washed out", "cropped", "dark", "text")


class Members:
    """Eight members in two servers, who send requests until the bot has accepted a given number."""

    def __init__(self, discord: Discord, seed: int, on_accepted: Callable[[int], None]) -> None:
        self._discord = discord
        self._on_accepted = on_accepted
        self.accepted = 0
        self._wanted = 0
        self._pending = 0
        #: ids of messages with pictures, by server
        self._pictures: dict[int, list[int]] = {}
        #: (member, message) pairs; a member reacts to a message only once
        self.reactions: list[tuple[int, int]] = []
        self._guilds = [discord.add_guild(name, CHANNELS) for name in GUILDS]
        self._members = [
            _Member(
                self, discord.person(name), list(self._guilds[number % len(GUILDS)].channels.values()), f"{seed} {name}"
            )
            for number, name in enumerate(NAMES)
        ]
        discord.world.listeners.append(self._on_event)

    async def draw_first_pictures(self) -> None:
        """Have a picture drawn in each server, so that there is something to reroll.

        Raises: TimeoutError.
        """
        self._wanted = len(self._guilds)
        for member in self._members[: len(self._guilds)]:
            await member.request_by_command()
        await self._discord.until(
            lambda: all(self._pictures.get(guild.id) for guild in self._guilds) or None,
            60,
            lambda: "a server still has no picture",
        )

    async def send_requests(self, count: int) -> None:
        """Send requests until `count` more are accepted: acknowledged or, for a reaction, sent to a connected bot."""
        self._wanted = self.accepted + count
        await asyncio.gather(*(member.live() for member in self._members))

    def may_send(self) -> bool | None:
        """Whether another request may be sent now, or None while that depends on the pending ones."""
        if self.accepted >= self._wanted:
            return False
        return True if self.accepted + self._pending < self._wanted else None

    def begin(self) -> None:
        self._pending += 1

    def end(self, *, is_accepted: bool) -> None:
        self._pending -= 1
        if is_accepted:
            self.accepted += 1
            self._on_accepted(self.accepted)

    def pictures_in(self, channel: Channel) -> Sequence[int]:
        """The newest pictures in a channel's server that aren't deleted."""
        guild_id = channel.guild.id if channel.guild else 0
        recent = self._pictures.get(guild_id, [])[-RECENT:]
        return [message_id for message_id in recent if self.find(message_id) is not None]

    def find(self, message_id: int) -> MessageRecord | None:
        return self._discord.world.find_message(message_id)

    @property
    def is_bot_connected(self) -> bool:
        return bool(self._discord.gateway.connected)

    def _on_event(self, event: str, data: Json, channel: Channel | None, only_for: int | None) -> None:
        if event in ("MESSAGE_CREATE", "MESSAGE_UPDATE") and channel is not None and channel.guild is not None:
            known = self._pictures.setdefault(channel.guild.id, [])
            record = data["record"]
            if record.id not in known and kind_of(record) is Kind.PICTURES:
                known.append(record.id)


class _Member:
    """A member with random choices of their own."""

    def __init__(self, members: Members, person: Person, channels: Sequence[Channel], seed: str) -> None:
        self._members = members
        self._person = person
        self._channels = channels
        self._random = random.Random(seed)
        person.go_to(channels[0])

    async def live(self) -> None:
        while (may_send := self._members.may_send()) is not False:
            if may_send:
                is_accepted = await self._count(self._request())
                await asyncio.sleep(self._pause() if is_accepted else self._random.uniform(*RETRY_DELAY))
            else:
                await asyncio.sleep(0.05)

    async def request_by_command(self) -> None:
        """Send /imagine until it is accepted."""
        is_accepted = False
        while not is_accepted:
            is_accepted = await self._count(self._command())
            await asyncio.sleep(0 if is_accepted else self._random.uniform(*RETRY_DELAY))

    async def _count(self, request: Coroutine[Any, Any, bool]) -> bool:
        self._members.begin()
        is_accepted = False
        try:
            is_accepted = await request
        finally:
            self._members.end(is_accepted=is_accepted)
        return is_accepted

    def _pause(self) -> float:
        """Seconds until the next request; some come in bursts."""
        return self._random.uniform(0.02, 0.2) if self._random.random() < 0.4 else self._random.uniform(0.5, 5)

    async def _request(self) -> bool:
        self._person.go_to(self._random.choice(self._channels))
        pictures = self._members.pictures_in(self._person.channel)
        way = self._random.choices(WAYS, WEIGHTS)[0]
        picture = self._random.choice(pictures) if pictures else None
        if way == "command" or picture is None:
            return await self._command()
        return await (self._click(picture) if way == "button" else self._react(picture))

    async def _command(self) -> bool:
        return _is_accepted(await self._person.slash("imagine", **self._options()))

    async def _click(self, picture: int) -> bool:
        try:
            return _is_accepted(await self._person.click(self._message(picture), f"{REROLL} Reroll"))
        except NotPossible:  # just deleted
            return False

    async def _react(self, picture: int) -> bool:
        pair = self._person.id, picture
        if pair in self._members.reactions:
            return False
        is_heard = self._members.is_bot_connected
        try:
            await self._person.react(self._message(picture), REROLL)
        except NotPossible:
            return False
        self._members.reactions.append(pair)
        return is_heard

    def _message(self, message_id: int) -> Message:
        record = self._members.find(message_id)
        if record is None:
            raise NotPossible("The message was deleted.")
        return Message(record.data)

    def _options(self) -> dict[str, Any]:
        """Options of /imagine that rarely repeat, so that no answer comes from a cache."""
        pick = self._random.choice
        names = self._random.sample(EMBEDDINGS, self._random.randint(1, 3))
        return {
            "prompt": f"a {pick(COLOURS)} {pick(SHAPES)} and a {pick(COLOURS)} {pick(SHAPES)} {pick(PLACES)}",
            "negative": ", ".join(self._random.sample(FLAWS, 3)),
            "size": pick(SIZES),
            "steps": pick(STEPS),
            "cfg": pick((3.0, 4.0, 6.0)),
            "count": pick((1, 1, 1, 2)),
            **{f"embedding{number}": name for number, name in enumerate(names, start=1)},
        }


def _is_accepted(reply: Reply) -> bool:
    """A private sentence is a refusal, and so is silence."""
    return reply.failed is None and reply.message is not None and not reply.message.ephemeral
