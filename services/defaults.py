"""Members' own defaults: below what a server's presets say, above what suits the model."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from services.errors import UserError
from services.planning.fit import fit_of
from services.presets.layers import Filled
from services.presets.rules import PresetRules
from services.requests import GenerationRequest, MemberDefaults
from services.stock import Stock
from services.storage.defaults import DefaultsStore

#: what a member can set
FIELDS = ("model", "embeddings", "size")


class Defaults:
    """Where they don't fit what a request asks for, they are left out in silence: nobody asked for them just now."""

    def __init__(self, store: DefaultsStore) -> None:
        self._store = store

    async def of(self, member_id: int) -> MemberDefaults:
        """What a member has set."""
        return await self._store.get(member_id)

    async def save(self, member_id: int, defaults: MemberDefaults, stock: Stock) -> MemberDefaults:
        """Check the defaults as a request with them would be checked, and store them as they are understood.

        Raises: UserError.
        """
        settled = await asyncio.to_thread(PresetRules(stock).settle, defaults.request)
        saved = replace(defaults, request=settled)
        await self._store.save(member_id, saved)
        return saved

    async def fill_in(self, filled: Filled, member_id: int, stock: Stock) -> Filled:
        """The request with what its member has set and nothing else says."""
        defaults = await self._store.get(member_id)
        usable = _usable(defaults.request, filled.request, stock)
        return replace(filled, request=filled.request.over(usable), is_private=defaults.is_private)


def _usable(own: GenerationRequest, request: GenerationRequest, stock: Stock) -> GenerationRequest:
    if own.model is not None and not (stock.has_model(own.model) and stock.permits_model(stock.shelf.find(own.model))):
        own = replace(own, model=None)
    try:
        checkpoint = stock.installed_checkpoint(request.model or own.model)
    except UserError:
        return GenerationRequest()
    found = [stock.embedding(choice.name) for choice in own.embeddings or ()]
    if not all(embedding is not None and fit_of(embedding, checkpoint).is_usable for embedding in found):
        own = replace(own, embeddings=None)
    if own.model is not None and checkpoint.id != stock.shelf.find(own.model).id:
        own = replace(own, size=None)  # it was chosen for another model
    return own
