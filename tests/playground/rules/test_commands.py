"""Limits on commands and choices: the largest accepted value of each, and the first one refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from playground.rules.choices import MAX_NUMBER, check_choices
from playground.rules.commands import check_commands
from tests.playground.rules.bodies import COMMAND, OPTION, code_of

STRING, INTEGER, NUMBER = 3, 4, 10


def subcommand(name: str, *options: Any) -> dict[str, Any]:
    return {"name": name, "description": "d", "type": 1, "options": list(options)}


def group(name: str, *options: Any) -> dict[str, Any]:
    return {"name": name, "description": "d", "type": 2, "options": list(options)}


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Draw"},
        {"name": "dr aw"},
        {"name": "d" * 33},
        {"name": ""},
        {"description": ""},
        {"description": " "},
        {"description": "d" * 101},
        {"options": [{**OPTION, "name": f"o{n}"} for n in range(26)]},
        {"options": [OPTION, {**OPTION, "description": "again"}]},
        {"options": [{**OPTION, "choices": [{"name": str(n), "value": str(n)} for n in range(26)]}]},
        {"options": [{**OPTION, "choices": [{"name": "a", "value": "a"}], "autocomplete": True}]},
        {"options": [{**OPTION, "choices": [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]}]},
        {"options": [{**OPTION, "choices": [{"name": "a", "value": "1"}, {"name": "b", "value": "1"}]}]},
        {"options": [{**OPTION, "choices": [{"name": "a", "value": 1}]}]},
        {"options": [{**OPTION, "type": INTEGER, "choices": [{"name": "a", "value": 1.5}]}]},
        {"options": [{**OPTION, "type": 6, "choices": [{"name": "a", "value": "1"}]}]},
        {"options": [{**OPTION, "type": 11, "autocomplete": True}]},
        {"options": [{**OPTION, "type": INTEGER, "min_value": 2, "max_value": 1}]},
        {"options": [{**OPTION, "min_value": 1}]},
        {"options": [{**OPTION, "min_length": 3, "max_length": 2}]},
        {"options": [{**OPTION, "max_length": 0}]},
        {"options": [{**OPTION, "max_length": 6001}]},
        {"options": [OPTION, {**OPTION, "name": "then", "required": True}]},
        {"options": [{**OPTION, "name": "What"}]},
        {"options": [{**OPTION, "description": ""}]},
        {"options": [subcommand("sub", {**OPTION, "name": "BAD"})]},
        {"options": [subcommand("sub"), OPTION]},
        {"options": [subcommand("sub", subcommand("inner"))]},
        {"options": [subcommand("sub", group("inner"))]},
        {"options": [group("outer", group("inner"))]},
        {"options": [group("outer", subcommand("same"), subcommand("same"))]},
        {"contexts": []},
        {"contexts": [3]},
        {"contexts": [0, 0]},
        {"integration_types": [2]},
        {"integration_types": []},
        {"type": 9},
        {
            "options": [
                {**OPTION, "name": f"o{n}", "choices": [{"name": f"{k:0100}", "value": f"{k:0100}"} for k in range(25)]}
                for n in range(2)
            ]
        },
    ],
    ids=lambda change: str(change)[:60],
)
def test_a_wrong_command_is_refused(change: dict[str, Any]) -> None:
    assert code_of(check_commands, [COMMAND, {**COMMAND, "name": "other", **change}]) == 50035


@pytest.mark.parametrize(
    "change",
    [
        {"name": "größe-_'1"},
        {
            "name": "d" * 32,
            "description": "d" * 100,
            "options": [{**OPTION, "name": f"o{n}", "description": "d" * 100, "required": n < 3} for n in range(25)],
        },
        {"options": [group("outer", subcommand("sub", OPTION)), subcommand("outside", OPTION)]},
        {"options": [{**OPTION, "type": INTEGER, "min_value": 1, "max_value": 1}]},
        {"options": [{**OPTION, "type": NUMBER, "choices": [{"name": "a", "value": 1}, {"name": "b", "value": 1.5}]}]},
        {"options": [{**OPTION, "min_length": 6000, "max_length": 6000}]},
        {"contexts": [0, 1, 2], "integration_types": [0, 1]},
    ],
    ids=lambda change: str(change)[:60],
)
def test_a_command_at_the_limit_is_accepted(change: dict[str, Any]) -> None:
    assert code_of(check_commands, [{**COMMAND, **change}]) is None


def test_apps_have_a_name_and_nothing_else() -> None:
    entry = {"name": "Reroll This", "type": 3}
    assert code_of(check_commands, [COMMAND, entry, {**entry, "type": 2}]) is None
    for change in ({"name": " "}, {"name": "n" * 33}, {"description": "d"}, {"options": [OPTION]}):
        assert code_of(check_commands, [{**entry, **change}]) == 50035


def test_command_names_are_unique_and_their_number_is_limited() -> None:
    assert code_of(check_commands, [COMMAND, copy.deepcopy(COMMAND)]) == 50035
    for kind, limit in ((1, 100), (2, 15), (3, 15)):
        described = {"description": "d"} if kind == 1 else {}
        many = [{**described, "name": f"c{number}", "type": kind} for number in range(limit + 1)]
        assert code_of(check_commands, many[:limit]) is None
        assert code_of(check_commands, many) == 30032


def test_choices_are_limited() -> None:
    choice = {"name": "n" * 100, "value": "v" * 100}
    many = [{"name": f"n{number}", "value": f"v{number}"} for number in range(26)]
    assert code_of(check_choices, [choice]) is None
    assert code_of(check_choices, many[:25]) is None
    assert code_of(check_choices, [{"name": "n", "value": MAX_NUMBER}]) is None
    assert code_of(check_choices, many) == 50035
    for change in (
        {"name": "n" * 101},
        {"name": ""},
        {"name": " "},
        {"value": "v" * 101},
        {"value": ""},
        {"value": 2**53},
    ):
        assert code_of(check_choices, [{**choice, **change}]) == 50035, change


def test_choices_are_unique_by_name_and_value() -> None:
    for other in ({"name": "a", "value": "2"}, {"name": "b", "value": "1"}):
        assert code_of(check_choices, [{"name": "a", "value": "1"}, other]) == 50035


def test_choices_have_the_type_of_their_option() -> None:
    for option_type, good, bad in (
        (STRING, "a", 1),
        (INTEGER, 1, 1.5),
        (INTEGER, 1, "1"),
        (NUMBER, 1.5, "1"),
        (INTEGER, 1, True),
    ):
        assert code_of(check_choices, [{"name": "n", "value": good}], option_type) is None
        assert code_of(check_choices, [{"name": "n", "value": bad}], option_type) == 50035
