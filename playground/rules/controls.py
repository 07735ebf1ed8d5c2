"""Limits on buttons, drop-downs and text inputs. Violations raise 50035 with the path of the error."""

from __future__ import annotations

from playground.errors import invalid
from playground.rules.bounds import at_most, between, filled, one_of, required, unique, web_address, within
from playground.rules.emoji import is_emoji
from playground.wire.components import BUTTON, LINK_BUTTON, SELECTS, STRING_SELECT, TEXT_INPUT
from playground.world import Json

MAX_OPTIONS, MAX_INPUT = 25, 4000
_STYLES = (1, 2, 3, 4, LINK_BUTTON)


def check_control(component: Json, path: str) -> None:
    """A component that people use; others pass."""
    kind = component["type"]
    if kind == BUTTON:
        _check_button(component, path)
    elif kind in SELECTS:
        _check_select(component, path)
    elif kind == TEXT_INPUT:
        _check_text_input(component, path)


def _check_button(button: Json, path: str) -> None:
    one_of(f"{path}.style", button.get("style"), _STYLES)
    at_most(f"{path}.label", button.get("label"), 80)
    is_link = button["style"] == LINK_BUTTON
    if is_link != bool(button.get("url")) or is_link == (button.get("custom_id") is not None):
        raise invalid(path, "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", "A custom id or url is required, and never both")
    if is_link:
        web_address(f"{path}.url", button["url"], ("http", "https", "discord"))
    else:
        between(f"{path}.custom_id", button["custom_id"], 1, 100)
    if not ((button.get("label") or "").strip() or button.get("emoji")):
        raise invalid(path, "BUTTON_COMPONENT_INVALID", "A button needs a label or an emoji")
    _check_emoji(button, path)


def _check_select(select: Json, path: str) -> None:
    _check_custom_id(select, path)
    at_most(f"{path}.placeholder", select.get("placeholder"), 150)
    low, high = _number(select, "min_values", 1), _number(select, "max_values", 1)
    within(f"{path}.min_values", low, 0, MAX_OPTIONS)
    within(f"{path}.max_values", high, 1, MAX_OPTIONS)
    if low > high:
        raise invalid(f"{path}.min_values", "NUMBER_TYPE_MAX", "min_values may not exceed max_values")
    if select["type"] != STRING_SELECT:
        return
    options = select.get("options") or []
    between(f"{path}.options", options, 1, MAX_OPTIONS)
    within(f"{path}.max_values", high, 1, len(options))
    for number, option in enumerate(options):
        where = f"{path}.options.{number}"
        filled(f"{where}.label", option.get("label"), 100)
        filled(f"{where}.value", option.get("value"), 100)
        at_most(f"{where}.description", option.get("description"), 100)
        _check_emoji(option, where)
    values = [option["value"] for option in options]
    code = "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED"
    unique(f"{path}.options", values, code, "The specified option value is already used")
    if sum(bool(option.get("default")) for option in options) > high:
        raise invalid(f"{path}.options", "SELECT_COMPONENT_TOO_MANY_DEFAULTS", "More defaults than max_values")


def _check_text_input(field: Json, path: str) -> None:
    _check_custom_id(field, path)
    one_of(f"{path}.style", field.get("style"), (1, 2))
    at_most(f"{path}.placeholder", field.get("placeholder"), 100)
    low, high = _number(field, "min_length", 0), _number(field, "max_length", MAX_INPUT)
    within(f"{path}.min_length", low, 0, MAX_INPUT)
    within(f"{path}.max_length", high, 1, MAX_INPUT)
    if low > high:
        raise invalid(f"{path}.min_length", "NUMBER_TYPE_MAX", "min_length may not exceed max_length")
    at_most(f"{path}.value", field.get("value"), high)


def _check_custom_id(component: Json, path: str) -> None:
    if component.get("custom_id") is None:
        raise required(f"{path}.custom_id")
    between(f"{path}.custom_id", component["custom_id"], 1, 100)


def _check_emoji(holder: Json, path: str) -> None:
    emoji = holder.get("emoji")
    if emoji and (emoji.get("id") is not None or not is_emoji(emoji.get("name") or "")):
        raise invalid(f"{path}.emoji.name", "COMPONENT_INVALID_EMOJI", "Invalid emoji")


def _number(data: Json, key: str, default: int) -> int:
    value = data.get(key)
    return default if value is None else value
