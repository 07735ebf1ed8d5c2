"""Presets: named, partial requests that everyone in a server uses and those who manage it write."""

from __future__ import annotations

import re

from services.errors import UnknownName, UserError
from services.matching import closest
from services.requests import GenerationRequest
from services.storage.presets import WHOLE_SERVER, Preset, PresetStore
from services.suggestions import MAX_CHOICES, Suggestion

_NAME = re.compile(r"[\w][\w .-]{0,31}")
MAX_PRESETS = 100  # of one server


class Presets:
    """Who may write them is the cogs' to check, since Discord knows; that they make sense is checked here."""

    def __init__(self, store: PresetStore) -> None:
        self._store = store
        #: names by server, so that autocomplete never waits for the database
        self._names: dict[int, list[str]] = {}

    async def load(self) -> None:
        """Learn the names of all presets."""
        self._names = await self._store.names()

    def suggest(self, guild_id: int | None, typed: str) -> list[Suggestion]:
        """Presets of this server whose name is near what is typed."""
        names = closest(typed, self._names.get(guild_id or 0, ()), limit=MAX_CHOICES)
        return [Suggestion(name, name) for name in names]

    async def save(self, guild_id: int, name: str, request: GenerationRequest, author_id: int) -> bool:
        """Store or overwrite a preset; True, if it is new.

        Raises: UserError.
        """
        name = name.strip()
        if not _NAME.fullmatch(name):
            raise UserError("A preset's name has 1 to 32 letters, digits, spaces, dots or dashes: try another.")
        if not request.as_json():
            raise UserError("A preset needs at least one setting: add a model, an embedding or a negative prompt.")
        known = await self._store.all(guild_id)
        if len(known) >= MAX_PRESETS and name.casefold() not in (preset.name.casefold() for preset in known):
            raise UserError(f"A server holds {MAX_PRESETS} presets: delete one first (/preset delete).")
        is_new = await self._store.save(Preset(guild_id, name, request, author_id))
        if is_new:
            self._names.setdefault(guild_id, []).append(name)
        return is_new

    async def get(self, guild_id: int | None, name: str) -> Preset:
        """The preset of this server with that name.

        Raises: UnknownName, naming near ones; presets of other servers do not exist here.
        """
        if guild_id is None:
            raise UserError("Presets belong to servers; use this in a server's channel.")
        name = name.strip()
        preset = await self._store.get(guild_id, name) if _NAME.fullmatch(name) else None
        if preset is None:
            near = closest(name, [known.name for known in await self._store.all(guild_id)])
            remedy = f"There are: {', '.join(near)}." if near else "It has none yet; /preset save makes one."
            raise UnknownName(f"This server has no preset '{name[:40]}'. {remedy}")
        return preset

    async def all(self, guild_id: int) -> list[Preset]:
        return await self._store.all(guild_id)

    async def delete(self, guild_id: int, name: str) -> Preset:
        """Delete a preset and return it.

        Raises: UnknownName.
        """
        preset = await self.get(guild_id, name)
        await self._store.delete(guild_id, preset.name)
        self._names[guild_id] = [known for known in self._names.get(guild_id, ()) if known != preset.name]
        return preset

    async def set_default(self, guild_id: int, channel_id: int | None, name: str | None) -> None:
        """Make a preset the default of a channel or, without one, of the server; no name takes it away.

        Raises: UnknownName.
        """
        preset = await self.get(guild_id, name) if name else None
        await self._store.set_default(guild_id, channel_id or WHOLE_SERVER, preset.name if preset else None)

    async def fill_in(
        self, request: GenerationRequest, preset: str | None, guild_id: int | None, channel_id: int
    ) -> GenerationRequest:
        """Lay the request over the preset named, the channel's default and the server's, in this order.

        Embeddings typed are added to those of a preset that was named, since both were asked for; a default preset's
        embeddings count only where nobody named any.

        Raises: UnknownName.
        """
        named = await self.get(guild_id, preset) if preset else None
        if named is not None:
            await self._store.count_use(named.guild_id, named.name)
            together = _together(request.embeddings, named.request.embeddings)
            request = GenerationRequest(embeddings=together).over(request).over(named.request)
        if guild_id is not None:
            for default in await self._store.defaults(guild_id, channel_id):
                request = request.over(default.request)
        return request


def _together(typed: tuple[str, ...] | None, preset: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Both lists; one that is typed anew, perhaps with another strength, replaces the preset's."""
    anew = {name.partition(":")[0].strip().casefold() for name in typed or ()}
    kept = tuple(name for name in preset or () if name.partition(":")[0].strip().casefold() not in anew)
    return ((*kept, *(typed or ())) or None) if (typed or preset) else None
