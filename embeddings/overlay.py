"""Libraries made of others: a server's own embeddings over those that everyone has, and only those that it allows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Protocol

from embeddings.catalog import Catalog
from embeddings.library import InstalledEmbedding, Library
from embeddings.names import name_key


class ReadableLibrary(Protocol):
    """What can be asked of a `Library` and of the libraries made of it."""

    @property
    def catalog(self) -> Catalog: ...

    @property
    def state(self) -> Hashable: ...

    def __iter__(self) -> Iterator[InstalledEmbedding]: ...

    def __len__(self) -> int: ...

    def find(self, name: str) -> InstalledEmbedding | None: ...


class OverlayLibrary:
    """Reads like a `Library`. Names resolve to the upper library first; nobody else sees what is in it."""

    def __init__(self, own: Library, shared: Library) -> None:
        self.own = own
        self.shared = shared

    @property
    def catalog(self) -> Catalog:
        return self.shared.catalog

    @property
    def state(self) -> tuple[int, int]:
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


class SelectedLibrary:
    """Lists only some embeddings of a library, and finds them all, so that whoever names another can be told why not."""

    def __init__(self, library: ReadableLibrary, is_selected: Callable[[InstalledEmbedding], bool]) -> None:
        self._library = library
        self._is_selected = is_selected

    @property
    def catalog(self) -> Catalog:
        return self._library.catalog

    @property
    def state(self) -> Hashable:
        """Changes with the library, and with the selection, which is another object then."""
        return self._library.state, id(self)

    def __iter__(self) -> Iterator[InstalledEmbedding]:
        return filter(self._is_selected, self._library)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def find(self, name: str) -> InstalledEmbedding | None:
        """The embedding of this name, selected or not."""
        return self._library.find(name)
