"""Options and drop-downs for people, channels and roles, which bots receive resolved."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest

from playground import Discord, NotPossible
from tests.playground.conftest import SmallBot, form_of, message_of, running


class Choices(discord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.select(cls=discord.ui.ChannelSelect, placeholder="Channels", max_values=2)
    async def channels(self, interaction: discord.Interaction, select: discord.ui.ChannelSelect) -> None:
        await interaction.response.send_message(
            " ".join(f"#{channel.name}" for channel in select.values), ephemeral=True
        )

    @discord.ui.select(cls=discord.ui.RoleSelect, placeholder="Role")
    async def role(self, interaction: discord.Interaction, select: discord.ui.RoleSelect) -> None:
        await interaction.response.send_message(select.values[0].name, ephemeral=True)

    @discord.ui.select(cls=discord.ui.UserSelect, placeholder="User")
    async def user(self, interaction: discord.Interaction, select: discord.ui.UserSelect) -> None:
        await interaction.response.send_message(select.values[0].name, ephemeral=True)


class Form(discord.ui.Modal, title="Form"):
    where = discord.ui.Label(text="Where", component=discord.ui.ChannelSelect())

    async def on_submit(self, interaction: discord.Interaction) -> None:
        assert isinstance(self.where.component, discord.ui.ChannelSelect)
        await interaction.response.send_message(self.where.component.values[0].name)


def choosing_bot() -> SmallBot:
    bot = SmallBot()

    @bot.tree.command()
    async def who(
        interaction: discord.Interaction,
        member: discord.Member | None = None,
        channel: discord.TextChannel | None = None,
        role: discord.Role | None = None,
    ) -> None:
        """Name them."""
        named = [member and f"{member.name} {member.guild_permissions.manage_guild}", channel and channel.name]
        await interaction.response.send_message(f"{named} {role and role.name}")

    @bot.tree.command()
    async def choose(interaction: discord.Interaction) -> None:
        """Show drop-downs."""
        await interaction.response.send_message("choose", view=Choices())

    @bot.tree.command()
    async def form(interaction: discord.Interaction) -> None:
        """Open a form."""
        await interaction.response.send_modal(Form())

    return bot


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Discord]:
    async with Discord() as local, running(choosing_bot(), local, monkeypatch):
        yield local


async def test_options_take_names_mentions_ids_and_objects(server: Discord) -> None:
    ana, mod = server.person("ana"), server.person("mod", ["manage_guild"])
    for value in ("mod", "@mod", f"<@{mod.id}>", str(mod.id), mod):
        assert (await ana.slash("who", member=value)).text == "['mod True', None] None"
    for value in ("general", "#general", f"<#{server.channel('general').id}>"):
        assert (await ana.slash("who", channel=value)).text == "[None, 'general'] None"
    assert (await ana.types("/who role:@everyone")).text == "[None, None] @everyone"
    server.assert_clean()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"member": "cleo"}, "member must be a member: ana"),
        ({"channel": "attic"}, "channel must be a channel: #pictures, #general"),
        ({"role": "king"}, "role must be a role: @everyone, Negative Space, ana"),
    ],
)
async def test_unknown_names_are_refused(server: Discord, options: dict[str, Any], words: str) -> None:
    with pytest.raises(NotPossible, match=words):
        await server.person("ana").slash("who", **options)


async def test_drop_downs_of_channels_roles_and_people(server: Discord) -> None:
    ana = server.person("ana")
    shown = message_of(await ana.slash("choose"))
    assert (await ana.select(shown, "Channels", ["#general", "pictures"])).text == "#general #pictures"
    assert (await ana.select(shown, "Role", ["@everyone"])).text == "@everyone"
    assert (await ana.select(shown, "User", ["ana"])).text == "ana"
    for name, values, words in (
        ("Channels", ["attic"], "Channels must be a channel"),
        ("Role", ["@everyone", "ana"], "Select 1 in 'Role'"),
    ):
        with pytest.raises(NotPossible, match=words):
            await ana.select(shown, name, values)
    server.assert_clean()


async def test_a_channel_is_chosen_in_a_form(server: Discord) -> None:
    ana = server.person("ana")
    assert (await ana.submit(form_of(await ana.slash("form")), {"Where": "general"})).text == "general"
