"""The checks Discord's client makes before it sends a form or a selection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from playground.errors import NotPossible
from playground.people.resolving import OF_SELECT, Resolver
from playground.wire.components import LABEL, STRING_SELECT, TEXT_INPUT
from playground.wire.controls import Field, Modal, Select, TextInput
from playground.world import Json


def fill_form(modal: Modal, values: Mapping[str, str | Sequence[str]], resolver: Resolver) -> list[Json]:
    """The components of a submitted form. The keys of `values` are labels or custom ids.

    Raises: NotPossible, with the client's message.
    """
    known = {name for field in modal.fields for name in (field.label, field.item.custom_id)}
    if unknown := set(values) - known:
        labels = ", ".join(field.label for field in modal.fields)
        raise NotPossible(f"The form has no field '{sorted(unknown)[0]}'. Its fields: {labels}.")
    return [
        {"type": LABEL, "id": 2 * number + 1, "component": {**_filled(field, values, resolver), "id": 2 * number + 2}}
        for number, field in enumerate(modal.fields)
    ]


def choose(select: Select, values: Sequence[str], name: str, resolver: Resolver) -> list[str]:
    """The selected values of a drop-down; `values` may also contain labels, or names of people, channels or roles.

    Raises: NotPossible.
    """
    if select.kind == STRING_SELECT:
        chosen = _chosen_options(select, values, name)
    else:
        chosen = [resolver.resolve(OF_SELECT[select.kind], name, value) for value in values]
    chosen = list(dict.fromkeys(chosen))
    if not select.min_values <= len(chosen) <= select.max_values and not (not chosen and not select.required):
        raise NotPossible(f"Select {_span(select.min_values, select.max_values)} in '{name}'.")
    return chosen


def _chosen_options(select: Select, values: Sequence[str], name: str) -> list[str]:
    by_name = {key: str(option.value) for option in select.options for key in (option.name, str(option.value))}
    unknown = [value for value in values if value not in by_name]
    if unknown:
        options = ", ".join(option.name for option in select.options)
        raise NotPossible(f"'{name}' has no option '{unknown[0]}'. Its options: {options}.")
    return [by_name[value] for value in values]


def _filled(field: Field, values: Mapping[str, str | Sequence[str]], resolver: Resolver) -> Json:
    item = field.item
    value = values.get(field.label, values.get(item.custom_id))
    if isinstance(item, Select):
        wanted = item.chosen if value is None else [value] if isinstance(value, str) else list(value)
        chosen = choose(item, wanted, field.label, resolver)
        return {"type": item.kind, "custom_id": item.custom_id, "values": chosen}
    return {"type": TEXT_INPUT, "custom_id": item.custom_id, "value": _typed(item, field.label, value)}


def _typed(item: TextInput, label: str, value: object) -> str:
    text = item.value if value is None else str(value)
    if item.required and not text:
        raise NotPossible(f"'{label}' is required.")
    if text and not item.min_length <= len(text) <= item.max_length:
        raise NotPossible(f"'{label}' must be {_span(item.min_length, item.max_length)} characters long.")
    return text


def _span(low: int, high: int) -> str:
    return str(high) if low == high else f"{low} to {high}"
