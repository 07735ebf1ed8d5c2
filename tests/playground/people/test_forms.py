"""Filling in forms of older and newer kinds."""

from __future__ import annotations

from playground import Discord
from playground.people.forms import choose, fill_form
from playground.people.resolving import Resolver
from playground.wire.controls import Modal, Select


def resolver() -> Resolver:
    server = Discord()
    return Resolver(server.world, server.channel("pictures"))


def test_older_forms_without_labels_are_read_and_filled() -> None:
    modal = Modal(
        {
            "title": "t",
            "custom_id": "c",
            "components": [{"type": 1, "components": [{"type": 4, "custom_id": "w", "label": "Words", "style": 2}]}],
        },
        "token",
    )
    assert modal.fields[0].label == "Words"
    (filled,) = fill_form(modal, {"w": "a cat"}, resolver())
    assert filled["component"]["value"] == "a cat"


def test_an_option_named_twice_is_selected_once() -> None:
    form = Modal(
        {
            "title": "t",
            "custom_id": "c",
            "components": [
                {
                    "type": 18,
                    "label": "Style",
                    "component": {
                        "type": 3,
                        "custom_id": "s",
                        "options": [{"label": "Ink", "value": "ink"}],
                        "max_values": 1,
                        "min_values": 0,
                    },
                }
            ],
        },
        "token",
    )
    item = form.fields[0].item
    assert isinstance(item, Select)
    assert choose(item, ["Ink", "ink"], "Style", resolver()) == ["ink"]
