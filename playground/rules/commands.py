"""Limits on commands and autocomplete choices. Violations raise 50035 or a related code, with the path of the error."""

from __future__ import annotations

import re

from playground.errors import ApiError, invalid
from playground.world import Json

_NAME = re.compile(r"[-_'\w]{1,32}")


def check_choices(choices: list[Json]) -> None:
    """The choices in an autocomplete response."""
    if len(choices) > 25:
        raise invalid("data.choices", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    for number, choice in enumerate(choices):
        if not 1 <= len(choice["name"]) <= 100:
            raise invalid(f"data.choices.{number}.name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
        if isinstance(choice["value"], str) and len(choice["value"]) > 100:
            raise invalid(f"data.choices.{number}.value", "BASE_TYPE_BAD_LENGTH", "Must be 100 or fewer in length.")


def check_commands(commands: list[Json]) -> None:
    """A full set of commands, as an application syncs them."""
    names = [(command["name"], command.get("type", 1)) for command in commands]
    if len(set(names)) < len(names):
        raise invalid("name", "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
    if sum(kind == 1 for _, kind in names) > 100:
        raise ApiError(400, 30032, "Maximum number of application commands reached (100).")
    for command in commands:
        if command.get("type", 1) == 1:
            _check_named(command, command["name"])
        if _command_length(command) > 8000:
            raise invalid("name", "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)")


def _check_named(item: Json, path: str) -> None:
    name = item["name"]
    if not _NAME.fullmatch(name) or name != name.lower():
        raise invalid(f"{path}.name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    if not 1 <= len(item.get("description") or "") <= 100:
        raise invalid(f"{path}.description", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    options = item.get("options") or []
    if len(options) > 25 or len(item.get("choices") or []) > 25:
        raise invalid(f"{path}.options", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    if item.get("choices") and item.get("autocomplete"):
        raise invalid(f"{path}.autocomplete", "APPLICATION_COMMAND_OPTIONS_CHOICES", "not with choices")
    required = [bool(option.get("required")) for option in options]
    if required != sorted(required, reverse=True):
        raise invalid(f"{path}.options", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", "Required options come first")
    for option in options:
        _check_named(option, f"{path}.{option['name']}")


def _command_length(item: Json) -> int:
    own = len(item["name"]) + len(item.get("description") or "")
    choices = sum(len(choice["name"]) + len(str(choice["value"])) for choice in item.get("choices") or [])
    return own + choices + sum(_command_length(option) for option in item.get("options") or [])
