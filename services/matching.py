"""Fuzzy matching: find what someone meant to type."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import fuzz, process

#: of rapidfuzz's scores, which go from 0 to 100; names that score lower are unrelated
MIN_SIMILARITY = 60


def closest(typed: str, names: Iterable[str], limit: int = 3) -> list[str]:
    """Up to `limit` names, best match first; if none is similar, the first `limit` names."""
    names = list(names)
    matches = process.extract(typed.casefold(), names, scorer=fuzz.WRatio, processor=str.casefold, limit=limit)
    near = [name for name, score, _ in matches if score >= MIN_SIMILARITY]
    return near or names[:limit]
