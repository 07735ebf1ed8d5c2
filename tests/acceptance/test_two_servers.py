"""Whatever another server's manager tries with a server's names and ids, by any command and option, comes to nothing.

The names are known to the manager, the contents aren't: what shows them, or changes anything, is a leak.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from playground import NotPossible, Person, Reply
from playground.actions.posting import post
from tests.acceptance.conftest import Place, drawn
from tests.acceptance.test_settings import set_up
from tests.acceptance.test_strangers import install

pytestmark = pytest.mark.asyncio(loop_scope="session")

#: what the first server's things are called, and what is in them
NAME, CONTENT = "zebra-seven", "quagga"
SUBCOMMANDS, STRING, INTEGER, BOOLEAN, NUMBER, ATTACHMENT = (1, 2), 3, 4, 5, 10, 11
#: ends the playing of a role: the bot slows down who does more
ACTS_OF_ONE = 12


@dataclass
class NosyStrangers:
    """Managers of a second server, one after another, and everything that the bot showed them."""

    place: Place
    people: list[Person] = field(default_factory=list)
    acts: int = 0
    shown: list[str] = field(default_factory=list)

    @property
    def one(self) -> Person:
        if not self.people or self.acts >= ACTS_OF_ONE:
            self.acts = 0
            self.people.append(self.place.person(f"eve {len(self.people)} of {self.place.guild.id}", "manage_guild"))
        self.acts += 1
        return self.people[-1]

    async def tries(self, command: str, **options: Any) -> Reply | None:
        try:
            reply = await self.one.slash(command, **options)
        except NotPossible:  # Discord's client doesn't send it
            return None
        if reply.modal is not None:
            self.shown.append(str(reply.modal))
        elif reply.message is not None and reply.message.thinking:
            await reply.until(lambda message: not message.thinking, 60)
        return reply

    def saw(self) -> str:
        """Everything, without what they typed themselves."""
        messages = [message for person in self.people for message in (*person.sees(), *person.direct_messages())]
        return "\n".join([*self.shown, *(str(message.raw) for message in messages)])


def leaves(nodes: list[Any], path: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Every command that can be used, with its options."""
    for node in nodes:
        inner = node.get("options") or []
        name = f"{path} {node['name']}".strip()
        if any(option["type"] in SUBCOMMANDS for option in inner):
            yield from leaves(inner, name)
        elif node.get("description"):  # entries of menus have none
            yield name, inner


def filled(option: Any) -> Any:
    """A value that the client sends."""
    if option.get("choices"):
        return option["choices"][0]["value"]
    return {
        STRING: NAME,
        INTEGER: option.get("min_value", 1),
        NUMBER: option.get("max_value", 1.0),
        BOOLEAN: True,
        ATTACHMENT: (f"{NAME}.safetensors", b"{}"),
    }[option["type"]]


async def furnished(place: Place) -> tuple[Person, int]:
    """A server with an embedding, a preset, settings, and a picture. Returns a manager of it, and the picture's job."""
    mod = place.person("mod")
    mod.may("manage_guild")
    assert "Installed" in await install(mod, NAME, 301)
    await mod.slash("preset save", name=NAME, prompt=f"a tree {CONTENT}", embedding1=NAME, steps=4)
    await mod.slash("settings blocklist add", words=CONTENT * 2)
    await set_up(mod, "Limits", {"Most steps": "33"})
    await drawn(await mod.slash("imagine", prompt=f"a fish {CONTENT}", steps=4))
    await mod.slash("preset default", where="channel", name=NAME)
    return mod, (await place.row()).id


async def belongings(place: Place) -> list[Any]:
    """Everything that the first server has, in the database and in its folder."""
    tables = ("presets", "default_presets", "policies", "jobs")
    ordered = [
        await place.storage.pool.fetch(f"SELECT * FROM {table} t WHERE guild_id = $1 ORDER BY t::text", place.guild.id)
        for table in tables
    ]
    files = sorted(place.bot.folder.glob(f"**/{place.guild.id}/*"))
    return [[dict(row) for row in rows] for rows in ordered] + [[(path.name, path.read_bytes()) for path in files]]


async def test_no_command_option_or_button_reaches_another_server(place: Place) -> None:
    mod, job_id = await furnished(place)
    before = await belongings(place)
    assert all(before), "each kind of thing is there to be reached"
    there = replace(place, guild=place.discord.add_guild("Another server", ["pictures", "general"]))
    eves = NosyStrangers(there)

    commands = list(leaves(place.discord.world.commands_in(there.guild.id)))
    for command, options in commands:
        for option in options:
            if option.get("autocomplete"):
                found = await eves.one.autocomplete(command, option["name"], NAME[:4])
                assert NAME not in [choice.value for choice in found], f"/{command} {option['name']}"

    # every command, with each of its options naming the first server's things
    for command, options in commands:
        required = {option["name"]: filled(option) for option in options if option.get("required")}
        await eves.tries(command, **required)
        for option in options:
            if option["type"] == STRING and not option.get("choices"):
                await eves.tries(command, **{**required, option["name"]: NAME})

    # every button with the first server's id in it, in a message that is even the bot's own
    for action in ("reroll", "again", "delete", "cancel"):
        eves.acts = ACTS_OF_ONE  # another member, since a second click of the same is taken for a double click
        person = eves.one
        body = {"components": [{"type": 1, "components": [_button(f"{action}:{job_id}")]}], "content": "a picture"}
        message = there.discord.view(
            post(there.discord.world, person.channel, there.discord.world.bot, body), person.user
        )
        assert (
            await person.click(message, "x")
        ).text == "I no longer have a record of this picture; /imagine makes a new one."
        await person.react(message, "🔁")

    seen = eves.saw()
    assert f"There's no embedding '{NAME}' here" in seen, "refusals are looked at too"
    assert CONTENT not in seen
    assert await belongings(place) == before
    again = await drawn(await mod.slash("imagine", prompt="a tree", preset=NAME))
    assert f"`{NAME}`" in again.text


def _button(custom_id: str) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": "x", "custom_id": custom_id}
