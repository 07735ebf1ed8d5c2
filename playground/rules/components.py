"""Limits on buttons, drop-downs and forms. Violations raise 50035 with the path of the error."""

from __future__ import annotations

from playground.errors import invalid
from playground.rules.bounds import at_most, between
from playground.wire.components import ACTION_ROW, BUTTON, LINK_BUTTON, walk
from playground.world import Json

MAX_COMPONENTS = 40


def check_components(components: list[Json], *, is_v2: bool) -> None:
    """Rows of buttons and selects, or a components V2 layout."""
    if not is_v2:
        if len(components) > 5:
            raise invalid("components", "BASE_TYPE_MAX_LENGTH", "Must be 5 or fewer in length.")
        if any(component["type"] != ACTION_ROW for component in components):
            raise invalid("components", "UNION_TYPE_CHOICES", "Value of field 'type' must be one of (1,).")
    flat = list(walk(components))
    if len(flat) > MAX_COMPONENTS:
        raise invalid("components", "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_COMPONENTS} or fewer in total.")
    seen: set[str] = set()
    for component in flat:
        _check_component(component)
        custom_id = component.get("custom_id")
        if custom_id in seen:
            raise invalid(
                "components", "COMPONENT_CUSTOM_ID_DUPLICATED", f"Component custom id {custom_id} is duplicated"
            )
        if custom_id is not None:
            seen.add(custom_id)


def check_modal(data: Json) -> None:
    """A form opened by a command or a button."""
    at_most("data.title", data.get("title"), 45)
    at_most("data.custom_id", data.get("custom_id"), 100)
    components = data.get("components") or []
    if not 1 <= len(components) <= 5:
        raise invalid("data.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    for component in walk(components):
        at_most("data.components.label", component.get("label"), 45)
        if component["type"] == BUTTON:
            raise invalid("data.components", "UNION_TYPE_CHOICES", "Buttons are not allowed in modals.")
        _check_component(component)


def _check_component(component: Json) -> None:
    if component.get("custom_id") is not None:
        between("components.custom_id", component["custom_id"], 1, 100)
    match component["type"]:
        case 1:
            between("components", component.get("components") or [], 1, 5)
        case 2:
            _check_button(component)
        case 3:
            _check_select(component)
        case 10:
            between("components.content", component.get("content") or "", 1, 4000)
        case 12:
            between("components.items", component.get("items") or [], 1, 10)


def _check_button(button: Json) -> None:
    at_most("components.label", button.get("label"), 80)
    is_link = button.get("style") == LINK_BUTTON
    if is_link != bool(button.get("url")) or (not is_link and button.get("custom_id") is None):
        raise invalid("components", "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", "A custom id or url is required")
    if not (button.get("label") or button.get("emoji")):
        raise invalid("components", "BUTTON_COMPONENT_INVALID", "A button needs a label or an emoji")


def _check_select(select: Json) -> None:
    options = select.get("options") or []
    between("components.options", options, 1, 25)
    at_most("components.placeholder", select.get("placeholder"), 150)
    if (select.get("max_values") or 1) > len(options):
        raise invalid("components.max_values", "BASE_TYPE_MAX", "May not exceed the number of options")
    for option in options:
        for key in ("label", "value", "description"):
            at_most(f"components.options.{key}", option.get(key), 100)
