"""The panel of /settings: what is set, and a button for each group of settings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, Self

import discord
from discord.ext import commands

from cogs.components import PersistentButton
from cogs.names import COLOUR
from cogs.text import MAX_FIELD, as_typed
from services.policy.policy import BlockedTerms, BotPolicy, Policy, Selection
from services.policy.safety import MISSING, Safety, is_classifier_installed
from services.text import join_some, plural


class Section(StrEnum):
    """A group of settings; part of its button's custom id."""

    PLACES = "places"
    SELECTION = "selection"
    LIMITS = "limits"
    GALLERY = "gallery"
    ROLES = "roles"
    SAFETY = "safety"
    NOTICE = "notice"
    STRANGERS = "strangers"


_LABELS = {
    Section.PLACES: "Channels",
    Section.SELECTION: "Models and embeddings",
    Section.LIMITS: "Limits",
    Section.GALLERY: "Gallery",
    Section.ROLES: "Roles",
    Section.SAFETY: "Unsafe pictures",
    Section.NOTICE: "Pause and announcement",
    Section.STRANGERS: "Blocked servers and members",
}
_OF_SERVER = (
    Section.PLACES,
    Section.SELECTION,
    Section.LIMITS,
    Section.ROLES,
    Section.SAFETY,
    Section.GALLERY,
)
_OF_BOT = (Section.NOTICE, Section.STRANGERS)
HINT = "/settings blocklist changes the blocked words, /settings export and import carry everything to another server."

BOT_HINT = "/settings blocklist changes the words that are blocked in every server, /settings export has everything."


class SectionButton(PersistentButton, template=rf"settings:(?P<section>{'|'.join(Section)})"):
    """Opens the form of a section."""

    command = "settings"

    def __init__(self, section: Section) -> None:
        button = discord.ui.Button[Any](
            label=_LABELS[section], style=discord.ButtonStyle.secondary, custom_id=f"settings:{section}"
        )
        super().__init__(button)
        self.section = section

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        return cls(Section(match["section"]))

    async def press(self, interaction: discord.Interaction) -> None:
        assert isinstance(interaction.client, commands.Bot)
        cog: Any = interaction.client.get_cog("settings")
        await cog.open(interaction, self.section)


def panel(policy: Policy | BotPolicy) -> tuple[discord.Embed, discord.ui.View]:
    """The card of the settings with its buttons."""
    is_server = isinstance(policy, Policy)
    view = discord.ui.View(timeout=None)
    for section in _OF_SERVER if is_server else _OF_BOT:
        view.add_item(SectionButton(section))
    title = "Settings of this server" if is_server else "Settings of the bot"
    embed = discord.Embed(title=title, colour=COLOUR)
    for name, value in _server_fields(policy) if is_server else _bot_fields(policy):
        embed.add_field(name=name, value=value, inline=False)
    return embed.set_footer(text=HINT if is_server else BOT_HINT), view


def _server_fields(policy: Policy) -> Iterable[tuple[str, str]]:
    restricted = ", and only where Discord restricts the age" if policy.age_restricted else ""
    yield "Channels", _mentions("<#{}>", policy.channels, "everywhere") + restricted
    yield "Models", _selected(policy.models)
    yield "Embeddings", _selected(policy.embeddings)
    limits = [
        *([f"sides up to {policy.max_side} pixels"] if policy.max_side else []),
        *([f"{policy.max_steps} steps"] if policy.max_steps else []),
        *([f"{plural(policy.max_count, 'picture')} at once"] if policy.max_count else []),
        *_paces(policy.waits, policy.per_hour),
    ]
    yield "Limits", ", ".join(limits) or "the operator's"
    lines = [f"<@&{limits.role}>: {', '.join(_paces(limits.waits, limits.per_hour))}" for limits in policy.role_limits]
    if lines:
        yield "Limits of roles", join_some(lines, MAX_FIELD, separator="\n")
    managers = "members with Manage Server"
    yield "May install embeddings", managers + _mentions(", <@&{}>", policy.installers, "", separator="")
    yield "Blocked words", _blocked(policy.blocked)
    yield "Unsafe pictures", _safety(policy)
    yield "Gallery", _gallery(policy)


def _bot_fields(policy: BotPolicy) -> Iterable[tuple[str, str]]:
    yield "Paused", "yes: no new requests are taken" if policy.paused else "no"
    yield "Announcement", as_typed(policy.announcement) or "none"
    yield "Blocked servers", _mentions("{}", policy.servers, "none")
    yield "Blocked members", _mentions("<@{}>", policy.members, "none")
    yield "Blocked words", _blocked(policy.blocked)


def _safety(policy: Policy) -> str:
    missing = "" if is_classifier_installed() else f", but {MISSING}"
    match policy.safety:
        case Safety.OFF:
            return "posted like others"
        case Safety.SPOILER:
            return f"behind a spoiler, from a score of {policy.safety_threshold:g} on{missing}"
        case Safety.WITHHOLD:
            return f"not posted, from a score of {policy.safety_threshold:g} on{missing}"


def _gallery(policy: Policy) -> str:
    if policy.gallery is None:
        return "none"
    return f"<#{policy.gallery}>, for pictures with {plural(policy.gallery_hearts, 'heart')} ❤️"


def _paces(waits: int | None, per_hour: int | None) -> list[str]:
    in_line = [f"{plural(waits, 'request')} of a member in line"] if waits else []
    return [*in_line, *([f"{per_hour} an hour"] if per_hour else [])]


def _selected(selection: Selection) -> str:
    allowed, blocked = (join_some(list(map(as_typed, names)), MAX_FIELD // 2 - 20) for names in (
        selection.allowed, selection.blocked
    ))  # fmt: skip
    return (f"only {allowed}" if allowed else "all") + (f", never {blocked}" if blocked else "")


def _blocked(blocked: BlockedTerms) -> str:
    return f"{len(blocked.prompt)} for prompts, {len(blocked.negative)} for negative prompts"


def _mentions(form: str, ids: Sequence[int], otherwise: str, *, separator: str = ", ") -> str:
    return join_some([form.format(id_) for id_ in ids], MAX_FIELD - 60, separator=separator) or otherwise
