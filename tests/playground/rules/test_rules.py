"""Discord's limits: the largest accepted value of each, and the first one refused with 50035 or a related code.

The specification does not cover these, so validating against it cannot find them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from playground.errors import ApiError
from playground.rules.commands import check_choices, check_commands
from playground.rules.components import check_modal
from playground.rules.messages import check_files, check_message

V2 = 1 << 15
COMMAND: dict[str, Any] = {"name": "draw", "description": "Draw something", "type": 1}
OPTION: dict[str, Any] = {"name": "what", "description": "What to draw", "type": 3}


def code_of(check: Callable[..., None], *arguments: Any, **more: Any) -> int | None:
    """The error code, or None if the arguments are accepted."""
    try:
        check(*arguments, **more)
    except ApiError as error:
        return error.body["code"] if error.body["message"] else -1
    return None


def row(*components: Any) -> dict[str, Any]:
    return {"type": 1, "components": list(components)}


def button(number: int = 0, **more: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": "Press", "custom_id": f"b{number}", **more}


def menu(options: int = 1, **more: Any) -> dict[str, Any]:
    choices = [{"label": f"l{number}", "value": f"v{number}"} for number in range(options)]
    return {"type": 3, "custom_id": "m", "options": choices, **more}


def text_input(**more: Any) -> dict[str, Any]:
    return {"type": 18, "label": "Words", "component": {"type": 4, "custom_id": "t", "style": 1, **more}}


def words(length: int) -> dict[str, Any]:
    return {"type": 10, "content": "x" * length}


def gallery(items: int) -> dict[str, Any]:
    return {"type": 12, "items": [{"media": {"url": "https://example.org/x.png"}} for _ in range(items)]}


def message(**body: Any) -> int | None:
    return code_of(check_message, {"content": "hello", **body}, has_files=False, creates=True)


@pytest.mark.parametrize(
    "body",
    [
        {"content": "x" * 2000},
        {"nonce": "n" * 25},
        {"embeds": [{"title": "x" * 256}]},
        {"embeds": [{"description": "x" * 4096}]},
        {"embeds": [{"footer": {"text": "x" * 2048}}]},
        {"embeds": [{"author": {"name": "x" * 256}}]},
        {"embeds": [{"fields": [{"name": "n" * 256, "value": "v" * 1024}]}]},
        {"embeds": [{"fields": [{"name": "n", "value": "v"}] * 25}]},
        {"embeds": [{"title": "t"}] * 10},
        {"embeds": [{"description": "x" * 3000}] * 2},
        {"components": [row(*(button(number) for number in range(5)))]},
        {"components": [row(*(button(5 * line + number) for number in range(5))) for line in range(5)]},
        {"components": [row(button(label="x" * 80))]},
        {"components": [row(button(label=None, emoji={"name": "🔁"}))]},
        {"components": [row(button(custom_id="x" * 100))]},
        {"components": [row({"type": 2, "style": 5, "label": "Go", "url": "https://example.org"})]},
        {"components": [row(menu(25, max_values=25, placeholder="x" * 150))]},
        {"attachments": [{"id": 0, "description": "x" * 1024}]},
        {"content": "", "embeds": [], "flags": V2, "components": [words(4000), gallery(10), row(button())]},
        {"content": None, "flags": V2, "components": [words(1)] * 40},
    ],
    ids=lambda body: str(body)[:50],
)
def test_a_message_at_the_limit_is_accepted(body: dict[str, Any]) -> None:
    assert message(**body) is None


@pytest.mark.parametrize(
    "body",
    [
        {"content": "x" * 2001},
        {"nonce": "n" * 26},
        {"embeds": [{"title": "x" * 257}]},
        {"embeds": [{"description": "x" * 4097}]},
        {"embeds": [{"footer": {"text": "x" * 2049}}]},
        {"embeds": [{"author": {"name": "x" * 257}}]},
        {"embeds": [{"fields": [{"name": "n" * 257, "value": "v"}]}]},
        {"embeds": [{"fields": [{"name": "n", "value": "v" * 1025}]}]},
        {"embeds": [{"fields": [{"name": "", "value": "v"}]}]},
        {"embeds": [{"fields": [{"name": "n", "value": "v"}] * 26}]},
        {"embeds": [{"title": "t"}] * 11},
        {"embeds": [{"description": "x" * 3000}, {"description": "x" * 3000, "title": "t"}]},
        {"components": [row(*(button(number) for number in range(6)))]},
        {"components": [row(button(line)) for line in range(6)]},
        {"components": [row()]},
        {"components": [button()]},
        {"components": [row(button(label="x" * 81))]},
        {"components": [row(button(custom_id="x" * 101))]},
        {"components": [row(button(custom_id=""))]},
        {"components": [row(button(custom_id=None))]},
        {"components": [row(button(label=None))]},
        {"components": [row(button(), button())]},
        {"components": [row(button(1)), row(menu(custom_id="b1"))]},
        {"components": [row(button(url="https://example.org"))]},
        {"components": [row({"type": 2, "style": 5, "label": "Go"})]},
        {"components": [row(menu(26))]},
        {"components": [row(menu(0))]},
        {"components": [row(menu(2, max_values=3))]},
        {"components": [row(menu(placeholder="x" * 151))]},
        {"components": [row({**menu(), "options": [{"label": "x" * 101, "value": "v"}]})]},
        {"components": [words(5)]},
        {"attachments": [{"id": 0, "description": "x" * 1025}]},
        {"flags": V2, "components": [words(5)]},
        {"content": None, "flags": V2, "embeds": [{"title": "t"}], "components": [words(5)]},
        {"content": None, "flags": V2, "components": [words(1)] * 41},
        {"content": None, "flags": V2, "components": [words(4001)]},
        {"content": None, "flags": V2, "components": [gallery(11)]},
        {"content": None, "flags": V2, "components": [gallery(0)]},
    ],
    ids=lambda body: str(body)[:50],
)
def test_a_message_over_the_limit_is_refused(body: dict[str, Any]) -> None:
    assert message(**body) == 50035


def test_an_empty_message_is_refused_unless_it_has_a_file_or_is_an_edit() -> None:
    assert message(content="") == 50006
    assert code_of(check_message, {}, has_files=True, creates=True) is None
    assert code_of(check_message, {}, has_files=False, creates=False) is None


def test_a_components_v2_message_stays_one() -> None:
    body = {"content": "words"}
    assert code_of(check_message, body, has_files=False, creates=False, was_v2=True) == 50035


def test_files_are_limited_in_number_size_and_total() -> None:
    limit = 10 * 1024 * 1024
    assert code_of(check_files, [("a", b"x" * limit), ("b", b"x" * limit)], limit) is None
    assert code_of(check_files, [("a", b"x" * (limit + 1))], limit) == 40005
    assert code_of(check_files, [(str(number), b"x" * (9 * 1024 * 1024)) for number in range(3)], limit) == 40005
    assert code_of(check_files, [(str(number), b"") for number in range(10)], limit) is None
    assert code_of(check_files, [(str(number), b"") for number in range(11)], limit) == 50035


def test_choices_are_limited() -> None:
    choice = {"name": "n" * 100, "value": "v" * 100}
    assert code_of(check_choices, [choice] * 25) is None
    assert code_of(check_choices, [{"name": "n", "value": 7}]) is None
    assert code_of(check_choices, [choice] * 26) == 50035
    assert code_of(check_choices, [{**choice, "name": "n" * 101}]) == 50035
    assert code_of(check_choices, [{**choice, "name": ""}]) == 50035
    assert code_of(check_choices, [{**choice, "value": "v" * 101}]) == 50035


def test_forms_are_limited() -> None:
    good = {"title": "t" * 45, "custom_id": "c" * 100, "components": [text_input(custom_id=str(n)) for n in range(5)]}
    assert code_of(check_modal, good) is None
    wrong = (
        {"title": "t" * 46},
        {"custom_id": "c" * 101},
        {"components": []},
        {"components": [text_input()] * 6},
        {"components": [{**text_input(), "label": "l" * 46}]},
        {"components": [row(button())]},
        {"components": [{"type": 18, "label": "Pick", "component": menu(2, max_values=3)}]},
    )
    for change in wrong:
        assert code_of(check_modal, {**good, **change}) == 50035, change


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Draw"},
        {"name": "dr aw"},
        {"name": "d" * 33},
        {"name": ""},
        {"description": ""},
        {"description": "d" * 101},
        {"options": [{**OPTION, "name": f"o{n}"} for n in range(26)]},
        {"options": [{**OPTION, "choices": [{"name": str(n), "value": str(n)} for n in range(26)]}]},
        {"options": [{**OPTION, "choices": [{"name": "a", "value": "a"}], "autocomplete": True}]},
        {"options": [OPTION, {**OPTION, "name": "then", "required": True}]},
        {"options": [{**OPTION, "name": "What"}]},
        {"options": [{**OPTION, "description": ""}]},
        {"options": [{"name": "sub", "description": "d", "type": 1, "options": [{**OPTION, "name": "BAD"}]}]},
        {
            "options": [
                {**OPTION, "name": f"o{n}", "choices": [{"name": "n" * 100, "value": "v" * 100}] * 25} for n in range(2)
            ]
        },
    ],
    ids=lambda change: str(change)[:60],
)
def test_a_command_over_the_limit_is_refused(change: dict[str, Any]) -> None:
    assert code_of(check_commands, [COMMAND, {**COMMAND, "name": "other", **change}]) == 50035


def test_a_command_at_the_limit_is_accepted() -> None:
    options = [{**OPTION, "name": f"o{n}", "description": "d" * 100, "required": n < 3} for n in range(25)]
    assert (
        code_of(check_commands, [{**COMMAND, "name": "d" * 32, "description": "d" * 100, "options": options}]) is None
    )
    assert code_of(check_commands, [{**COMMAND, "name": "größe-_'1"}]) is None
    menu_entry = {"name": "Reroll This", "type": 3}
    assert code_of(check_commands, [COMMAND, menu_entry, {**menu_entry, "type": 2}]) is None


def test_command_names_are_unique_and_at_most_100() -> None:
    assert code_of(check_commands, [COMMAND, copy.deepcopy(COMMAND)]) == 50035
    many = [{**COMMAND, "name": f"c{number}"} for number in range(101)]
    assert code_of(check_commands, many[:100]) is None
    assert code_of(check_commands, many) == 30032
