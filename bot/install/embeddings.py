"""Install curated embeddings into the operator's folder, for every server. A bot that runs takes them in by itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.install.progress import Progress
from embeddings.catalog import CatalogEntry
from embeddings.conversion import convert_bytes
from embeddings.errors import RefusedFile
from services.errors import UserError
from services.library.downloads import Downloads
from services.library.folder import refuse_duplicate, write_embedding
from services.stock import Stock


@dataclass(frozen=True, slots=True)
class EmbeddingInstaller:
    """Brings curated embeddings into the operator's folder, whose library knows what is there already."""

    stock: Stock
    folder: Path
    downloads: Downloads
    progress: Progress

    async def install(self, entry: CatalogEntry) -> Path:
        """Download a curated embedding; returns its file.

        Raises: UserError.
        """
        if (installed := self.stock.installed_file_of(entry)) is not None:
            return installed.path
        if not entry.downloads:
            source = f" from {entry.source}" if entry.source else ""
            raise UserError(f"I know no address of {entry.id}; download it{source}, and put it into {self.folder}.")
        with self.progress.of(entry.id) as on_progress:
            data = await self.downloads.fetch_known(entry.downloads, on_progress)
        try:
            converted = convert_bytes(data, f"{entry.id}.download")
            refuse_duplicate(converted, self.stock.library)
            return write_embedding(converted, self.folder)
        except RefusedFile as error:
            raise UserError(f"{entry.id}: {error}") from error
        except OSError as error:
            raise UserError(f"{self.folder} can't be written: {error.strerror}.") from error
