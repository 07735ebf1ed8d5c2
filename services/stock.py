"""What pictures can be made with in a server: the models, the embeddings, and how much of each a request may have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from embeddings.catalog import CatalogEntry
from embeddings.library import InstalledEmbedding, Library
from embeddings.names import name_key
from embeddings.overlay import OverlayLibrary, ReadableLibrary, SelectedLibrary
from services.checkpoints import Checkpoint, Shelf
from services.errors import NotAllowed, UnknownName, UserError
from services.matching import closest
from services.parameters import MAX_COUNT
from services.policy.policy import NO_BOT_POLICY, NO_POLICY, BotPolicy, Policy
from services.text import shorten

#: endings of embedding files, which other programs let people type as part of the name
_ENDINGS = (".safetensors", ".pt", ".bin", ".png")


@dataclass(frozen=True, slots=True)
class EmbeddingLimits:
    """How many embeddings a request carries; the minimum is 1, or 0 where the operator allows pictures without any."""

    minimum: int = 1
    maximum: int = 3


@dataclass(frozen=True, slots=True)
class Stock:
    """The library and the shelf, and what the operator and a server's owner decided about them."""

    library: ReadableLibrary
    shelf: Shelf
    limits: EmbeddingLimits = EmbeddingLimits()
    default_model: str = "demo"
    policy: Policy = NO_POLICY
    everywhere: BotPolicy = NO_BOT_POLICY

    @property
    def models(self) -> list[Checkpoint]:
        """The models that can be used here, within this server's limits."""
        return [self._within_limits(model) for model in self.shelf.installed if self.permits_model(model)]

    @property
    def max_count(self) -> int:
        """Most pictures of a request."""
        return min(self.policy.max_count or MAX_COUNT, MAX_COUNT)

    def permits_model(self, model: Checkpoint) -> bool:
        return self.policy.models.permits(model.names)

    def permits_embedding(self, embedding: InstalledEmbedding) -> bool:
        return self.policy.embeddings.permits((embedding.id, embedding.title, *embedding.aliases))

    def checkpoint(self, model: str | None) -> Checkpoint:
        """The checkpoint named, installed or not, or else the default one, within this server's limits.

        Raises: UnknownName.
        """
        return self._within_limits(self.shelf.find(model or self._default()))

    def installed_checkpoint(self, model: str | None) -> Checkpoint:
        """The same, ready to render with.

        Raises: UnknownName; NotAllowed; UserError, if it isn't installed.
        """
        checkpoint = self.checkpoint(model)
        if not self.permits_model(checkpoint):
            raise NotAllowed(self._why_not(checkpoint))
        self.shelf.installation(checkpoint.id)
        return checkpoint

    def has_model(self, model: str) -> bool:
        try:
            return self.shelf.is_installed(self.shelf.find(model))
        except UserError:
            return False

    def embedding(self, name: str) -> InstalledEmbedding | None:
        """The installed embedding of this name, with or without a file's ending.

        The catalog's other names mean it too, whether or not the catalog knows this very file.
        """
        found = next(filter(None, (self.library.find(spelling) for spelling in _spellings(name))), None)
        if found is None and (entry := self.catalog_entry(name)) is not None:
            return self.library.find(entry.id)
        return found

    def catalog_entry(self, name: str) -> CatalogEntry | None:
        """The curated embedding of this name, with or without a file's ending."""
        return next(filter(None, (self.library.catalog.find(spelling) for spelling in _spellings(name))), None)

    def installed_file_of(self, entry: CatalogEntry) -> InstalledEmbedding | None:
        """The installed file that is known to be this curated embedding; another file may have its name."""
        found = self.library.find(entry.id)
        return found if found is not None and found.entry is not None and found.entry.id == entry.id else None

    def plain_name(self, name: str) -> str:
        """The name without a file's ending, if that is how an embedding is known."""
        known = (spelling for spelling in _spellings(name) if self._is_known(spelling))
        return next(known, name)

    def is_embedding(self, name: str) -> bool:
        """Whether a word is the id or alias of an embedding, installed or known. A title may be an ordinary word."""
        installed, known = self.embedding(name), self.catalog_entry(name)
        entries = filter(None, (installed and installed.entry, known))
        own = {alias for entry in entries for alias in (entry.id, *entry.aliases)}
        if installed is not None:
            own.add(installed.id)
        keys = set(map(name_key, own))
        return any(name_key(spelling) in keys for spelling in _spellings(name))

    def named_embedding(self, name: str) -> InstalledEmbedding:
        """An installed embedding that has to be there.

        Raises: UnknownName, naming near ones.
        """
        installed = self.embedding(name)
        if installed is None:
            near = ", ".join(closest(name, [embedding.id for embedding in self.library])) or "none yet"
            raise UnknownName(f"There's no embedding '{shorten(name)}' here. Did you mean one of these? {near}.")
        return installed

    def _is_known(self, name: str) -> bool:
        return (self.library.find(name) or self.library.catalog.find(name)) is not None

    def _default(self) -> str:
        usable = [model.id for model in self.models]
        try:
            wanted = self.shelf.find(self.default_model).id
        except UnknownName:
            wanted = self.default_model
        return wanted if wanted in usable or not usable else usable[0]

    def _within_limits(self, checkpoint: Checkpoint) -> Checkpoint:
        policy, low, multiple = self.policy, checkpoint.min_side, checkpoint.multiple
        if policy.max_side is None and policy.max_steps is None:
            return checkpoint
        side = min(policy.max_side or checkpoint.max_side, checkpoint.max_side)
        side = max(low, side // multiple * multiple)
        most_steps = min(policy.max_steps or checkpoint.max_steps, checkpoint.max_steps)
        limits = {
            "max_side": side,
            "width": min(checkpoint.width, side),
            "height": min(checkpoint.height, side),
            "max_steps": most_steps,
            "steps": min(checkpoint.steps, most_steps),
        }
        return checkpoint.model_copy(update=limits)

    def _why_not(self, checkpoint: Checkpoint) -> str:
        others = ", ".join(model.id for model in self.models)
        return f"{checkpoint.title} isn't used in this server. " + (
            f"Choose another model: {others}."
            if others
            else "No installed model is; ask someone who manages the server."
        )


class Stocks:
    """The stock of each server: its own embeddings over everyone's, as its policy says. Direct messages have everyone's."""

    def __init__(self, shared: Stock, folder: Path | None = None) -> None:
        """`folder` has a folder for each server, named by its id."""
        assert isinstance(shared.library, Library)
        self.shared = shared
        self.shared_library: Library = shared.library
        self._folder = folder
        self._libraries: dict[int, OverlayLibrary] = {}
        self._policies: dict[int, Policy] = {}
        self._own: dict[int, Stock] = {}

    @property
    def servers(self) -> list[int]:
        """Servers whose stock isn't everyone's."""
        return list(self._own)

    @property
    def servers_embeddings(self) -> int:
        """How many embeddings servers have installed for themselves."""
        return sum(len(library.own) for library in self._libraries.values())

    def of(self, guild_id: int | None) -> Stock:
        """What can be used in a server."""
        return self._own.get(guild_id or 0, self.shared)

    def own_library(self, guild_id: int) -> Library:
        """A server's own library, which may be empty."""
        if guild_id not in self._libraries:
            self._libraries[guild_id] = OverlayLibrary(Library(self.shared_library.catalog), self.shared_library)
            self._renew(guild_id)
        return self._libraries[guild_id].own

    def apply(self, guild_id: int, policy: Policy) -> None:
        """Put a server's policy into force."""
        self._policies[guild_id] = policy
        self._renew(guild_id)

    def apply_everywhere(self, policy: BotPolicy) -> None:
        """Put the operators' policy into force."""
        self.shared = replace(self.shared, everywhere=policy)
        for guild_id in self.servers:
            self._renew(guild_id)

    def _renew(self, guild_id: int) -> None:
        policy = self._policies.get(guild_id, NO_POLICY)
        stock = replace(self.shared, library=self._libraries.get(guild_id, self.shared_library), policy=policy)
        if not policy.embeddings.is_open:
            stock = replace(stock, library=SelectedLibrary(stock.library, stock.permits_embedding))
        self._own[guild_id] = stock

    def folder_of(self, guild_id: int) -> Path:
        """Where a server's own files are."""
        assert self._folder is not None
        return self._folder / str(guild_id)

    def folders(self) -> dict[int, Path]:
        """The folders that there are, by their servers' ids."""
        found = self._folder.iterdir() if self._folder is not None and self._folder.is_dir() else ()
        return {int(path.name): path for path in sorted(found) if path.name.isdecimal() and path.is_dir()}


def _spellings(name: str) -> Iterator[str]:
    yield name
    for ending in _ENDINGS:
        if name.lower().endswith(ending):
            yield name[: -len(ending)]
