"""Find what a person meant to write."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import fuzz, process

#: rapidfuzz scores from 0 to 100; below this, two names have nothing to do with each other
RELATED = 60


def closest(typed: str, names: Iterable[str], limit: int = 3) -> list[str]:
    """Up to `limit` names, the likeliest first; if none is near, the first ones there are."""
    names = list(names)
    found = process.extract(typed.casefold(), names, scorer=fuzz.WRatio, processor=str.casefold, limit=limit)
    near = [name for name, score, _ in found if score >= RELATED]
    return near or names[:limit]
