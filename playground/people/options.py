"""What Discord's client checks before it sends a command: that options exist, are complete and of their type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from playground.errors import NotPossible
from playground.wire.payloads import attachment
from playground.world import Channel, Json, User, World
from playground.world.permissions import names as names_of

T = TypeVar("T", int, float)

#: whole numbers up to here are exact in JavaScript, which Discord's client is written in
MAX_NUMBER = 2**53 - 1
#: the type of a command that stands in the menu of a message
MESSAGE = 3
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, NUMBER, ATTACHMENT = 1, 2, 3, 4, 5, 6, 7, 10, 11


def find_command(world: World, channel: Channel, user: User, path: str) -> tuple[Json, list[Json]]:
    """The command called "preset save", and the chain of its subcommands.

    Raises: NotPossible.
    """
    first, *rest = path.removeprefix("/").split() or [""]
    guild = channel.guild
    known = world.commands_in(guild.id if guild else None)
    command = next((one for one in known if one["name"] == first and one["type"] == 1), None)
    if command is None:
        names = ", ".join(sorted(f"/{one['name']}" for one in known if one["type"] == 1))
        raise NotPossible(f"There is no command /{first}. There are: {names or 'none yet'}.")
    _check_offered(command, f"/{first}", channel, user)
    chain: list[Json] = []
    node = command
    for name in rest:
        node = next((one for one in node.get("options") or [] if one["name"] == name and one["type"] <= GROUP), None)
        if node is None:
            raise NotPossible(f"/{first} has no subcommand '{name}'.")
        chain.append(node)
    if any(one["type"] <= GROUP for one in node.get("options") or []):
        subcommands = ", ".join(one["name"] for one in node["options"])
        raise NotPossible(f"/{path} needs one of its subcommands: {subcommands}.")
    return command, chain


def find_entry(world: World, channel: Channel, user: User, name: str) -> Json:
    """The command called so in the menu of a message.

    Raises: NotPossible.
    """
    guild = channel.guild
    known = [one for one in world.commands_in(guild.id if guild else None) if one["type"] == MESSAGE]
    command = next((one for one in known if one["name"] == name), None)
    if command is None:
        names = ", ".join(sorted(one["name"] for one in known))
        raise NotPossible(f"There is no entry '{name}' in the menu of a message. There are: {names or 'none yet'}.")
    _check_offered(command, f"'{name}'", channel, user)
    return command


def file_options(world: World, channel: Channel, user: User, path: str) -> list[str]:
    """The options of a command that take a file.

    Raises: NotPossible.
    """
    command, chain = find_command(world, channel, user, path)
    described = (chain[-1] if chain else command).get("options") or []
    return [one["name"] for one in described if one["type"] == ATTACHMENT]


def fill_options(
    world: World, channel: Channel, described: list[Json], given: Mapping[str, Any], *, complete: bool = True
) -> tuple[list[Json], Json]:
    """The options as an interaction carries them, and `resolved` with the attachments.

    Raises: NotPossible, with what Discord's client would say.
    """
    by_name = {option["name"]: option for option in described}
    for name in given:
        if name not in by_name:
            raise NotPossible(f"There is no option '{name}'. There are: {', '.join(by_name) or 'none'}.")
    if complete:
        missing = [option["name"] for option in described if option.get("required") and option["name"] not in given]
        if missing:
            raise NotPossible(f"These options are required: {', '.join(missing)}.")
    options: list[Json] = []
    resolved: Json = {}
    for name, value in given.items():
        option = by_name[name]
        if option["type"] == ATTACHMENT:
            value = _attach(world, channel, name, value, resolved)
        options.append({"name": name, "type": option["type"], "value": _value(option, value, complete=complete)})
    return options, resolved


def _check_offered(command: Json, called: str, channel: Channel, user: User) -> None:
    needed = int(command.get("default_member_permissions") or 0)
    if needed and channel.guild is not None and not channel.guild.permissions_of(user.id) >= names_of(needed):
        raise NotPossible(f"{called} is not offered to {user.name}: it takes {', '.join(sorted(names_of(needed)))}.")


def nest(chain: list[Json], options: list[Json]) -> list[Json]:
    """The options wrapped in their subcommands."""
    for node in reversed(chain):
        options = [{"name": node["name"], "type": node["type"], "options": options}]
    return options


def _value(option: Json, value: Any, *, complete: bool) -> Any:
    """What is sent; a command that is still being typed is sent with what does not fit yet as it stands."""
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
        raise NotPossible(f"{name} takes one of: {', '.join(str(choice['name']) for choice in choices)}.")
    if kind in (INTEGER, NUMBER):
        low, high = option.get("min_value"), option.get("max_value")
        if (low is not None and value < low) or (high is not None and value > high):
            raise NotPossible(f"{name} goes from {low} to {high}.")
    if kind == STRING:
        low, high = option.get("min_length") or 0, option.get("max_length") or 6000
        if not low <= len(value) <= high:
            raise NotPossible(f"{name} has {low} to {high} characters, and this has {len(value)}.")
    return value


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
    if not abs(number) <= MAX_NUMBER:  # nan neither
        raise NotPossible(f"{name} must be a number that Discord can send.")
    return number


def _attach(world: World, channel: Channel, name: str, value: Any, resolved: Json) -> str:
    if not isinstance(value, tuple):  # typed, in a line of text
        raise NotPossible(
            f"{name} takes a file, not words: choose the command from the list and give it the file there."
        )
    filename, data = value
    attachment_id = world.store_file(filename, data)
    resolved.setdefault("attachments", {})[str(attachment_id)] = attachment(world, channel, attachment_id, None)
    return str(attachment_id)


def parse_typed(described: list[Json], text: str) -> dict[str, str]:
    """`prompt:a red fish cfg:6` → options; a value runs until the next option's name and colon.

    Raises: NotPossible, for words before the first option.
    """
    names = sorted((re.escape(option["name"]) for option in described), key=len, reverse=True)
    if not names:
        if text.strip():
            raise NotPossible(f"This command takes no options, and '{text.strip()[:40]}' stands there.")
        return {}
    marks = list(re.finditer(rf"(?:^|(?<=\s))({'|'.join(names)}):", text))
    before = text[: marks[0].start()] if marks else text
    if before.strip():
        raise NotPossible(
            f"'{before.strip()[:40]}' belongs to no option. There are: {', '.join(one['name'] for one in described)}."
        )
    ends = [*(mark.start() for mark in marks[1:]), len(text)][: len(marks)]
    return {mark[1]: text[mark.end() : end].strip() for mark, end in zip(marks, ends, strict=True)}


def split_typed(world: World, channel: Channel, user: User, line: str) -> tuple[str, dict[str, str]]:
    """`/preset save name:x` → "preset save" and its options.

    Raises: NotPossible.
    """
    words = line.strip().removeprefix("/").split(" ")
    path = words[0]
    guild = channel.guild
    known = world.commands_in(guild.id if guild else None)
    node = next((one for one in known if one["name"] == path and one["type"] == 1), None)
    used = 1
    while node is not None and used < len(words):
        inner = next(
            (one for one in node.get("options") or [] if one["name"] == words[used] and one["type"] <= GROUP), None
        )
        if inner is None:
            break
        path, node, used = f"{path} {words[used]}", inner, used + 1
    command, chain = find_command(world, channel, user, path)
    described = (chain[-1] if chain else command).get("options") or []
    return path, parse_typed(described, " ".join(words[used:]))
