"""Scripts of people's actions: plain text, one a line, `#` comments.

ana: /imagine prompt:a red fish in the sea embedding1:demo-artifacts
ben: autocomplete /imagine model:demo embedding1:water
ben: react 🔁
ana: click Reroll
restart
"""

from __future__ import annotations

from dataclasses import dataclass

#: what a person can do; each takes the rest of the line
VERBS = ("autocomplete", "react", "unreact", "click", "submit", "say", "delete")
RESTART = "restart"


class ScriptError(Exception):
    """A line that is no action; names the line and what would be one."""


@dataclass(frozen=True, slots=True)
class Action:
    """One line."""

    line: int
    text: str
    person: str | None
    #: "/", one of VERBS, or RESTART
    verb: str
    argument: str = ""


def parse_script(text: str) -> list[Action]:
    """All actions of a script.

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
        raise ScriptError(f"line {number}: '{line[:60]}' names nobody; write 'ana: /imagine prompt:a red fish'")
    if rest.startswith("/"):
        return Action(number, line, person.strip(), "/", rest)
    verb, _, argument = rest.partition(" ")
    if verb not in VERBS:
        raise ScriptError(
            f"line {number}: '{verb[:40]}' is no action; there are /commands, {', '.join(VERBS)} and {RESTART}"
        )
    return Action(number, line, person.strip(), verb, argument.strip())
