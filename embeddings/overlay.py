"""One library over another: a server's own embeddings over those that everyone has."""

from __future__ import annotations

from collections.abc import Iterator

from embeddings.catalog import Catalog
from embeddings.library import InstalledEmbedding, Library
from embeddings.names import name_key


class OverlayLibrary:
    """Reads like a `Library`. Names resolve to the upper library first; nobody else sees what is in it."""

    def __init__(self, own: Library, shared: Library) -> None:
        self.own = own
        self.shared = shared

    @property
    def catalog(self) -> Catalog:
        return self.shared.catalog

    @property
    def state(self) -> tuple[object, ...]:
        """Changes whenever either library does."""
        return self.own.state, self.shared.state

    def __iter__(self) -> Iterator[InstalledEmbedding]:
        yield from self.own
        hidden = {name_key(embedding.id) for embedding in self.own}
        yield from (embedding for embedding in self.shared if name_key(embedding.id) not in hidden)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def find(self, name: str) -> InstalledEmbedding | None:
        """The embedding with this id, or else with this alias or title, in the upper library or else in the lower one."""
        return self.own.find(name) or self.shared.find(name)
