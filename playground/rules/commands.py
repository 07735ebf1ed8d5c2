"""Limits on commands. Violations raise 50035 or a related code, with the path of the error."""

from __future__ import annotations

import re

from playground.errors import ApiError, invalid
from playground.rules.bounds import between, filled, one_of, unique, within
from playground.rules.choices import check_choice_list
from playground.world import Json

CHAT_INPUT, USER, MESSAGE = 1, 2, 3
SUBCOMMAND, GROUP, STRING, INTEGER, NUMBER = 1, 2, 3, 4, 10
MAX_NUMBERS = {CHAT_INPUT: 100, USER: 15, MESSAGE: 15}
MAX_OPTIONS, MAX_LENGTH, MAX_TEXT = 25, 8000, 6000

_NAME = re.compile(r"[-_'\w]{1,32}")
#: type → types that may be inside
_NESTING = {0: {SUBCOMMAND, GROUP}, GROUP: {SUBCOMMAND}}
_CONTEXTS, _INTEGRATION_TYPES = (0, 1, 2), (0, 1)


def check_commands(commands: list[Json]) -> None:
    """A full set of commands, as an application syncs them."""
    kinds = [command.get("type") or CHAT_INPUT for command in commands]
    names = [(command["name"], kind) for command, kind in zip(commands, kinds, strict=True)]
    unique("name", names, "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
    for kind, limit in MAX_NUMBERS.items():
        if kinds.count(kind) > limit:
            raise ApiError(400, 30032, f"Maximum number of application commands reached ({limit}).")
    for number, (command, kind) in enumerate(zip(commands, kinds, strict=True)):
        path = str(number)
        one_of(f"{path}.type", kind, MAX_NUMBERS)
        _check_places(command, path)
        if kind == CHAT_INPUT:
            _check_item(command, path)
            _check_options(command, path, parent=0)
        else:
            _check_menu_entry(command, path)
        if _length(command) > MAX_LENGTH:
            raise invalid(path, "APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size ({MAX_LENGTH})")


def _check_places(command: Json, path: str) -> None:
    """Where a command can be used and how it is installed."""
    for key, allowed in (("contexts", _CONTEXTS), ("integration_types", _INTEGRATION_TYPES)):
        values = command.get(key)
        if values is None:
            continue
        between(f"{path}.{key}", values, 1, len(allowed))
        for value in values:
            one_of(f"{path}.{key}", value, allowed)
        unique(f"{path}.{key}", values, "SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains this value")


def _check_menu_entry(command: Json, path: str) -> None:
    filled(f"{path}.name", command["name"], 32)
    if command.get("description") or command.get("options"):
        message = "Context menu commands have neither a description nor options"
        raise invalid(f"{path}.description", "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_NOT_ALLOWED", message)


def _check_item(item: Json, path: str) -> None:
    name = item["name"]
    if not _NAME.fullmatch(name) or name != name.lower():
        raise invalid(f"{path}.name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    between(f"{path}.description", (item.get("description") or "").strip(), 1, 100)


def _check_options(item: Json, path: str, *, parent: int) -> None:
    options = item.get("options") or []
    between(f"{path}.options", options, 0, MAX_OPTIONS)
    names = [option["name"] for option in options]
    unique(f"{path}.options", names, "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", "Option names must be unique")
    nested = [option["type"] in (SUBCOMMAND, GROUP) for option in options]
    if any(nested) and (not all(nested) or any(option["type"] not in _NESTING.get(parent, ()) for option in options)):
        message = "Sub-command and sub-command group option types are mutually exclusive to all other types"
        raise invalid(f"{path}.options", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message)
    needed = [bool(option.get("required")) for option in options]
    if needed != sorted(needed, reverse=True):
        message = "Required options must be placed before non-required options"
        raise invalid(f"{path}.options", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message)
    for number, option in enumerate(options):
        where = f"{path}.options.{number}"
        _check_item(option, where)
        if option["type"] in (SUBCOMMAND, GROUP):
            _check_options(option, where, parent=option["type"])
        else:
            _check_values(option, where)


def _check_values(option: Json, path: str) -> None:
    choices = option.get("choices") or []
    if choices or option.get("autocomplete"):
        one_of(f"{path}.type", option["type"], (STRING, INTEGER, NUMBER))
    if choices and option.get("autocomplete"):
        message = "An option has either choices or autocomplete"
        raise invalid(f"{path}.autocomplete", "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE", message)
    check_choice_list(choices, f"{path}.choices", option["type"])
    for kinds, low_key, high_key in (
        ((INTEGER, NUMBER), "min_value", "max_value"),
        ((STRING,), "min_length", "max_length"),
    ):
        low, high = option.get(low_key), option.get(high_key)
        if low is not None or high is not None:
            one_of(f"{path}.type", option["type"], kinds)
        if low is not None and high is not None and low > high:
            raise invalid(f"{path}.{low_key}", "NUMBER_TYPE_MAX", f"{low_key} may not exceed {high_key}")
    within(f"{path}.min_length", option.get("min_length") or 0, 0, MAX_TEXT)
    if option.get("max_length") is not None:
        within(f"{path}.max_length", option["max_length"], 1, MAX_TEXT)


def _length(item: Json) -> int:
    own = len(item["name"]) + len(item.get("description") or "")
    choices = sum(len(choice["name"]) + len(str(choice["value"])) for choice in item.get("choices") or [])
    return own + choices + sum(_length(option) for option in item.get("options") or [])
