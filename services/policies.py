"""Server settings: read at the start, changed by those who may, written down before they are in force."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from embeddings.problems import first_error
from services.errors import UserError
from services.policy.policy import NO_POLICY, BotPolicy, Policy
from services.stock import Stocks
from services.storage.audit import AuditEntry, AuditStore
from services.storage.policies import WHOLE_BOT, PolicyStore
from services.suggestions.autocomplete import Suggestions

log = logging.getLogger(__name__)

AnyPolicy = TypeVar("AnyPolicy", Policy, BotPolicy)


class Policies:
    """Who may change them is checked in the cogs, since Discord knows that."""

    def __init__(self, *, store: PolicyStore, audit: AuditStore, stocks: Stocks, suggestions: Suggestions) -> None:
        self._store = store
        self._audit = audit
        self._stocks = stocks
        self._suggestions = suggestions
        self._policies: dict[int, Policy] = {}
        #: held from reading a policy until its change is in force
        self._changing = asyncio.Lock()

    async def load(self) -> None:
        """Put every stored policy into force. One that can't be read is reported and left out."""
        for guild_id, stored in (await self._store.all()).items():
            try:
                if guild_id == WHOLE_BOT:
                    self._stocks.apply_everywhere(BotPolicy.model_validate(stored))
                else:
                    self._put_into_force(guild_id, Policy.model_validate(stored))
            except ValidationError as error:
                log.error("the settings of server %d can't be read: %s", guild_id, first_error(error))

    def of(self, guild_id: int | None) -> Policy:
        """A server's policy; direct messages have none of their own."""
        return self._policies.get(guild_id or 0, NO_POLICY)

    @property
    def everywhere(self) -> BotPolicy:
        """The operators' policy."""
        return self._stocks.shared.everywhere

    async def change(self, guild_id: int, member_id: int, change: Callable[[Policy], Policy]) -> Policy:
        """Store a server's policy with a change, put it into force and write down who did it.

        Raises: UserError, from `change`, or if the result isn't a policy; Unavailable, and then nothing has changed.
        """
        async with self._changing:
            before = self.of(guild_id)
            after = _checked(change(before))
            await self._store.save(guild_id, after.model_dump(mode="json"))
            self._put_into_force(guild_id, after)
        await asyncio.to_thread(self._suggestions.prepare)
        await self._record(guild_id, member_id, before, after)
        return after

    async def change_everywhere(self, member_id: int, change: Callable[[BotPolicy], BotPolicy]) -> BotPolicy:
        """The same for the whole bot."""
        async with self._changing:
            before = self.everywhere
            after = _checked(change(before))
            await self._store.save(WHOLE_BOT, after.model_dump(mode="json"))
            self._stocks.apply_everywhere(after)
        await self._record(None, member_id, before, after)
        return after

    def _put_into_force(self, guild_id: int, policy: Policy) -> None:
        self._policies[guild_id] = policy
        self._stocks.apply(guild_id, policy)

    async def _record(self, guild_id: int | None, member_id: int, before: AnyPolicy, after: AnyPolicy) -> None:
        old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
        changed: Mapping[str, Any] = {key: [old[key], value] for key, value in new.items() if old[key] != value}
        if changed:
            subject = ", ".join(changed)
            entry = AuditEntry(
                guild_id=guild_id, member_id=member_id, action="settings", subject=subject, detail=changed
            )
            await self._audit.add(entry)


def _checked(policy: AnyPolicy) -> AnyPolicy:
    """The policy, read as if it came from a file: what was put together by hand is checked like what was typed."""
    try:
        return type(policy).model_validate(policy.model_dump(mode="json"))
    except ValidationError as error:
        raise UserError(first_error(error)) from error
