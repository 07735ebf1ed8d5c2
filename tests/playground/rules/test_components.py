"""Limits on components: where each may appear, how many, and what buttons, drop-downs and text inputs accept."""

from __future__ import annotations

from typing import Any

import pytest

from playground.rules.components import check_modal
from tests.playground.rules.bodies import (
    V2,
    button,
    code_of,
    container,
    gallery,
    label,
    link,
    menu,
    message,
    row,
    section,
    text_input,
    words,
)

OPTION = {"label": "l", "value": "v"}


def layout(*components: Any) -> int | None:
    return message(content=None, flags=V2, components=list(components))


@pytest.mark.parametrize(
    "rows",
    [
        [row(*(button(number) for number in range(5)))],
        [row(*(button(5 * line + number) for number in range(5))) for line in range(5)],
        [row(button(label="x" * 80))],
        [row(button(label=None, emoji={"name": "🔁"}))],
        [row(button(custom_id="x" * 100))],
        [row(link()), row(link(url="discord://-/channels/1"))],
        [row(menu(25, max_values=25, placeholder="x" * 150))],
        [row(menu(3, min_values=0, max_values=3))],
        [row(menu(options=2, min_values=2, max_values=2))],
        [row({**menu(), "options": [{**OPTION, "emoji": {"name": "🐟", "id": None}}]})],
        [row({"type": kind, "custom_id": "m"}) for kind in (5,)],
    ],
    ids=lambda rows: str(rows)[:60],
)
def test_rows_at_the_limit_are_accepted(rows: list[Any]) -> None:
    assert message(components=rows) is None


@pytest.mark.parametrize(
    "rows",
    [
        [row(*(button(number) for number in range(6)))],
        [row(button(line)) for line in range(6)],
        [row()],
        [button()],
        [words(5)],
        [label(text_input())],
        [row(text_input())],
        [row(row(button()))],
        [row(menu(), button())],
        [row(button(), menu())],
        [row(menu(), menu(custom_id="other"))],
        [row({"type": 99})],
    ],
    ids=lambda rows: str(rows)[:60],
)
def test_misplaced_components_are_refused(rows: list[Any]) -> None:
    assert message(components=rows) == 50035


@pytest.mark.parametrize(
    "control",
    [
        button(label="x" * 81),
        button(label=" "),
        button(label=None),
        button(custom_id="x" * 101),
        button(custom_id=""),
        button(custom_id=None),
        button(url="https://example.org"),
        button(style=9),
        button(style=None),
        button(emoji={"name": "▲"}),
        button(emoji={"name": "a"}),
        button(emoji={"name": "fish", "id": "1"}),
        link(url=None),
        link(custom_id="c"),
        link(url="javascript:alert(1)"),
        menu(26),
        menu(0),
        menu(2, max_values=3),
        menu(3, min_values=3, max_values=2),
        menu(3, min_values=-1),
        menu(3, max_values=0),
        menu(custom_id=None),
        menu(placeholder="x" * 151),
        {**menu(), "options": [{"label": "x" * 101, "value": "v"}]},
        {**menu(), "options": [{"label": "l", "value": "x" * 101}]},
        {**menu(), "options": [{"label": "l", "value": ""}]},
        {**menu(), "options": [{"label": " ", "value": "v"}]},
        {**menu(), "options": [{**OPTION, "description": "x" * 101}]},
        {**menu(), "options": [{**OPTION, "emoji": {"name": ":fish:"}}]},
        {**menu(), "options": [OPTION, {"label": "other", "value": "v"}]},
        {**menu(), "options": [{**OPTION, "default": True}, {"label": "o", "value": "o", "default": True}]},
    ],
    ids=str,
)
def test_a_wrong_button_or_drop_down_is_refused(control: Any) -> None:
    assert message(components=[row(control)]) == 50035


def test_custom_ids_are_unique_in_a_message() -> None:
    assert message(components=[row(button(), button())]) == 50035
    assert message(components=[row(button(1)), row(menu(custom_id="b1"))]) == 50035
    assert layout(row(button(1)), container(row(button(1)))) == 50035


def test_layouts_at_the_limit_are_accepted() -> None:
    assert layout(words(4000), gallery(10), row(button())) is None
    assert layout(*[words(1)] * 40) is None
    assert layout(container(section(words(1), words(1), words(1)), {"type": 14}, gallery(1))) is None
    assert layout(section(words(1), accessory={"type": 11, "media": {"url": "https://example.org/x.png"}})) is None
    assert layout({"type": 13, "file": {"url": "attachment://x.txt"}}) is None


@pytest.mark.parametrize(
    "components",
    [
        [words(1)] * 41,
        [words(4001)],
        [words(2000), words(2001)],
        [words(0)],
        [gallery(11)],
        [gallery(0)],
        [{"type": 12, "items": [{"media": {}}]}],
        [section()],
        [section(*[words(1)] * 4)],
        [section(words(1), accessory=None)],
        [section(words(1), accessory=menu())],
        [section(button())],
        [container()],
        [container(container(words(1)))],
        [container(button())],
        [{"type": 11, "media": {"url": "https://example.org/x.png"}}],
        [{"type": 13, "file": {"url": "https://example.org/x.txt"}}],
        [button()],
        [label(text_input())],
    ],
    ids=lambda components: str(components)[:60],
)
def test_wrong_layouts_are_refused(components: list[Any]) -> None:
    assert layout(*components) == 50035


def test_layouts_need_their_flag_and_no_content_or_embeds() -> None:
    assert message(components=[words(5)]) == 50035
    assert message(flags=V2, components=[words(5)]) == 50035
    assert message(content=None, flags=V2, embeds=[{"title": "t"}], components=[words(5)]) == 50035


def form(*components: Any, **change: Any) -> int | None:
    return code_of(check_modal, {"title": "t", "custom_id": "c", "components": list(components), **change})


def test_forms_at_the_limit_are_accepted() -> None:
    inputs = [label(text_input(custom_id=str(number)), label="l" * 45, description="d" * 100) for number in range(5)]
    assert form(*inputs, title="t" * 45, custom_id="c" * 100) is None
    assert form(label(text_input(min_length=4000, max_length=4000, value="x" * 4000, placeholder="p" * 100))) is None
    assert form(words(5), label(menu(25)), label({"type": 8, "custom_id": "c"})) is None
    assert form(row(text_input(label="Words"))) is None


@pytest.mark.parametrize(
    "change",
    [
        {"title": "t" * 46},
        {"title": " "},
        {"custom_id": "c" * 101},
        {"custom_id": None},
        {"components": []},
        {"components": [label(text_input(custom_id=str(number))) for number in range(6)]},
        {"components": [label(text_input()), label(text_input())]},
        {"components": [label(text_input(), label="l" * 46)]},
        {"components": [label(text_input(), label=" ")]},
        {"components": [label(text_input(), description="d" * 101)]},
        {"components": [label(button())]},
        {"components": [{"type": 18, "label": "Empty"}]},
        {"components": [row(button())]},
        {"components": [row(text_input())]},
        {"components": [gallery(1)]},
        {"components": [label(menu(2, max_values=3))]},
        {"components": [label(text_input(style=3))]},
        {"components": [label(text_input(min_length=5, max_length=4))]},
        {"components": [label(text_input(max_length=4001))]},
        {"components": [label(text_input(max_length=3, value="four"))]},
        {"components": [label(text_input(placeholder="p" * 101))]},
    ],
    ids=str,
)
def test_wrong_forms_are_refused(change: dict[str, Any]) -> None:
    assert (
        code_of(check_modal, {"title": "t", "custom_id": "c", "components": [label(text_input())], **change}) == 50035
    )
