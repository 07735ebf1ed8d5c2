"""Scripts for `python -m bot try`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.local.script import RESTART, VERBS, Action, ScriptError, parse_script


def test_a_script_is_read_line_by_line() -> None:
    script = """
    # people draw
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


def test_an_entry_s_name_may_have_spaces() -> None:
    (action,) = parse_script("ana: menu Identify picture")
    assert (action.verb, action.argument) == ("menu", "Identify picture")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("draw a fish", "line 1: 'draw a fish' names nobody; write 'ana: /imagine"),
        (": /imagine", "names nobody"),
        ("ana: dance", "line 1: 'dance' is no action; there are /commands, autocomplete,"),
        ("ana:", "'' is no action"),
    ],
)
def test_what_is_no_action_is_named_with_its_line(line: str, said: str) -> None:
    with pytest.raises(ScriptError) as caught:
        parse_script(line)
    assert said in str(caught.value)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        actions = parse_script(text)
    except ScriptError:
        return
    assert all(action.verb in {"/", RESTART, *VERBS} for action in actions)
