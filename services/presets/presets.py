"""Presets: named, partial requests that everyone in a server uses and those who manage it write."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from embeddings.display import printable
from services.errors import UnknownName, UserError
from services.matching import closest
from services.presets.files import FilePreset, read_presets
from services.presets.layers import Filled, lay_over
from services.presets.rules import Missing, PresetRules
from services.requests import WHOLE_SERVER, GenerationRequest, Preset, Saved
from services.storage.presets import PresetStore
from services.suggestions.autocomplete import MAX_CHOICES, Suggestion

_NAME = re.compile(r"[\w][\w .-]{0,31}")
MAX_PRESETS = 100  # of one server


class Presets:
    """Who may write them is the cogs' to check, since Discord knows; that they make sense is checked here."""

    def __init__(self, store: PresetStore, rules: PresetRules) -> None:
        self._store = store
        self._rules = rules
        #: names by server, so that autocomplete never waits for the database
        self._names: dict[int, list[str]] = {}
        #: from looking at what there is until what depends on it is written
        self._writing = asyncio.Lock()

    async def load(self) -> None:
        """Learn the names of all presets."""
        self._names = await self._store.names()

    def suggest(self, guild_id: int | None, typed: str) -> list[Suggestion]:
        """Presets of this server whose name is near what is typed."""
        names = closest(typed, self._names.get(guild_id or 0, ()), limit=MAX_CHOICES)
        return [Suggestion(name, name) for name in names]

    async def save(
        self, guild_id: int, name: str, request: GenerationRequest, author_id: int, *, locked: Iterable[str] = ()
    ) -> bool:
        """Store or overwrite a preset; True, if it is new.

        Raises: UserError.
        """
        preset = Preset(guild_id, _checked_name(name), request, author_id, locked=tuple(locked))
        preset = await self._settled(preset, trusted=GenerationRequest())
        async with self._writing:
            await self._refuse_too_many(guild_id, [preset.name])
            is_new = await self._store.save(preset)
            await self._learn_names(guild_id)
        return is_new

    async def edit(self, changed: Preset, author_id: int) -> Preset:
        """Store a preset of this server with other settings or locks; what it named before may be missing by now.

        Raises: UserError.
        """
        old = await self.get(changed.guild_id, changed.name)
        changed = await self._settled(replace(changed, author_id=author_id), trusted=old.request)
        async with self._writing:
            await self.get(changed.guild_id, changed.name)  # else one that was deleted meanwhile would come back
            await self._store.save(changed)
        return changed

    async def rename(self, guild_id: int, name: str, new: str) -> Preset:
        """Call a preset otherwise; where it is the default it stays so. Returns it as it was.

        Raises: UserError.
        """
        new = _checked_name(new)
        preset = await self.get(guild_id, name)
        async with self._writing:
            if not await self._store.rename(guild_id, preset.name, new):
                raise UserError(f"There is a preset '{new}' already: choose another name, or delete that one first.")
            await self._learn_names(guild_id)
        return preset

    async def take_in(self, guild_id: int, data: bytes, author_id: int, *, replace_taken: bool) -> Saved:
        """Store all presets of a file, or none if anything in it is wrong; names that are taken only if told so.

        Raises: UserError.
        """
        read = await asyncio.to_thread(read_presets, data, most=MAX_PRESETS)
        presets = [await self._adopted(guild_id, one, author_id) for one in read]
        async with self._writing:
            await self._refuse_too_many(guild_id, [preset.name for preset in presets])
            saved = await self._store.save_all(presets, replace=replace_taken)
            await self._learn_names(guild_id)
        return saved

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
        """The presets of a server, the most used first."""
        return await self._store.all(guild_id)

    async def places(self, guild_id: int) -> Mapping[int, str]:
        """Which preset is the default where: its name by the channel's id, or by WHOLE_SERVER."""
        return await self._store.places(guild_id)

    def missing(self, preset: Preset) -> list[Missing]:
        """What it names and nobody could draw with now."""
        return self._rules.missing(preset.request)

    async def delete(self, guild_id: int, name: str) -> Preset:
        """Delete a preset and return it.

        Raises: UnknownName.
        """
        preset = await self.get(guild_id, name)
        async with self._writing:
            await self._store.delete(guild_id, preset.name)
            await self._learn_names(guild_id)
        return preset

    async def set_default(self, guild_id: int, channel_id: int | None, name: str | None) -> Preset | None:
        """Make a preset the default of a channel or, without one, of the server; no name takes it away.

        Raises: UnknownName.
        """
        preset = await self.get(guild_id, name) if name else None
        await self._store.set_default(guild_id, channel_id or WHOLE_SERVER, preset.name if preset else None)
        return preset

    async def fill_in(
        self, request: GenerationRequest, preset: str | None, guild_id: int | None, channel_ids: Sequence[int]
    ) -> Filled:
        """Lay the request over the preset named, the channel's default and the server's, in this order.

        Of a thread, `channel_ids` has its own id and then its channel's.

        Raises: UserError, if there is no such preset, or what is needed of one is not installed any more.
        """
        named = await self.get(guild_id, preset) if preset else None
        defaults = await self._store.defaults(guild_id, channel_ids) if guild_id is not None else []
        filled = lay_over(request, named, defaults)
        self._rules.refuse_missing(request, filled)
        return filled

    async def count_use(self, filled: Filled) -> None:
        """Count that a preset that was named led to a plan."""
        if filled.named is not None:
            await self._store.count_use(filled.named.guild_id, filled.named.name)

    async def _settled(self, preset: Preset, *, trusted: GenerationRequest) -> Preset:
        if not preset.request.as_json():
            raise UserError("A preset needs at least one setting: add a model, an embedding or a negative prompt.")
        request = await asyncio.to_thread(self._rules.settle, preset.request, trusted=trusted)
        return replace(preset, request=request)

    async def _adopted(self, guild_id: int, one: FilePreset, author_id: int) -> Preset:
        try:
            preset = Preset(guild_id, _checked_name(one.name), one.request, author_id, locked=one.locked)
            return await self._settled(preset, trusted=one.request)
        except UserError as error:
            raise UserError(f"'{printable(one.name, 40)}' in the file: {error}") from error

    async def _refuse_too_many(self, guild_id: int, names: Iterable[str]) -> None:
        known = {preset.name.casefold() for preset in await self._store.all(guild_id)}
        together = known | {name.casefold() for name in names}
        if len(together) > max(MAX_PRESETS, len(known)):
            over = len(together) - MAX_PRESETS
            raise UserError(f"A server holds {MAX_PRESETS} presets: delete {over} first (/preset delete).")

    async def _learn_names(self, guild_id: int) -> None:
        self._names[guild_id] = [preset.name for preset in await self._store.all(guild_id)]


def _checked_name(name: str) -> str:
    name = name.strip()
    if not _NAME.fullmatch(name):
        raise UserError("A preset's name has 1 to 32 letters, digits, spaces, dots or dashes: try another.")
    return name
