"""Download a checkpoint from the Hugging Face hub: a repository in diffusers' layout, one file of it, or its configuration."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

from services.checkpoints.weights import choose_weights
from services.errors import UserError
from services.files import check_disk_space

#: a pipeline's configurations and tokenizers; never a pickle
_CONFIGURATION = ("model_index.json", "*/*.json", "*/*.txt")
#: other programs' forms of the same, and parts that aren't loaded
_UNUSED = ("safety_checker/*", "*/openvino*", "*/flax*")


@dataclass(frozen=True, slots=True)
class HubFiles:
    """Files of a repository, and the folder that they go to."""

    repository: str
    target: Path
    files: tuple[str, ...]
    #: bytes of those that aren't there yet
    size: int


@dataclass(frozen=True, slots=True)
class Hub:
    """The Hugging Face hub as this operator reaches it."""

    token: str | None = None

    def plan(self, repository: str, target: Path, *, with_weights: bool) -> HubFiles:
        """What to download of a repository in diffusers' layout.

        Raises: UserError.
        """
        try:
            found = HfApi(token=self.token).model_info(repository, files_metadata=True).siblings or []
        except Exception as error:  # the hub's client lets through what its HTTP library raises
            raise UserError(_explain(repository, error)) from error
        sizes = {file.rfilename: file.size or 0 for file in found}
        chosen = tuple(_choose(sizes, with_weights=with_weights))
        missing = [name for name in chosen if _size_of(target / name) != sizes[name]]
        return HubFiles(repository, target, chosen, sum(sizes[name] for name in missing))

    def fetch(self, plan: HubFiles) -> None:
        """Download what is missing, from where an interrupted download stopped.

        Raises: UserError.
        """
        check_disk_space(plan.target, plan.size)
        try:
            snapshot_download(plan.repository, local_dir=plan.target, allow_patterns=list(plan.files), token=self.token)
        except Exception as error:  # the hub's client lets through what its HTTP library raises
            raise UserError(_explain(plan.repository, error)) from error

    def fetch_file(self, repository: str, name: str, target: Path) -> None:
        """Download one file of a repository to `target`.

        Raises: UserError.
        """
        try:
            path = hf_hub_download(repository, name, local_dir=target.parent, token=self.token)
        except Exception as error:  # the hub's client lets through what its HTTP library raises
            raise UserError(_explain(repository, error)) from error
        os.replace(path, target)


def _choose(names: dict[str, int], *, with_weights: bool) -> Iterator[str]:
    wanted = [name for name in names if not any(fnmatch.fnmatch(name, pattern) for pattern in _UNUSED)]
    yield from (name for name in wanted if any(fnmatch.fnmatch(name, pattern) for pattern in _CONFIGURATION))
    if with_weights:
        yield from choose_weights(wanted)


def _size_of(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def _explain(repository: str, error: Exception) -> str:
    page = f"https://huggingface.co/{repository}"
    if isinstance(error, GatedRepoError):
        return f"{page} asks you to accept its licence: do so with your account, and set HF_TOKEN to a token of it."
    if isinstance(error, RepositoryNotFoundError):
        return f"{page} isn't there, or only for some accounts; set HF_TOKEN if yours is one of them."
    return f"Downloading {repository} failed: {error or type(error).__name__}\nRun this command again to resume."
