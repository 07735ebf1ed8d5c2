"""Where each component may appear, and how many. Violations raise 50035 with the path of the error."""

from __future__ import annotations

from collections.abc import Callable

from playground.errors import invalid
from playground.rules.bounds import at_most, between, filled, required, unique, web_address
from playground.rules.controls import check_control
from playground.wire.components import (
    ACTION_ROW,
    BUTTON,
    CONTAINER,
    FILE,
    FORM_CONTROLS,
    GALLERY,
    LABEL,
    SECTION,
    SELECTS,
    SEPARATOR,
    TEXT_DISPLAY,
    TEXT_INPUT,
    THUMBNAIL,
    walk,
)
from playground.world import Json

MAX_ROWS, MAX_COMPONENTS, MAX_TEXT, MAX_FORM = 5, 40, 4000, 5

_IN_CONTAINER = {ACTION_ROW, SECTION, TEXT_DISPLAY, GALLERY, FILE, SEPARATOR}
#: where a component may be → the types allowed there
_ALLOWED = {
    "message": {ACTION_ROW},
    "layout": _IN_CONTAINER | {CONTAINER},
    "form": {ACTION_ROW, TEXT_DISPLAY, LABEL},
    CONTAINER: _IN_CONTAINER,
    SECTION: {TEXT_DISPLAY},
    ACTION_ROW: {BUTTON, *SELECTS},
}
#: how many children each may have
_CHILDREN = {ACTION_ROW: (1, 5), SECTION: (1, 3), CONTAINER: (1, MAX_COMPONENTS)}


def check_components(components: list[Json], *, is_v2: bool) -> None:
    """Rows of buttons and drop-downs, or a components V2 layout."""
    if not is_v2:
        at_most("components", components, MAX_ROWS)
    for number, component in enumerate(components):
        _check(component, _ALLOWED["layout" if is_v2 else "message"], f"components.{number}")
    flat = list(walk(components))
    if len(flat) > MAX_COMPONENTS:
        raise invalid("components", "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_COMPONENTS} or fewer in total.")
    at_most("components", "".join(part["content"] for part in flat if part["type"] == TEXT_DISPLAY), MAX_TEXT)
    _check_ids(flat, "components")


def check_modal(data: Json) -> None:
    """A form opened by a command or a button."""
    filled("data.title", data.get("title"), 45)
    filled("data.custom_id", data.get("custom_id"), 100)
    components = data.get("components") or []
    between("data.components", components, 1, MAX_FORM)
    for number, component in enumerate(components):
        path = f"data.components.{number}"
        _check_type(component, _ALLOWED["form"], path)
        if component["type"] == ACTION_ROW:
            for child in component.get("components") or []:
                _check(child, {TEXT_INPUT}, path)
                filled(f"{path}.label", child.get("label"), 45)
        elif component["type"] == LABEL:
            filled(f"{path}.label", component.get("label"), 45)
            at_most(f"{path}.description", component.get("description"), 100)
            _check(component.get("component") or {"type": None}, FORM_CONTROLS, f"{path}.component")
    _check_ids(list(walk(components)), "data.components")


def _check(component: Json, allowed: set[int], path: str) -> None:
    _check_type(component, allowed, path)
    kind = component["type"]
    if kind in _CHILDREN:
        children = component.get("components") or []
        between(f"{path}.components", children, *_CHILDREN[kind])
        for number, child in enumerate(children):
            _check(child, _ALLOWED[kind], f"{path}.components.{number}")
    _CHECKS.get(kind, check_control)(component, path)


def _check_type(component: Json, allowed: set[int], path: str) -> None:
    if component["type"] not in allowed:
        names = tuple(sorted(allowed))
        raise invalid(f"{path}.type", "UNION_TYPE_CHOICES", f"Value of field 'type' must be one of {names}.")


def _check_row(row: Json, path: str) -> None:
    """A drop-down takes a whole row."""
    if len(row["components"]) > 1 and any(child["type"] in SELECTS for child in row["components"]):
        raise invalid(path, "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "The specified component exceeds the maximum width")


def _check_section(section: Json, path: str) -> None:
    _check(section.get("accessory") or {"type": None}, {BUTTON, THUMBNAIL}, f"{path}.accessory")


def _check_text(display: Json, path: str) -> None:
    filled(f"{path}.content", display.get("content"), MAX_TEXT)


def _check_media(holder: Json, path: str) -> None:
    if not (holder.get("media") or {}).get("url"):
        raise required(f"{path}.media.url")
    at_most(f"{path}.description", holder.get("description"), 1024)


def _check_gallery(gallery: Json, path: str) -> None:
    items = gallery.get("items") or []
    between(f"{path}.items", items, 1, 10)
    for number, item in enumerate(items):
        _check_media(item, f"{path}.items.{number}")


def _check_file(component: Json, path: str) -> None:
    web_address(f"{path}.file.url", (component.get("file") or {}).get("url") or "", ("attachment",))


def _check_ids(flat: list[Json], path: str) -> None:
    ids = [component["custom_id"] for component in flat if component.get("custom_id") is not None]
    unique(path, ids, "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")


_CHECKS: dict[int, Callable[[Json, str], None]] = {
    ACTION_ROW: _check_row,
    SECTION: _check_section,
    TEXT_DISPLAY: _check_text,
    THUMBNAIL: _check_media,
    GALLERY: _check_gallery,
    FILE: _check_file,
}
