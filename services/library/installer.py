"""Install and remove embeddings while the bot runs. Who may is the cogs' to check; what is safe is decided here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from embeddings.convert import Converted, convert_bytes
from embeddings.errors import RefusedFile
from embeddings.library import InstalledEmbedding, Library, stamps_of
from services.errors import NotAllowed, UnknownName, UserError
from services.files import write_whole
from services.matching import closest
from services.storage.audit import AuditLine, AuditStore
from services.storage.presets import PresetStore
from services.suggestions.autocomplete import Suggestions

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who wants something changed, for the audit; ids are Discord's."""

    guild_id: int | None
    member_id: int


class Installer:
    """Writes to one folder of the library: the operator's."""

    def __init__(
        self,
        *,
        library: Library,
        folders: Sequence[Path],
        audit: AuditStore,
        presets: PresetStore,
        suggestions: Suggestions,
    ) -> None:
        self._library = library
        self._folders = tuple(folders)
        self._own = self._folders[-1]
        self._audit = audit
        self._presets = presets
        self._suggestions = suggestions
        #: between looking at the folders and taking in what was seen, nobody else changes them
        self._changing = asyncio.Lock()

    async def install(self, data: bytes, filename: str, asker: Asker) -> InstalledEmbedding:
        """Convert the bytes if need be, write them into the folder and take them in.

        Raises: UserError, with what is wrong with the file.
        """
        try:
            converted = await asyncio.to_thread(convert_bytes, data, filename)
            async with self._changing:
                installed = await self._take_in(converted, data)
        except RefusedFile as error:
            raise UserError(str(error)) from error
        await self._changed()
        detail = {"file": installed.path.name, "source_sha256": converted.source_hash, "layout": converted.layout}
        await self._note("install", installed, asker, detail)
        return installed

    async def remove(self, name: str, asker: Asker) -> tuple[InstalledEmbedding, list[str]]:
        """Delete an installed embedding; also returns the server's presets that name it.

        Raises: UserError.
        """
        installed = self.find(name)
        if installed.path.parent != self._own:
            raise NotAllowed(f"{installed.id} comes with the bot and stays.")
        presets = await self.presets_with(installed, asker.guild_id)
        try:
            async with self._changing:
                self._library.remove(installed)
        except OSError as error:
            raise UserError(f"{installed.id} could not be deleted: {error.strerror}; tell the operator.") from error
        await self._changed()
        await self._note("remove", installed, asker, {"file": installed.path.name, "sha256": installed.file_hash})
        return installed, presets

    def find(self, name: str) -> InstalledEmbedding:
        """An installed embedding.

        Raises: UnknownName, naming near ones.
        """
        installed = self._library.find(name)
        if installed is None:
            near = closest(name, [one.id for one in self._library])
            raise UnknownName(f"There is no embedding '{name[:60]}' here. Perhaps {', '.join(near) or 'none yet'}?")
        return installed

    def removable(self) -> list[str]:
        """Names that `remove` would take."""
        return [one.id for one in self._library if one.path.parent == self._own]

    async def presets_with(self, installed: InstalledEmbedding, guild_id: int | None) -> list[str]:
        """Names of a server's presets that would miss it."""
        if guild_id is None:
            return []
        return await self._presets.naming(guild_id, [installed.id, *installed.aliases])

    async def watch(self, interval: float = 2.0) -> None:
        """Take in files that somebody drops into the folders; runs until cancelled. `interval` is in seconds."""
        while True:
            await asyncio.sleep(interval)
            try:
                async with self._changing:
                    has_changed = self._library.update(await asyncio.to_thread(stamps_of, self._folders))
            except OSError as error:  # the disk is away; what is known stays in use until it is back
                log.warning("the embeddings' folders cannot be looked at: %s", error)
                continue
            if has_changed:
                await self._changed()

    async def _take_in(self, converted: Converted, data: bytes) -> InstalledEmbedding:
        await asyncio.to_thread(_refuse_twin, converted, tuple(self._library))
        path = await asyncio.to_thread(self._write, converted, data)
        try:
            return self._library.take_in(path)
        except RefusedFile:
            path.unlink()
            raise

    def _write(self, converted: Converted, data: bytes) -> Path:
        path = self._own / f"{converted.name}.safetensors"
        if path.exists():
            raise RefusedFile(f"Another embedding is called '{converted.name}': rename the file.")
        write_whole(path, data if converted.was_ordinary else converted.data)
        path.chmod(0o644)
        return path

    async def _changed(self) -> None:
        """Autocomplete knows at once."""
        await asyncio.to_thread(self._suggestions.prepare)

    async def _note(self, action: str, one: InstalledEmbedding, asker: Asker, detail: dict[str, str]) -> None:
        await self._audit.add(
            AuditLine(guild_id=asker.guild_id, member_id=asker.member_id, action=action, subject=one.id, detail=detail)
        )


def _refuse_twin(converted: Converted, installed: Iterable[InstalledEmbedding]) -> None:
    for one in installed:
        if one.content_hash == converted.embedding.content_hash:
            raise RefusedFile(f"It is installed already, as '{one.id}'.")
