"""The people of a soak: they ask in bursts, by command, button and reaction, and look at what they are told."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from benchmarks.soak_journal import Look, look_of
from benchmarks.soak_verdict import REROLL
from playground import Discord, Message, NotPossible, Person, Reply
from playground.wire.views import read_message
from playground.world import Channel, Json, MessageRecord

NAMES = ("ana", "ben", "cleo", "dan", "eva", "finn", "gina", "hugo")
GUILDS = ("Ateliers", "Darkroom")
CHANNELS = ("pictures", "general", "drafts")
WAYS, WEIGHTS = ("command", "button", "reaction"), (5, 2, 3)
#: of the last pictures one is rerolled; people seldom scroll up far
RECENT = 30
#: small pictures in few steps: what is tried here is the way to the member, not the drawing
SIZES, STEPS = ("48x48", "48x64", "64x48"), (2, 3, 4)
#: seconds until somebody who was refused asks again
SECOND_THOUGHTS = (0.7, 3.0)
EMBEDDINGS = ("demo-artifacts", "demo-watermark", "demo-washed-out", "demo-tinted")
THINGS = ("fish", "house", "tree", "star", "boat", "flower")
COLOURS = ("red", "yellow", "blue", "green", "white", "purple")
PLACES = ("in the sea", "in the snow", "at night", "in the desert", "in a field", "on the moon")
FLAWS = ("blurry", "low quality", "watermark", "grainy", "washed out", "cropped", "dark", "text")


class Crowd:
    """Eight members of two servers, until as many asks were taken as are wanted."""

    def __init__(self, discord: Discord, seed: int, on_ask: Callable[[int], None]) -> None:
        self._discord = discord
        self._on_ask = on_ask
        self.taken = 0
        self._wanted = 0
        self._under_way = 0
        #: messages with pictures, by server
        self._pictures: dict[int, list[int]] = {}
        #: (member, message), each of which one reacts to but once
        self.reactions: list[tuple[int, int]] = []
        self._guilds = [discord.add_guild(name, CHANNELS) for name in GUILDS]
        self._members = [
            _Member(
                self, discord.person(name), list(self._guilds[number % len(GUILDS)].channels.values()), f"{seed} {name}"
            )
            for number, name in enumerate(NAMES)
        ]
        discord.world.listeners.append(self._hear)

    async def open(self) -> None:
        """One picture in each server, so that there is something to reroll.

        Raises: TimeoutError.
        """
        self._wanted = len(self._guilds)
        for member in self._members[: len(self._guilds)]:
            await member.ask_for_a_picture()
        await self._discord.until(
            lambda: all(self._pictures.get(one.id) for one in self._guilds) or None, 60, lambda: "no picture came"
        )

    async def ask(self, count: int) -> None:
        """Return when so many more asks were taken: acknowledged, or for a reaction, heard."""
        self._wanted = self.taken + count
        await asyncio.gather(*(member.live() for member in self._members))

    def admits(self) -> bool | None:
        """Whether one more may be asked now; None, while that depends on how those under way end."""
        if self.taken >= self._wanted:
            return False
        return True if self.taken + self._under_way < self._wanted else None

    def begin(self) -> None:
        self._under_way += 1

    def end(self, *, taken: bool) -> None:
        self._under_way -= 1
        if taken:
            self.taken += 1
            self._on_ask(self.taken)

    def pictures_in(self, channel: Channel) -> Sequence[int]:
        """The newest pictures of a server, and only those that still show."""
        guild_id = channel.guild.id if channel.guild else 0
        recent = self._pictures.get(guild_id, [])[-RECENT:]
        return [one for one in recent if self.find(one) is not None]

    def find(self, message_id: int) -> MessageRecord | None:
        return self._discord.world.find_message(message_id)

    @property
    def is_heard(self) -> bool:
        return bool(self._discord.gateway.connected)

    def _hear(self, event: str, data: Json, channel: Channel | None, only_for: int | None) -> None:
        if event in ("MESSAGE_CREATE", "MESSAGE_UPDATE") and channel is not None and channel.guild is not None:
            shown = self._pictures.setdefault(channel.guild.id, [])
            record = data["record"]
            if record.id not in shown and look_of(record) is Look.PICTURES:
                shown.append(record.id)


class _Member:
    """One of them, with a mind of their own."""

    def __init__(self, crowd: Crowd, person: Person, channels: Sequence[Channel], seed: str) -> None:
        self._crowd = crowd
        self._person = person
        self._channels = channels
        self._random = random.Random(seed)
        person.go_to(channels[0])

    async def live(self) -> None:
        while (admitted := self._crowd.admits()) is not False:
            if admitted:
                taken = await self._counted(self._ask())
                await asyncio.sleep(self._pause() if taken else self._random.uniform(*SECOND_THOUGHTS))
            else:
                await asyncio.sleep(0.05)

    async def ask_for_a_picture(self) -> None:
        """By command, as nothing is there yet that could be rerolled."""
        taken = False
        while not taken:
            taken = await self._counted(self._command())
            await asyncio.sleep(0 if taken else self._random.uniform(*SECOND_THOUGHTS))

    async def _counted(self, ask: Coroutine[Any, Any, bool]) -> bool:
        self._crowd.begin()
        taken = False
        try:
            taken = await ask
        finally:
            self._crowd.end(taken=taken)
        return taken

    def _pause(self) -> float:
        """Seconds; some asks come in bursts."""
        return self._random.uniform(0.02, 0.2) if self._random.random() < 0.4 else self._random.uniform(0.5, 5)

    async def _ask(self) -> bool:
        self._person.go_to(self._random.choice(self._channels))
        pictures = self._crowd.pictures_in(self._person.channel)
        way = self._random.choices(WAYS, WEIGHTS)[0]
        picture = self._random.choice(pictures) if pictures else None
        if way == "command" or picture is None:
            return await self._command()
        return await (self._click(picture) if way == "button" else self._react(picture))

    async def _command(self) -> bool:
        return _is_taken(await self._person.slash("imagine", **self._wish()))

    async def _click(self, picture: int) -> bool:
        try:
            return _is_taken(await self._person.click(self._message(picture), f"{REROLL} Reroll"))
        except NotPossible:  # taken down meanwhile
            return False

    async def _react(self, picture: int) -> bool:
        pair = self._person.id, picture
        if pair in self._crowd.reactions:
            return False
        is_heard = self._crowd.is_heard
        try:
            await self._person.react(self._message(picture), REROLL)
        except NotPossible:
            return False
        self._crowd.reactions.append(pair)
        return is_heard

    def _message(self, message_id: int) -> Message:
        record = self._crowd.find(message_id)
        if record is None:
            raise NotPossible("The message was deleted.")
        return read_message(record.data)

    def _wish(self) -> dict[str, Any]:
        """Seldom the same twice, so that nothing is answered out of a cache."""
        pick = self._random.choice
        names = self._random.sample(EMBEDDINGS, self._random.randint(1, 3))
        return {
            "prompt": f"a {pick(COLOURS)} {pick(THINGS)} and a {pick(COLOURS)} {pick(THINGS)} {pick(PLACES)}",
            "negative": ", ".join(self._random.sample(FLAWS, 3)),
            "size": pick(SIZES),
            "steps": pick(STEPS),
            "cfg": pick((3.0, 4.0, 6.0)),
            "count": pick((1, 1, 1, 2)),
            **{f"embedding{number}": name for number, name in enumerate(names, start=1)},
        }


def _is_taken(reply: Reply) -> bool:
    """A private sentence is a refusal; so is silence."""
    return reply.failed is None and reply.message is not None and not reply.message.ephemeral
