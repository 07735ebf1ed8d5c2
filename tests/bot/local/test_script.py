"""Scripts for `python -m bot try`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.local.script import RESTART, VERBS, Action, ScriptError, parse_script


def test_a_script_has_an_action_per_line() -> None:
    script = """
    # a comment
    ana: /imagine prompt:a red fish: in the sea cfg:6

    ben: autocomplete /imagine model:demo embedding1:blu
    ben: react 🔁
    restart
    """
    drawn, completed, reacted, restarted = parse_script(script)
    assert (drawn.line, drawn.person, drawn.verb) == (3, "ana", "/")
    assert drawn.argument == "/imagine prompt:a red fish: in the sea cfg:6"
    assert (completed.person, completed.verb) == ("ben", "autocomplete")
    assert completed.argument == "/imagine model:demo embedding1:blu"
    assert reacted == Action(6, "ben: react 🔁", "ben", "react", "🔁")
    assert restarted == Action(7, "restart", None, RESTART)


def test_a_menu_entry_may_contain_spaces() -> None:
    (action,) = parse_script("ana: menu Identify picture")
    assert (action.verb, action.argument) == ("menu", "Identify picture")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("draw a fish", "line 1: 'draw a fish' doesn't start with a person; write 'ana: /imagine"),
        (": /imagine", "doesn't start with a person"),
        ("ana: dance", "line 1: 'dance' isn't an action; the actions are /commands, autocomplete,"),
        ("ana:", "'' isn't an action"),
    ],
)
def test_an_invalid_line_is_quoted_with_its_number(line: str, message: str) -> None:
    with pytest.raises(ScriptError) as caught:
        parse_script(line)
    assert message in str(caught.value)


@given(st.text())
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        actions = parse_script(text)
    except ScriptError:
        return
    assert all(action.verb in {"/", RESTART, *VERBS} for action in actions)
