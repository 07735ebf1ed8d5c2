"""Find the command a person names or types, if they can use it where they are."""

from __future__ import annotations

from playground.errors import NotPossible
from playground.people.options import parse_typed
from playground.people.resolving import ATTACHMENT
from playground.rules.availability import available_commands, owners_of, refusal
from playground.rules.commands import CHAT_INPUT, GROUP, MESSAGE
from playground.world import Channel, Json, User, World


def find_command(world: World, channel: Channel, user: User, path: str) -> tuple[Json, list[Json]]:
    """The command for a path such as "preset save", and the chain of its subcommands.

    Raises: NotPossible.
    """
    first, *rest = path.removeprefix("/").split() or [""]
    command = _named(world, channel, user, first, CHAT_INPUT)
    if command is None:
        raise NotPossible(f"There is no command /{first}. Available: {_names(world, channel, user, CHAT_INPUT)}.")
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
    command = _named(world, channel, user, name, MESSAGE)
    if command is None:
        names = _names(world, channel, user, MESSAGE)
        raise NotPossible(f"A message's Apps menu has no '{name}'. Available: {names}.")
    _check_allowed(command, f"'{name}'", channel, user)
    return command


def file_options(world: World, channel: Channel, user: User, path: str) -> list[str]:
    """The names of a command's options that take a file.

    Raises: NotPossible.
    """
    command, chain = find_command(world, channel, user, path)
    described = (chain[-1] if chain else command).get("options") or []
    return [option["name"] for option in described if option["type"] == ATTACHMENT]


def split_typed(world: World, channel: Channel, user: User, line: str) -> tuple[str, dict[str, str]]:
    """Split `/preset save name:x` into "preset save" and its options.

    Raises: NotPossible.
    """
    words = line.strip().removeprefix("/").split(" ")
    path, used = words[0], 1
    node = _named(world, channel, user, path, CHAT_INPUT)
    while node is not None and used < len(words):
        inner = _subcommand(node, words[used])
        if inner is None:
            break
        path, node, used = f"{path} {words[used]}", inner, used + 1
    command, chain = find_command(world, channel, user, path)
    described = (chain[-1] if chain else command).get("options") or []
    return path, parse_typed(described, " ".join(words[used:]))


def _named(world: World, channel: Channel, user: User, name: str, kind: int) -> Json | None:
    """A command that is installed here, whether or not the user may use it."""
    for command in world.commands_in(channel.guild.id if channel.guild else None):
        is_match = command["name"] == name and command["type"] == kind
        if is_match and owners_of(world, command, channel, user):
            return command
    return None


def _names(world: World, channel: Channel, user: User, kind: int) -> str:
    slash = "/" if kind == CHAT_INPUT else ""
    commands = available_commands(world, channel, user)
    return ", ".join(sorted(f"{slash}{command['name']}" for command in commands if command["type"] == kind)) or "none"


def _subcommand(node: Json, name: str) -> Json | None:
    options = node.get("options") or []
    return next((option for option in options if option["name"] == name and option["type"] <= GROUP), None)


def _check_allowed(command: Json, called: str, channel: Channel, user: User) -> None:
    reason = refusal(command, channel, user)
    if reason is not None:
        raise NotPossible(f"{called} {reason}.")
