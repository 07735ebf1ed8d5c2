"""Whose settings a member is at: their server's or, for an operator in direct messages, the whole bot's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import discord

from cogs.permissions import EmbeddingPermissions
from services.errors import NotAllowed
from services.policies import Policies
from services.policy.policy import BlockedTerms, BotPolicy, Policy

P = TypeVar("P", Policy, BotPolicy)


@dataclass(frozen=True, slots=True)
class Scope:
    """The settings that a member may change."""

    policies: Policies
    #: None for the whole bot
    guild_id: int | None
    member_id: int

    @property
    def policy(self) -> Policy | BotPolicy:
        return self.policies.everywhere if self.guild_id is None else self.policies.of(self.guild_id)

    async def change_server(self, change: Callable[[Policy], Policy]) -> Policy:
        assert self.guild_id is not None
        return await self.policies.change(self.guild_id, self.member_id, change)

    async def change_bot(self, change: Callable[[BotPolicy], BotPolicy]) -> BotPolicy:
        assert self.guild_id is None
        return await self.policies.change_everywhere(self.member_id, change)

    async def change_blocked(self, change: Callable[[BlockedTerms], BlockedTerms]) -> BlockedTerms:
        """Both kinds of settings have blocked words."""

        def with_change(policy: P) -> P:
            return policy.model_copy(update={"blocked": change(policy.blocked)})

        if self.guild_id is None:
            return (await self.change_bot(with_change)).blocked
        return (await self.change_server(with_change)).blocked

    async def replace(self, file: bytes) -> None:
        """Put the settings of a file in place of these.

        Raises: UserError, if they aren't of this kind.
        """
        if self.guild_id is None:
            everywhere = BotPolicy.from_file(file)
            await self.change_bot(lambda _: everywhere)
        else:
            policy = Policy.from_file(file)
            await self.change_server(lambda _: policy)


class Scopes:
    """Members with Manage Server may change their server's settings, and operators, in direct messages, the bot's."""

    def __init__(self, policies: Policies, permissions: EmbeddingPermissions) -> None:
        self._policies = policies
        self._permissions = permissions

    def of(self, interaction: discord.Interaction) -> Scope:
        """The settings of the place.

        Raises: NotAllowed.
        """
        is_operator = self._permissions.actor_of(interaction).is_operator
        if interaction.guild_id is None and not is_operator:
            raise NotAllowed(
                "In direct messages only the bot's operators have settings; use this in a server of yours."
            )
        if interaction.guild_id is not None and not interaction.permissions.manage_guild:
            raise NotAllowed("Settings need Manage Server; ask someone who has it.")
        return Scope(self._policies, interaction.guild_id, interaction.user.id)
