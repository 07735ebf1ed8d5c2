"""Length checks that raise 50035 in Discord's words."""

from __future__ import annotations

from typing import Any

from playground.errors import invalid


def at_most(path: str, value: Any, limit: int) -> None:
    if value is not None and len(value) > limit:
        raise invalid(path, "BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length.")


def between(path: str, value: Any, low: int, high: int) -> None:
    if not low <= len(value) <= high:
        raise invalid(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")
