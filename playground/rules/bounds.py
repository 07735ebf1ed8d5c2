"""Checks of single values. They raise 50035 in Discord's words, as far as those are known."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any
from urllib.parse import urlsplit

from playground.errors import invalid


def at_most(path: str, value: Any, limit: int) -> None:
    if value is not None and len(value) > limit:
        raise invalid(path, "BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length.")


def between(path: str, value: Any, low: int, high: int) -> None:
    if not low <= len(value) <= high:
        raise invalid(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")


def filled(path: str, text: str | None, limit: int) -> None:
    """Text that isn't blank: Discord trims whitespace before it looks."""
    if not (text or "").strip():
        raise required(path)
    at_most(path, text, limit)


def required(path: str) -> Exception:
    return invalid(path, "BASE_TYPE_REQUIRED", "This field is required")


def within(path: str, number: float, low: float, high: float) -> None:
    if number < low:
        raise invalid(path, "NUMBER_TYPE_MIN", f"int value should be greater than or equal to {low}.")
    if number > high:
        raise invalid(path, "NUMBER_TYPE_MAX", f"int value should be less than or equal to {high}.")


def one_of(path: str, value: object, allowed: Iterable[object]) -> None:
    allowed = tuple(allowed)
    if value not in allowed:
        raise invalid(path, "BASE_TYPE_CHOICES", f"Value must be one of {allowed}.")


def unique(path: str, values: Iterable[Hashable], code: str, message: str) -> None:
    """Raises at the index of the first value that was there before."""
    seen: set[Hashable] = set()
    for number, value in enumerate(values):
        if value in seen:
            raise invalid(f"{path}.{number}", code, message)
        seen.add(value)


def web_address(path: str, url: str, schemes: tuple[str, ...] = ("http", "https")) -> None:
    try:
        scheme, host = urlsplit(url).scheme, urlsplit(url).netloc
    except ValueError:
        scheme, host = "", ""
    if not scheme:
        raise invalid(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
    if scheme not in schemes:
        message = f'Scheme "{scheme}" is not supported. Scheme must be one of {schemes}.'
        raise invalid(path, "URL_TYPE_INVALID_SCHEME", message)
    if not host:
        raise invalid(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
