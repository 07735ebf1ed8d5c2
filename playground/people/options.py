"""The checks Discord's client makes before it sends a command, and parsing of typed commands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from playground.errors import NotPossible
from playground.wire.payloads import attachment
from playground.world import Channel, Json, User, World
from playground.world.permissions import names as names_of

T = TypeVar("T", int, float)

#: the largest integer that is exact in JavaScript, the language of Discord's client
MAX_NUMBER = 2**53 - 1
#: the type of a command in a message's Apps menu
MESSAGE = 3
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, NUMBER, ATTACHMENT = 1, 2, 3, 4, 5, 6, 7, 10, 11


def find_command(world: World, channel: Channel, user: User, path: str) -> tuple[Json, list[Json]]:
    """The command for a path such as "preset save", and the chain of its subcommands.

    Raises: NotPossible.
    """
    first, *rest = path.removeprefix("/").split() or [""]
    guild = channel.guild
    known = world.commands_in(guild.id if guild else None)
    command = next((command for command in known if command["name"] == first and command["type"] == 1), None)
    if command is None:
        names = ", ".join(sorted(f"/{command['name']}" for command in known if command["type"] == 1))
        raise NotPossible(f"There is no command /{first}. Available: {names or 'none yet'}.")
    _check_allowed(command, f"/{first}", channel, user)
    chain: list[Json] = []
    node = command
    for name in rest:
        node = _subcommand(node, name)
        if node is None:
            raise NotPossible(f"/{first} has no subcommand '{name}'.")
        chain.append(node)
    if any(option["type"] <= GROUP for option in node.get("options") or []):
        subcommands = ", ".join(option["name"] for option in node["options"])
        raise NotPossible(f"/{path} needs a subcommand: {subcommands}.")
    return command, chain


def find_app(world: World, channel: Channel, user: User, name: str) -> Json:
    """The command with this name in a message's Apps menu.

    Raises: NotPossible.
    """
    guild = channel.guild
    known = [command for command in world.commands_in(guild.id if guild else None) if command["type"] == MESSAGE]
    command = next((command for command in known if command["name"] == name), None)
    if command is None:
        names = ", ".join(sorted(command["name"] for command in known))
        raise NotPossible(f"A message's Apps menu has no '{name}'. Available: {names or 'none yet'}.")
    _check_allowed(command, f"'{name}'", channel, user)
    return command


def file_options(world: World, channel: Channel, user: User, path: str) -> list[str]:
    """The names of a command's options that take a file.

    Raises: NotPossible.
    """
    command, chain = find_command(world, channel, user, path)
    described = (chain[-1] if chain else command).get("options") or []
    return [option["name"] for option in described if option["type"] == ATTACHMENT]


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
    resolved: Json = {}
    for name, value in given.items():
        option = by_name[name]
        if option["type"] == ATTACHMENT:
            value = _attach(world, channel, name, value, resolved)
        options.append({"name": name, "type": option["type"], "value": _value(option, value, complete=complete)})
    return options, resolved


def _subcommand(node: Json, name: str) -> Json | None:
    options = node.get("options") or []
    return next((option for option in options if option["name"] == name and option["type"] <= GROUP), None)


def _check_allowed(command: Json, called: str, channel: Channel, user: User) -> None:
    needed = int(command.get("default_member_permissions") or 0)
    if needed and channel.guild is not None and not channel.guild.permissions_of(user.id) >= names_of(needed):
        raise NotPossible(f"{user.name} can't use {called}: it requires {', '.join(sorted(names_of(needed)))}.")


def nest(chain: list[Json], options: list[Json]) -> list[Json]:
    """Wrap options in their subcommands."""
    for node in reversed(chain):
        options = [{"name": node["name"], "type": node["type"], "options": options}]
    return options


def _value(option: Json, value: Any, *, complete: bool) -> Any:
    """The value to send; while a command is still being typed, invalid values are sent as they are."""
    try:
        return _checked(option, value)
    except NotPossible:
        if complete:
            raise
        return value


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
    if kind in (USER, CHANNEL):
        return str(value)
    return str(value)


def _sendable(name: str, number: T) -> T:
    if not abs(number) <= MAX_NUMBER:  # nan compares false
        raise NotPossible(f"{name} must be between -{MAX_NUMBER} and {MAX_NUMBER}, the range Discord can send.")
    return number


def _attach(world: World, channel: Channel, name: str, value: Any, resolved: Json) -> str:
    if not isinstance(value, tuple):  # typed as part of a line
        raise NotPossible(f"{name} needs a file: choose the command from the list and attach the file there.")
    filename, data = value
    attachment_id = world.store_file(filename, data)
    resolved.setdefault("attachments", {})[str(attachment_id)] = attachment(world, channel, attachment_id, None)
    return str(attachment_id)


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


def split_typed(world: World, channel: Channel, user: User, line: str) -> tuple[str, dict[str, str]]:
    """Split `/preset save name:x` into "preset save" and its options.

    Raises: NotPossible.
    """
    words = line.strip().removeprefix("/").split(" ")
    path = words[0]
    guild = channel.guild
    known = world.commands_in(guild.id if guild else None)
    node = next((command for command in known if command["name"] == path and command["type"] == 1), None)
    used = 1
    while node is not None and used < len(words):
        inner = _subcommand(node, words[used])
        if inner is None:
            break
        path, node, used = f"{path} {words[used]}", inner, used + 1
    command, chain = find_command(world, channel, user, path)
    described = (chain[-1] if chain else command).get("options") or []
    return path, parse_typed(described, " ".join(words[used:]))
