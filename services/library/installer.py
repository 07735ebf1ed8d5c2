"""Install and remove embeddings while the bot runs. Who may do so is checked in the cogs; what is safe is decided here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from embeddings.conversion import Converted, convert_bytes
from embeddings.errors import RefusedFile
from embeddings.library import InstalledEmbedding, Library, stamps_of
from services.errors import NotAllowed, UserError
from services.library.downloads import Downloads
from services.library.folder import copy_embedding, refuse_duplicate, write_embedding
from services.library.obtaining import obtainable
from services.library.transfers import OnProgress, ignore_progress
from services.stock import Stocks
from services.storage.audit import AuditEntry, AuditStore
from services.storage.presets import PresetStore
from services.suggestions.autocomplete import Suggestions
from services.text import shorten

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something, and where; ids are Discord's. In direct messages the guild id is None."""

    guild_id: int | None
    member_id: int
    is_operator: bool = False


@dataclass(frozen=True, slots=True)
class Quota:
    """What a server's own embeddings may add up to."""

    files: int = 50
    size: int = 20 * 1024 * 1024  # bytes


class Installer:
    """A server's members change their server's own embeddings; operators, in direct messages, everyone's."""

    def __init__(
        self,
        *,
        stocks: Stocks,
        folders: Sequence[Path],
        downloads: Downloads,
        audit: AuditStore,
        presets: PresetStore,
        suggestions: Suggestions,
        quota: Quota,
    ) -> None:
        """`folders` have everyone's embeddings; the last one is the operator's."""
        self._stocks = stocks
        self._folders = tuple(folders)
        self._downloads = downloads
        self._audit = audit
        self._presets = presets
        self._suggestions = suggestions
        self._quota = quota
        #: held from looking at the folders until the libraries agree with them
        self._changing = asyncio.Lock()

    async def install_from(
        self, url: str, actor: Actor, on_progress: OnProgress = ignore_progress
    ) -> InstalledEmbedding:
        """Download a file and install it.

        Raises: UserError.
        """
        data, filename = await self._downloads.fetch(url, on_progress)
        return await self.install(data, filename, actor)

    async def install_known(
        self, name: str, actor: Actor, on_progress: OnProgress = ignore_progress
    ) -> InstalledEmbedding:
        """Download a curated embedding from one of its known addresses and install it.

        Raises: UserError.
        """
        entry = obtainable(self._stocks.of(actor.guild_id), name)
        data = await self._downloads.fetch_known(entry.downloads, on_progress)
        return await self.install(data, f"{entry.id}.download", actor)

    async def install(self, data: bytes, filename: str, actor: Actor) -> InstalledEmbedding:
        """Convert the bytes if necessary, write them into the actor's folder and add them to the library.

        Raises: UserError, saying what is wrong with the file, or that there is no room for it.
        """
        try:
            converted = await asyncio.to_thread(convert_bytes, data, filename)
            async with self._changing:
                installed = await self._add(converted, actor.guild_id)
        except RefusedFile as error:
            raise UserError(str(error)) from error
        await self._refresh_suggestions()
        detail = {"file": installed.path.name, "source_sha256": converted.source_hash, "layout": converted.layout}
        await self._record("install", installed, actor, detail)
        return installed

    async def remove(self, name: str, actor: Actor) -> tuple[InstalledEmbedding, list[str]]:
        """Delete an embedding; also returns the server's presets that name it.

        Raises: UserError, if it isn't the actor's to delete.
        """
        installed = self._stocks.of(actor.guild_id).named_embedding(name)
        if installed.path.parent not in self._own_folders(actor):
            raise NotAllowed(self._why_kept(installed))
        presets = await self.presets_with(installed, actor.guild_id)
        try:
            async with self._changing:
                self._library_of(installed).remove(installed)
        except OSError as error:
            raise UserError(
                f"{installed.id} couldn't be deleted: {error.strerror}. Please tell the operator."
            ) from error
        await self._refresh_suggestions()
        await self._record("remove", installed, actor, {"file": installed.path.name, "sha256": installed.file_hash})
        return installed, presets

    async def publish(self, name: str, actor: Actor) -> InstalledEmbedding:
        """Make a server's own embedding everyone's. For operators.

        Raises: UserError.
        """
        if not actor.is_operator or actor.guild_id is None:
            raise NotAllowed("Only the bot's operators can publish a server's embedding to every server.")
        own = self._stocks.own_library(actor.guild_id)
        installed = own.find(name)
        if installed is None:
            raise UserError(
                f"This server has no embedding of its own called '{shorten(name)}'; /embedding list shows them."
            )
        target = self._folders[-1] / installed.path.name
        async with self._changing:
            if target.exists() or self._stocks.shared_library.find(installed.id) is not None:
                raise UserError(f"Every server already has an embedding called {installed.id}.")
            await asyncio.to_thread(copy_embedding, installed.path, target)
            try:
                published = self._stocks.shared_library.add(target)
            except RefusedFile as error:
                target.unlink(missing_ok=True)
                raise UserError(str(error)) from error
            own.remove(installed)
        await self._refresh_suggestions()
        await self._record("publish", published, actor, {"file": target.name, "sha256": published.file_hash})
        return published

    def removable(self, actor: Actor) -> list[str]:
        """Names that `remove` accepts from this actor."""
        folders = self._own_folders(actor)
        return [
            embedding.id for embedding in self._stocks.of(actor.guild_id).library if embedding.path.parent in folders
        ]

    def is_shared(self, installed: InstalledEmbedding) -> bool:
        """Whether every server has it."""
        return installed.path.parent in self._folders

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
                    has_changed = await self._update()
            except OSError as error:  # the disk is gone; embeddings already loaded stay in use until it is back
                log.warning("cannot read the embeddings folders: %s", error)
                continue
            if has_changed:
                await self._refresh_suggestions()

    async def _update(self) -> bool:
        has_changed = self._stocks.shared_library.update(await asyncio.to_thread(stamps_of, self._folders))
        for guild_id, folder in (await asyncio.to_thread(self._stocks.folders)).items():
            stamps = await asyncio.to_thread(stamps_of, [folder])
            has_changed = self._stocks.own_library(guild_id).update(stamps) or has_changed
        return has_changed

    async def _add(self, converted: Converted, guild_id: int | None) -> InstalledEmbedding:
        is_shared = guild_id is None
        library = self._stocks.shared_library if is_shared else self._stocks.own_library(guild_id)
        folder = self._folders[-1] if is_shared else self._stocks.folder_of(guild_id)
        everything = tuple(self._stocks.of(guild_id).library)
        await asyncio.to_thread(refuse_duplicate, converted, everything)
        if not is_shared:
            await asyncio.to_thread(self._refuse_over_quota, folder, len(converted.installable))
        path = await asyncio.to_thread(write_embedding, converted, folder)
        try:
            return library.add(path, converted.file)
        except RefusedFile:
            path.unlink()
            raise

    def _refuse_over_quota(self, folder: Path, size: int) -> None:
        files = [path.stat().st_size for path in folder.glob("*.safetensors")] if folder.is_dir() else []
        if len(files) >= self._quota.files:
            raise UserError(
                f"This server has {len(files)} embeddings of its own, which is the limit; /embedding remove makes room."
            )
        if sum(files) + size > self._quota.size:
            raise UserError(
                f"This server's own embeddings may take {self._quota.size / 2**20:.0f} MB, and that file doesn't fit in "
                f"any more; /embedding remove makes room."
            )

    def _own_folders(self, actor: Actor) -> tuple[Path, ...]:
        """Where the actor may delete files: a server's own folder, or for operators everyone's, from direct messages."""
        if actor.guild_id is not None:
            return (self._stocks.folder_of(actor.guild_id),)
        return (self._folders[-1],) if actor.is_operator else ()

    def _library_of(self, installed: InstalledEmbedding) -> Library:
        if self.is_shared(installed):
            return self._stocks.shared_library
        return self._stocks.own_library(int(installed.path.parent.name))

    def _why_kept(self, installed: InstalledEmbedding) -> str:
        if installed.path.parent == self._folders[-1]:
            return f"{installed.id} is installed for every server; only the bot's operators can remove it."
        return f"{installed.id} ships with the bot and can't be removed."

    async def _refresh_suggestions(self) -> None:
        await asyncio.to_thread(self._suggestions.prepare)

    async def _record(self, action: str, embedding: InstalledEmbedding, actor: Actor, detail: dict[str, str]) -> None:
        await self._audit.add(
            AuditEntry(
                guild_id=actor.guild_id, member_id=actor.member_id, action=action, subject=embedding.id, detail=detail
            )
        )
