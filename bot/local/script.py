"""Scripts of people's actions: plain text, an action per line, `#` comments.

ana: /imagine prompt:a red fish in the sea embedding1:demo-artifacts
ben: autocomplete /imagine model:demo embedding1:water
ana: /identify picture:@picture
ana: /embedding install file:@path/to/file.safetensors
ben: react 🔁
ana: click Reroll
ben: menu Identify picture
ben: click Fill /imagine
ben: submit Prompt: a blue fish; Negative embeddings: demo-artifacts, demo-tinted
restart

`react`, `unreact`, `delete` and `menu` apply to the newest message with pictures. `click` presses the button of that name
on that message or, if it has no such button, on the newest message that does. `submit` sends the open form: fields that the
line doesn't name keep their values, so `submit` alone sends the form unchanged. For an option that takes a file, `@picture`
is the first picture of the newest message with pictures, and `@` with a path is a file on this machine; elsewhere `@` has
no meaning.
"""

from __future__ import annotations

from dataclasses import dataclass

#: what a person can do; the rest of the line is the argument
VERBS = ("autocomplete", "react", "unreact", "click", "menu", "submit", "say", "delete")
RESTART = "restart"


class ScriptError(Exception):
    """A line that isn't an action. The message names the line and shows what is expected."""


@dataclass(frozen=True, slots=True)
class Action:
    """One line of a script."""

    line: int
    text: str
    person: str | None
    #: "/", one of VERBS, or RESTART
    verb: str
    argument: str = ""


def parse_script(text: str) -> list[Action]:
    """Parse all actions of a script.

    Raises: ScriptError.
    """
    actions: list[Action] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if line and not line.startswith("#"):
            actions.append(_parse(number, line))
    return actions


def _parse(number: int, line: str) -> Action:
    if line == RESTART:
        return Action(number, line, None, RESTART)
    person, colon, rest = line.partition(":")
    rest = rest.strip()
    if not colon or not person.strip() or " " in person.strip():
        raise ScriptError(
            f"line {number}: '{line[:60]}' doesn't start with a person; write 'ana: /imagine prompt:a red fish'"
        )
    if rest.startswith("/"):
        return Action(number, line, person.strip(), "/", rest)
    verb, _, argument = rest.partition(" ")
    if verb not in VERBS:
        raise ScriptError(
            f"line {number}: '{verb[:40]}' isn't an action; the actions are /commands, {', '.join(VERBS)} and {RESTART}"
        )
    return Action(number, line, person.strip(), verb, argument.strip())
