"""What Discord's client checks before it sends a form or a selection: that it is complete and within its limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from playground.errors import NotPossible
from playground.wire.components import LABEL, STRING_SELECT, TEXT_INPUT
from playground.wire.views import Field, Modal, Select, TextInput
from playground.world import Json


def fill_form(modal: Modal, values: Mapping[str, str | Sequence[str]]) -> list[Json]:
    """The components of a submitted form; `values` are named by labels or custom ids.

    Raises: NotPossible, with what Discord's client would say.
    """
    known = {name for field in modal.fields for name in (field.label, field.item.custom_id)}
    if unknown := set(values) - known:
        raise NotPossible(f"The form has no field '{sorted(unknown)[0]}'.")
    return [
        {"type": LABEL, "id": 2 * number + 1, "component": {**_filled(field, values), "id": 2 * number + 2}}
        for number, field in enumerate(modal.fields)
    ]


def choose(select: Select, values: Sequence[str], name: str) -> list[str]:
    """The values of a drop-down's choices, which are named by value or label.

    Raises: NotPossible.
    """
    by_name = {key: str(one.value) for one in select.options for key in (one.name, str(one.value))}
    unknown = [value for value in values if value not in by_name]
    if unknown:
        raise NotPossible(
            f"'{name}' offers no '{unknown[0]}'. It offers: {', '.join(one.name for one in select.options)}."
        )
    chosen = list(dict.fromkeys(by_name[value] for value in values))
    if not select.min_values <= len(chosen) <= select.max_values and not (not chosen and not select.required):
        raise NotPossible(f"'{name}' takes {select.min_values} to {select.max_values} of its choices.")
    return chosen


def _filled(field: Field, values: Mapping[str, str | Sequence[str]]) -> Json:
    item = field.item
    value = values.get(field.label, values.get(item.custom_id))
    if isinstance(item, Select):
        wanted = item.chosen if value is None else [value] if isinstance(value, str) else list(value)
        chosen = choose(item, wanted, field.label)
        return {"type": STRING_SELECT, "custom_id": item.custom_id, "values": chosen}
    return {"type": TEXT_INPUT, "custom_id": item.custom_id, "value": _typed(item, field.label, value)}


def _typed(item: TextInput, label: str, value: object) -> str:
    text = item.value if value is None else str(value)
    if item.required and not text:
        raise NotPossible(f"'{label}' is required.")
    if text and not item.min_length <= len(text) <= item.max_length:
        raise NotPossible(f"'{label}' has {item.min_length} to {item.max_length} characters.")
    return text
