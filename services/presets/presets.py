"""Presets: named, partial requests that everyone in a server can use and those who manage it write."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from embeddings.display import printable
from services.errors import UnknownName, UserError
from services.matching import closest
from services.presets.files import FilePreset, read_presets
from services.presets.layers import Filled, lay_over
from services.presets.rules import Missing, PresetRules
from services.requests import WHOLE_SERVER, GenerationRequest, Place, Preset, Saved
from services.stock import Stocks
from services.storage.presets import PresetStore
from services.suggestions.suggestion import MAX_CHOICES, Suggestion
from services.text import QUOTED, shorten

_NAME = re.compile(r"[\w][\w .-]{0,31}")
MAX_PRESETS = 100  # per server
ONLY_IN_SERVERS = "Presets belong to servers; use this in a server's channel."


class Presets:
    """Checks that presets make sense. Who may write them is checked in the cogs, since Discord knows that."""

    def __init__(self, store: PresetStore, stocks: Stocks) -> None:
        self._store = store
        self._stocks = stocks
        #: names by server, since autocomplete must never wait for the database
        self._names: dict[int, list[str]] = {}
        #: held between a check and the write that depends on it
        self._writing = asyncio.Lock()

    async def load(self) -> None:
        """Load the names of all presets."""
        self._names = await self._store.names()

    def suggest(self, guild_id: int | None, typed: str) -> list[Suggestion]:
        """Presets of this server whose names are close to what is typed."""
        names = closest(typed, self._names.get(guild_id or 0, ()), limit=MAX_CHOICES)
        return [Suggestion(name, name) for name in names]

    async def save(self, preset: Preset) -> bool:
        """Store or overwrite a preset; True, if it is new.

        Raises: UserError.
        """
        preset = replace(preset, name=checked_name(preset.name))
        preset = await self._settled(preset, trusted=GenerationRequest())
        async with self._writing:
            await self._refuse_too_many(preset.guild_id, [preset.name])
            is_new = await self._store.save(preset)
            await self._refresh_names(preset.guild_id)
        return is_new

    async def edit(self, changed: Preset, author_id: int) -> Preset:
        """Store a preset of this server with other settings or locks; what it named before may be uninstalled by now.

        Raises: UserError.
        """
        old = await self.get(changed.guild_id, changed.name)
        changed = await self._settled(replace(changed, author_id=author_id), trusted=old.request)
        async with self._writing:
            await self.get(changed.guild_id, changed.name)  # or a preset deleted in the meantime would come back
            await self._store.save(changed)
        return changed

    async def rename(self, guild_id: int, name: str, new: str) -> Preset:
        """Rename a preset, which stays the default wherever it was. Returns it as it was.

        Raises: UserError.
        """
        new = checked_name(new)
        preset = await self.get(guild_id, name)
        async with self._writing:
            if not await self._store.rename(guild_id, preset.name, new):
                raise UserError(f"There's already a preset '{new}'; choose another name, or delete that one first.")
            await self._refresh_names(guild_id)
        return preset

    async def import_file(self, guild_id: int, data: bytes, author_id: int, *, replace_taken: bool) -> Saved:
        """Store all presets of a file, or none if anything in it is wrong; existing ones are replaced only if asked.

        Raises: UserError.
        """
        read = await asyncio.to_thread(read_presets, data, most=MAX_PRESETS)
        presets = [await self._imported(guild_id, preset, author_id) for preset in read]
        async with self._writing:
            await self._refuse_too_many(guild_id, [preset.name for preset in presets])
            saved = await self._store.save_all(presets, replace=replace_taken)
            await self._refresh_names(guild_id)
        return saved

    async def get(self, guild_id: int | None, name: str) -> Preset:
        """The preset of this server with this name.

        Raises: UnknownName, naming close matches; presets of other servers do not exist here.
        """
        if guild_id is None:
            raise UserError(ONLY_IN_SERVERS)
        name = name.strip()
        preset = await self._store.get(guild_id, name) if _NAME.fullmatch(name) else None
        if preset is None:
            near = closest(name, [known.name for known in await self._store.all(guild_id)])
            remedy = f"Did you mean {', '.join(near)}?" if near else "There are none yet; /preset save makes one."
            raise UnknownName(f"This server has no preset '{shorten(name)}'. {remedy}")
        return preset

    async def all(self, guild_id: int) -> list[Preset]:
        """The presets of a server, most used first."""
        return await self._store.all(guild_id)

    async def places(self, guild_id: int) -> Mapping[int, str]:
        """The names of default presets by channel id, or by WHOLE_SERVER."""
        return await self._store.default_names(guild_id)

    def missing(self, preset: Preset) -> list[Missing]:
        """What the preset names that isn't installed now."""
        return self._rules(preset.guild_id).missing(preset.request)

    async def delete(self, guild_id: int, name: str) -> Preset:
        """Delete a preset and return it.

        Raises: UnknownName.
        """
        preset = await self.get(guild_id, name)
        async with self._writing:
            await self._store.delete(guild_id, preset.name)
            await self._refresh_names(guild_id)
        return preset

    async def set_default(self, guild_id: int, channel_id: int | None, name: str | None) -> Preset | None:
        """Make a preset the default of a channel or, without a channel, of the server; no name clears the default.

        Raises: UnknownName.
        """
        preset = await self.get(guild_id, name) if name else None
        await self._store.set_default(guild_id, channel_id or WHOLE_SERVER, preset.name if preset else None)
        return preset

    async def fill_in(self, request: GenerationRequest, preset: str | None, place: Place) -> Filled:
        """Lay the request over the preset named, the channel's default and the server's, in this order.

        Raises: UserError, if there is no such preset, or one needs something that is no longer installed.
        """
        named = await self.get(place.guild_id, preset) if preset else None
        defaults = await self._store.defaults(place.guild_id, place.channel_ids) if place.guild_id is not None else []
        rules = self._rules(place.guild_id)
        typed = rules.extract(request)
        filled = lay_over(
            typed.request, named and _extracted(named, rules), [_extracted(default, rules) for default in defaults]
        )
        rules.refuse_missing(typed.request, filled)
        return replace(filled, notes=(*filled.notes, *typed.hints))

    async def count_use(self, filled: Filled) -> None:
        """Count a use of the preset that was named."""
        if filled.named is not None:
            await self._store.count_use(filled.named.guild_id, filled.named.name)

    async def _settled(self, preset: Preset, *, trusted: GenerationRequest) -> Preset:
        if not preset.request.as_json():
            raise UserError("A preset needs at least one setting; add a model, an embedding or a negative prompt.")
        rules = self._rules(preset.guild_id)
        request = await asyncio.to_thread(rules.settle, preset.request, trusted=trusted)
        return replace(preset, request=request)

    async def _imported(self, guild_id: int, read: FilePreset, author_id: int) -> Preset:
        try:
            preset = Preset(guild_id, checked_name(read.name), read.request, author_id, locked=read.locked)
            return await self._settled(preset, trusted=read.request)
        except UserError as error:
            raise UserError(f"'{printable(read.name, QUOTED)}' in the file: {error}") from error

    def _rules(self, guild_id: int | None) -> PresetRules:
        return PresetRules(self._stocks.of(guild_id))

    async def _refuse_too_many(self, guild_id: int, names: Iterable[str]) -> None:
        known = {preset.name.casefold() for preset in await self._store.all(guild_id)}
        together = known | {name.casefold() for name in names}
        if len(together) > max(MAX_PRESETS, len(known)):
            over = len(together) - MAX_PRESETS
            raise UserError(f"A server can have {MAX_PRESETS} presets; delete {over} first (/preset delete).")

    async def _refresh_names(self, guild_id: int) -> None:
        self._names[guild_id] = [preset.name for preset in await self._store.all(guild_id)]


def _extracted(preset: Preset, rules: PresetRules) -> Preset:
    """What the preset chooses, it chooses wherever it is written: rows of earlier versions may have it in their text."""
    return replace(preset, request=rules.extract(preset.request).request)


def checked_name(name: str) -> str:
    """The name without surrounding spaces.

    Raises: UserError, if a preset can't be called that.
    """
    name = name.strip()
    if not _NAME.fullmatch(name):
        raise UserError("A preset's name can have 1 to 32 letters, digits, spaces, dots or dashes; try another.")
    return name
