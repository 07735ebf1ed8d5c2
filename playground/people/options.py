"""The checks Discord's client makes on a command's options, and parsing of typed ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from playground.errors import NotPossible
from playground.people.resolving import Resolver
from playground.rules.choices import MAX_NUMBER
from playground.world import Channel, Json, World

T = TypeVar("T", int, float)

STRING, INTEGER, BOOLEAN, NUMBER = 3, 4, 5, 10


def fill_options(
    world: World, channel: Channel, described: list[Json], given: Mapping[str, Any], *, complete: bool = True
) -> tuple[list[Json], Json]:
    """The options as an interaction carries them, and `resolved` with the attachments.

    Raises: NotPossible, with the client's message.
    """
    by_name = {option["name"]: option for option in described}
    for name in given:
        if name not in by_name:
            raise NotPossible(f"There is no option '{name}'. Options: {', '.join(by_name) or 'none'}.")
    if complete:
        missing = [option["name"] for option in described if option.get("required") and option["name"] not in given]
        if missing:
            raise NotPossible(f"Required options are missing: {', '.join(missing)}.")
    options: list[Json] = []
    resolver = Resolver(world, channel)
    for name, value in given.items():
        sent = _value(by_name[name], value, resolver, complete=complete)
        options.append({"name": name, "type": by_name[name]["type"], "value": sent})
    return options, resolver.resolved


def nest(chain: list[Json], options: list[Json]) -> list[Json]:
    """Wrap options in their subcommands."""
    for node in reversed(chain):
        options = [{"name": node["name"], "type": node["type"], "options": options}]
    return options


def _value(option: Json, value: Any, resolver: Resolver, *, complete: bool) -> Any:
    """The value to send; while a command is still being typed, invalid values are sent as they are."""
    try:
        if resolver.takes(option["type"]):
            return resolver.resolve(option["type"], option["name"], value)
        return _checked(option, value)
    except NotPossible:
        if complete:
            raise
        return str(value) if resolver.takes(option["type"]) else value


def _checked(option: Json, value: Any) -> Any:
    name, kind = option["name"], option["type"]
    value = _converted(name, kind, value)
    choices = option.get("choices")
    if choices:
        for choice in choices:
            if value in (choice["value"], choice["name"]):
                return choice["value"]
        raise NotPossible(f"{name} must be one of: {', '.join(str(choice['name']) for choice in choices)}.")
    if kind in (INTEGER, NUMBER):
        low, high = option.get("min_value"), option.get("max_value")
        if (low is not None and value < low) or (high is not None and value > high):
            raise NotPossible(f"{name} must be {_range(low, high)}.")
    if kind == STRING:
        low, high = option.get("min_length") or 0, option.get("max_length") or 6000
        if not low <= len(value) <= high:
            raise NotPossible(f"{name} must be {low} to {high} characters long; this is {len(value)}.")
    return value


def _range(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return f"at most {high}" if low is None else f"at least {low}"
    return f"between {low} and {high}"


def _converted(name: str, kind: int, value: Any) -> Any:
    try:
        if kind == INTEGER:
            return _sendable(name, int(value))
        if kind == NUMBER:
            return _sendable(name, float(value))
    except (TypeError, ValueError, OverflowError):
        raise NotPossible(f"{name} must be a number.") from None
    if kind == BOOLEAN:
        return value if isinstance(value, bool) else str(value).lower() in ("true", "yes", "1")
    return str(value)


def _sendable(name: str, number: T) -> T:
    if not abs(number) <= MAX_NUMBER:  # nan compares false
        raise NotPossible(f"{name} must be between -{MAX_NUMBER} and {MAX_NUMBER}, the range Discord can send.")
    return number


def parse_typed(described: list[Json], text: str) -> dict[str, str]:
    """Parse `prompt:a red fish cfg:6`; a value runs until the next option's name and colon.

    Raises: NotPossible for text before the first option.
    """
    names = sorted((re.escape(option["name"]) for option in described), key=len, reverse=True)
    if not names:
        if text.strip():
            raise NotPossible(f"This command has no options; remove '{text.strip()[:40]}'.")
        return {}
    marks = list(re.finditer(rf"(?:^|(?<=\s))({'|'.join(names)}):", text))
    before = text[: marks[0].start()] if marks else text
    if before.strip():
        options = ", ".join(option["name"] for option in described)
        raise NotPossible(f"'{before.strip()[:40]}' doesn't belong to any option. Options: {options}.")
    ends = [*(mark.start() for mark in marks[1:]), len(text)][: len(marks)]
    return {mark[1]: text[mark.end() : end].strip() for mark, end in zip(marks, ends, strict=True)}
