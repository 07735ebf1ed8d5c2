"""Valid parts of messages, forms and commands, which tests change in one place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playground.errors import ApiError
from playground.rules.messages import check_message

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


def message(**body: Any) -> int | None:
    """The error code for a new message."""
    return code_of(check_message, {"content": "hello", **body}, has_files=False, creates=True)


def row(*components: Any) -> dict[str, Any]:
    return {"type": 1, "components": list(components)}


def button(number: int = 0, **more: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": "Press", "custom_id": f"b{number}", **more}


def link(**more: Any) -> dict[str, Any]:
    return {"type": 2, "style": 5, "label": "Go", "url": "https://example.org", **more}


def menu(options: int = 1, **more: Any) -> dict[str, Any]:
    choices = [{"label": f"l{number}", "value": f"v{number}"} for number in range(options)]
    return {"type": 3, "custom_id": "m", "options": choices, **more}


def text_input(**more: Any) -> dict[str, Any]:
    return {"type": 4, "custom_id": "t", "style": 1, **more}


def label(component: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": 18, "label": "Words", "component": component, **more}


def words(length: int) -> dict[str, Any]:
    return {"type": 10, "content": "x" * length}


def gallery(items: int) -> dict[str, Any]:
    return {"type": 12, "items": [{"media": {"url": "https://example.org/x.png"}} for _ in range(items)]}


def section(*components: Any, **more: Any) -> dict[str, Any]:
    return {"type": 9, "components": list(components), "accessory": button(), **more}


def container(*components: Any) -> dict[str, Any]:
    return {"type": 17, "components": list(components)}
