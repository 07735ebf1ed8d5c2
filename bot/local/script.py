"""Scripts of people's actions: plain text, one a line, `#` comments.

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

"The message" is the newest with pictures: it is reacted to, deleted, and its menu used. `click` presses its button of that
name; where it has none, that of the newest message with one. `submit` sends the form that is open, with what stands in
it already where nothing else is given; a line with `submit` alone sends it as it is. For an option that takes a file,
`@picture` is the first picture of the message and `@` with a path a file on this machine; elsewhere `@` means nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

#: what a person can do; each takes the rest of the line
VERBS = ("autocomplete", "react", "unreact", "click", "menu", "submit", "say", "delete")
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
