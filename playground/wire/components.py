"""Component types, and a walk over a tree of components."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from playground.world import Json

ACTION_ROW, BUTTON, STRING_SELECT, TEXT_INPUT, LABEL = 1, 2, 3, 4, 18
LINK_BUTTON = 5  # a button's style


def walk(components: Iterable[Json]) -> Iterator[Json]:
    """Every component in the tree, parents before children."""
    for component in components:
        yield component
        yield from walk(component.get("components") or [])
        for key in ("component", "accessory"):
            if component.get(key):
                yield from walk([component[key]])
