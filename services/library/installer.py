"""Install and remove embeddings while the bot runs. Who may do so is checked in the cogs; what is safe is decided here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from embeddings.conversion import Converted, convert_bytes
from embeddings.errors import RefusedFile
from embeddings.library import InstalledEmbedding, stamps_of
from services.errors import NotAllowed, UserError
from services.files import write_atomically
from services.library.downloads import Downloads
from services.stock import Stock
from services.storage.audit import AuditEntry, AuditStore
from services.storage.presets import PresetStore
from services.suggestions.autocomplete import Suggestions

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something, for the audit; ids are Discord's."""

    guild_id: int | None
    member_id: int


class Installer:
    """Writes to one folder of the library, the operator's."""

    def __init__(
        self,
        *,
        stock: Stock,
        folders: Sequence[Path],
        downloads: Downloads,
        audit: AuditStore,
        presets: PresetStore,
        suggestions: Suggestions,
    ) -> None:
        self._stock = stock
        self._library = stock.library
        self._folders = tuple(folders)
        self._own = self._folders[-1]
        self._downloads = downloads
        self._audit = audit
        self._presets = presets
        self._suggestions = suggestions
        #: held from looking at the folders until the library agrees with them
        self._changing = asyncio.Lock()

    async def install_from(self, url: str, actor: Actor) -> InstalledEmbedding:
        """Download a file and install it.

        Raises: UserError.
        """
        data, filename = await self._downloads.fetch(url)
        return await self.install(data, filename, actor)

    async def install(self, data: bytes, filename: str, actor: Actor) -> InstalledEmbedding:
        """Convert the bytes if necessary, write them into the folder and add them to the library.

        Raises: UserError, saying what is wrong with the file.
        """
        try:
            converted = await asyncio.to_thread(convert_bytes, data, filename)
            async with self._changing:
                installed = await self._add(converted)
        except RefusedFile as error:
            raise UserError(str(error)) from error
        await self._refresh_suggestions()
        detail = {"file": installed.path.name, "source_sha256": converted.source_hash, "layout": converted.layout}
        await self._record("install", installed, actor, detail)
        return installed

    async def remove(self, name: str, actor: Actor) -> tuple[InstalledEmbedding, list[str]]:
        """Delete an installed embedding; also returns the server's presets that name it.

        Raises: UserError.
        """
        installed = self._stock.named_embedding(name)
        if installed.path.parent != self._own:
            raise NotAllowed(f"{installed.id} ships with the bot and can't be removed.")
        presets = await self.presets_with(installed, actor.guild_id)
        try:
            async with self._changing:
                self._library.remove(installed)
        except OSError as error:
            raise UserError(
                f"{installed.id} couldn't be deleted: {error.strerror}. Please tell the operator."
            ) from error
        await self._refresh_suggestions()
        await self._record("remove", installed, actor, {"file": installed.path.name, "sha256": installed.file_hash})
        return installed, presets

    def removable(self) -> list[str]:
        """Names that `remove` accepts."""
        return [embedding.id for embedding in self._library if embedding.path.parent == self._own]

    async def presets_with(self, installed: InstalledEmbedding, guild_id: int | None) -> list[str]:
        """Names of a server's presets that use the embedding."""
        if guild_id is None:
            return []
        return await self._presets.using_embeddings(guild_id, [installed.id, *installed.aliases])

    async def watch(self, interval: float = 2.0) -> None:
        """Pick up files that are dropped into the folders; runs until cancelled. `interval` is in seconds."""
        while True:
            await asyncio.sleep(interval)
            try:
                async with self._changing:
                    has_changed = self._library.update(await asyncio.to_thread(stamps_of, self._folders))
            except OSError as error:  # the disk is gone; embeddings already loaded stay in use until it is back
                log.warning("cannot read the embeddings folders: %s", error)
                continue
            if has_changed:
                await self._refresh_suggestions()

    async def _add(self, converted: Converted) -> InstalledEmbedding:
        await asyncio.to_thread(_refuse_duplicate, converted, tuple(self._library))
        path = await asyncio.to_thread(self._write, converted)
        try:
            return self._library.add(path, converted.file)
        except RefusedFile:
            path.unlink()
            raise

    def _write(self, converted: Converted) -> Path:
        path = self._own / f"{converted.name}.safetensors"
        if path.exists():
            raise RefusedFile(f"Another embedding is called '{converted.name}'; rename your file.")
        write_atomically(path, converted.installable)
        path.chmod(0o644)
        return path

    async def _refresh_suggestions(self) -> None:
        await asyncio.to_thread(self._suggestions.prepare)

    async def _record(self, action: str, embedding: InstalledEmbedding, actor: Actor, detail: dict[str, str]) -> None:
        await self._audit.add(
            AuditEntry(
                guild_id=actor.guild_id, member_id=actor.member_id, action=action, subject=embedding.id, detail=detail
            )
        )


def _refuse_duplicate(converted: Converted, installed: Iterable[InstalledEmbedding]) -> None:
    for embedding in installed:
        if embedding.content_hash == converted.file.embedding.content_hash:
            raise RefusedFile(f"It's already installed, as '{embedding.id}'.")
