"""Discord's limits, as far as a bot can offend against them. Raises 50035 and its kin, with the path of what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from playground.errors import ApiError, empty_message, invalid, too_large
from playground.world import COMPONENTS_V2, Json

ACTION_ROW, BUTTON, STRING_SELECT, TEXT_INPUT, LABEL = 1, 2, 3, 4, 18
LINK_BUTTON = 5
MAX_CONTENT, MAX_EMBEDS, MAX_EMBED_TOTAL, MAX_FILES, MAX_NONCE = 2000, 10, 6000, 10, 25
MAX_REQUEST_BYTES = 25 * 1024 * 1024
MAX_COMPONENTS = 40

_NAME = re.compile(r"[-_'\w]{1,32}")
_EMBED_LIMITS = {"title": 256, "description": 4096}
_V1_ONLY = ("content", "embeds")


def check_message(body: Json, *, has_files: bool, creates: bool, was_v2: bool = False) -> None:
    """The body of a message that is sent or edited."""
    is_v2 = was_v2 or bool((body.get("flags") or 0) & COMPONENTS_V2)
    _at_most("content", body.get("content"), MAX_CONTENT)
    _check_embeds(body.get("embeds") or [])
    components = body.get("components") or []
    check_components(components, is_v2=is_v2)
    if is_v2 and any(body.get(key) for key in _V1_ONLY):
        raise invalid("content", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", "not with components V2")
    if len(str(body.get("nonce") or "")) > MAX_NONCE:
        raise invalid("nonce", "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_NONCE} or fewer in length.")
    if creates and not (body.get("content") or body.get("embeds") or components or has_files):
        raise empty_message()
    _check_attachments(body)


def check_files(files: Iterable[tuple[str, bytes]], limit: int) -> None:
    """Uploaded files: count, size each, size together."""
    sizes = [len(data) for _, data in files]
    if len(sizes) > MAX_FILES:
        raise invalid("files", "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_FILES} or fewer in length.")
    if any(size > limit for size in sizes) or sum(sizes) > MAX_REQUEST_BYTES:
        raise too_large()


def check_components(components: list[Json], *, is_v2: bool) -> None:
    """Rows of buttons and selects, or the newer layout."""
    if not is_v2:
        if len(components) > 5:
            raise invalid("components", "BASE_TYPE_MAX_LENGTH", "Must be 5 or fewer in length.")
        if any(component["type"] != ACTION_ROW for component in components):
            raise invalid("components", "UNION_TYPE_CHOICES", "Value of field 'type' must be one of (1,).")
    everything = list(walk(components))
    if len(everything) > MAX_COMPONENTS:
        raise invalid("components", "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_COMPONENTS} or fewer in total.")
    seen: set[str] = set()
    for component in everything:
        _check_component(component)
        custom_id = component.get("custom_id")
        if custom_id in seen:
            raise invalid(
                "components", "COMPONENT_CUSTOM_ID_DUPLICATED", f"Component custom id {custom_id} is duplicated"
            )
        if custom_id is not None:
            seen.add(custom_id)


def check_modal(data: Json) -> None:
    """A form that a command or button opens."""
    _at_most("data.title", data.get("title"), 45)
    _at_most("data.custom_id", data.get("custom_id"), 100)
    components = data.get("components") or []
    if not 1 <= len(components) <= 5:
        raise invalid("data.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    for component in walk(components):
        _at_most("data.components.label", component.get("label"), 45)
        if component["type"] == BUTTON:
            raise invalid("data.components", "UNION_TYPE_CHOICES", "Buttons are not allowed in modals.")
        _check_component(component)


def check_choices(choices: list[Json]) -> None:
    """What autocomplete answers."""
    if len(choices) > 25:
        raise invalid("data.choices", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    for number, choice in enumerate(choices):
        if not 1 <= len(choice["name"]) <= 100:
            raise invalid(f"data.choices.{number}.name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
        if isinstance(choice["value"], str) and len(choice["value"]) > 100:
            raise invalid(f"data.choices.{number}.value", "BASE_TYPE_BAD_LENGTH", "Must be 100 or fewer in length.")


def check_commands(commands: list[Json]) -> None:
    """All commands of an application, as they are synced."""
    names = [(command["name"], command.get("type", 1)) for command in commands]
    if len(set(names)) < len(names):
        raise invalid("name", "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
    if sum(kind == 1 for _, kind in names) > 100:
        raise ApiError(400, 30032, "Maximum number of application commands reached (100).")
    for command in commands:
        if command.get("type", 1) == 1:
            _check_named(command, command["name"])
        if _command_length(command) > 8000:
            raise invalid("name", "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)")


def walk(components: Iterable[Json]) -> Iterator[Json]:
    """Every component, however deep."""
    for component in components:
        yield component
        yield from walk(component.get("components") or [])
        for key in ("component", "accessory"):
            if component.get(key):
                yield from walk([component[key]])


def _check_named(item: Json, path: str) -> None:
    name = item["name"]
    if not _NAME.fullmatch(name) or name != name.lower():
        raise invalid(f"{path}.name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    if not 1 <= len(item.get("description") or "") <= 100:
        raise invalid(f"{path}.description", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    options = item.get("options") or []
    if len(options) > 25 or len(item.get("choices") or []) > 25:
        raise invalid(f"{path}.options", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    if item.get("choices") and item.get("autocomplete"):
        raise invalid(f"{path}.autocomplete", "APPLICATION_COMMAND_OPTIONS_CHOICES", "not with choices")
    required = [bool(option.get("required")) for option in options]
    if required != sorted(required, reverse=True):
        raise invalid(f"{path}.options", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", "Required options come first")
    for option in options:
        _check_named(option, f"{path}.{option['name']}")


def _command_length(item: Json) -> int:
    own = len(item["name"]) + len(item.get("description") or "")
    choices = sum(len(choice["name"]) + len(str(choice["value"])) for choice in item.get("choices") or [])
    return own + choices + sum(_command_length(option) for option in item.get("options") or [])


def _check_embeds(embeds: list[Json]) -> None:
    if len(embeds) > MAX_EMBEDS:
        raise invalid("embeds", "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_EMBEDS} or fewer in length.")
    total = 0
    for number, embed in enumerate(embeds):
        for key, limit in _EMBED_LIMITS.items():
            _at_most(f"embeds.{number}.{key}", embed.get(key), limit)
        fields = embed.get("fields") or []
        if len(fields) > 25:
            raise invalid(f"embeds.{number}.fields", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
        for index, one in enumerate(fields):
            for key, limit in (("name", 256), ("value", 1024)):
                _between(f"embeds.{number}.fields.{index}.{key}", one.get(key) or "", 1, limit)
        footer, author = (embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")
        _at_most(f"embeds.{number}.footer.text", footer, 2048)
        _at_most(f"embeds.{number}.author.name", author, 256)
        texts = [embed.get("title"), embed.get("description"), footer, author]
        texts += [one[key] for one in fields for key in ("name", "value")]
        total += sum(len(text or "") for text in texts)
    if total > MAX_EMBED_TOTAL:
        raise invalid("embeds", "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {MAX_EMBED_TOTAL}")


def _check_component(component: Json) -> None:
    if component.get("custom_id") is not None:
        _between("components.custom_id", component["custom_id"], 1, 100)
    match component["type"]:
        case 1:
            _between("components", component.get("components") or [], 1, 5)
        case 2:
            _check_button(component)
        case 3:
            _check_select(component)
        case 10:
            _between("components.content", component.get("content") or "", 1, 4000)
        case 12:
            _between("components.items", component.get("items") or [], 1, 10)


def _check_button(button: Json) -> None:
    _at_most("components.label", button.get("label"), 80)
    is_link = button.get("style") == LINK_BUTTON
    if is_link != bool(button.get("url")) or (not is_link and button.get("custom_id") is None):
        raise invalid("components", "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", "A custom id or url is required")
    if not (button.get("label") or button.get("emoji")):
        raise invalid("components", "BUTTON_COMPONENT_INVALID", "A button needs a label or an emoji")


def _check_select(select: Json) -> None:
    options = select.get("options") or []
    _between("components.options", options, 1, 25)
    _at_most("components.placeholder", select.get("placeholder"), 150)
    if (select.get("max_values") or 1) > len(options):
        raise invalid("components.max_values", "BASE_TYPE_MAX", "May not exceed the number of options")
    for option in options:
        for key in ("label", "value", "description"):
            _at_most(f"components.options.{key}", option.get(key), 100)


def _check_attachments(body: Json) -> None:
    for one in body.get("attachments") or []:
        _at_most("attachments.description", one.get("description"), 1024)


def _at_most(path: str, value: Any, limit: int) -> None:
    if value is not None and len(value) > limit:
        raise invalid(path, "BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length.")


def _between(path: str, value: Any, low: int, high: int) -> None:
    if not low <= len(value) <= high:
        raise invalid(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")
