"""Limits on choices: those of an option and those that autocomplete offers. Violations raise 50035."""

from __future__ import annotations

from playground.errors import invalid
from playground.rules.bounds import at_most, between, unique
from playground.world import Json

MAX_CHOICES, MAX_LENGTH = 25, 100
#: the largest integer that is exact in JavaScript, the language of Discord's client
MAX_NUMBER = 2**53 - 1
STRING, INTEGER, NUMBER = 3, 4, 10
_TYPES: dict[int, tuple[type, ...]] = {STRING: (str,), INTEGER: (int,), NUMBER: (int, float)}


def check_choices(choices: list[Json], option_type: int | None = None) -> None:
    """The choices in an autocomplete response to an option of this type, if it is known."""
    check_choice_list(choices, "data.choices", option_type)


def check_choice_list(choices: list[Json], path: str, option_type: int | None) -> None:
    at_most(path, choices, MAX_CHOICES)
    for number, choice in enumerate(choices):
        between(f"{path}.{number}.name", choice["name"].strip(), 1, MAX_LENGTH)
        _check_value(choice["value"], f"{path}.{number}.value", option_type)
    for key in ("name", "value"):
        values = [choice[key] for choice in choices]
        unique(
            path,
            values,
            f"APPLICATION_COMMAND_OPTIONS_CHOICES_{key.upper()}_DUPLICATED",
            f"Choice {key}s must be unique",
        )


def _check_value(value: object, path: str, option_type: int | None) -> None:
    if option_type is not None and (isinstance(value, bool) or not isinstance(value, _TYPES[option_type])):
        raise invalid(path, "APPLICATION_COMMAND_CHOICE_TYPE_INVALID", "The value doesn't have the option's type")
    if isinstance(value, str):
        between(path, value, 1, MAX_LENGTH)
    elif isinstance(value, int | float) and abs(value) > MAX_NUMBER:
        raise invalid(path, "NUMBER_TYPE_MAX", f"The value may not exceed {MAX_NUMBER}")
