"""The client's checks on a command's options, and how typed lines are parsed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground import Discord, NotPossible
from playground.people.commands import split_typed
from playground.people.options import fill_options, nest, parse_typed
from playground.rules.choices import MAX_NUMBER
from playground.world import Channel, World

STRING, INTEGER, BOOLEAN, USER, NUMBER, ATTACHMENT = 3, 4, 5, 6, 10, 11

DESCRIBED: list[dict[str, Any]] = [
    {"name": "prompt", "type": STRING, "required": True, "min_length": 2, "max_length": 20},
    {"name": "steps", "type": INTEGER, "min_value": 1, "max_value": 50},
    {"name": "cfg", "type": NUMBER, "min_value": 0},
    {
        "name": "where",
        "type": STRING,
        "choices": [{"name": "This channel", "value": "channel"}, {"name": "All", "value": "all"}],
    },
    {"name": "quiet", "type": BOOLEAN},
    {"name": "who", "type": USER},
    {"name": "picture", "type": ATTACHMENT},
    {"name": "cfg2", "type": STRING},
]
NAMES = [option["name"] for option in DESCRIBED]

Here = tuple[World, Channel]


@pytest.fixture
def here() -> Here:
    discord = Discord()
    return discord.world, discord.channel("pictures")


def filled(here: Here, complete: bool = True, **given: Any) -> dict[str, Any]:
    options, _ = fill_options(here[0], here[1], DESCRIBED, given, complete=complete)
    return {option["name"]: option["value"] for option in options}


def test_values_are_converted_to_their_types(here: Here) -> None:
    world, channel = here
    ana = world.add_user("ana")
    assert channel.guild is not None
    channel.guild.join(ana)
    sent = filled(here, prompt="a fish", steps="7", cfg="6.5", where="This channel", quiet="yes", who="@ana")
    assert sent == {"prompt": "a fish", "steps": 7, "cfg": 6.5, "where": "channel", "quiet": True, "who": str(ana.id)}


def test_a_file_is_sent_as_a_resolved_attachment(here: Here) -> None:
    options, resolved = fill_options(here[0], here[1], DESCRIBED, {"prompt": "a fish", "picture": ("x.png", b"data")})
    (attachment,) = resolved["attachments"].values()
    assert options[1]["value"] == attachment["id"]
    assert (attachment["filename"], attachment["size"]) == ("x.png", 4)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "Required options are missing: prompt"),
        ({"prompt": "a fish", "colour": "red"}, "There is no option 'colour'. Options: prompt, steps"),
        ({"prompt": "a"}, "prompt must be 2 to 20 characters long; this is 1"),
        ({"prompt": "x" * 21}, "this is 21"),
        ({"prompt": "a fish", "steps": 0}, "steps must be between 1 and 50"),
        ({"prompt": "a fish", "steps": 51}, "steps must be between 1 and 50"),
        ({"prompt": "a fish", "steps": "many"}, "steps must be a number"),
        ({"prompt": "a fish", "steps": 1e400}, "steps must be a number"),
        ({"prompt": "a fish", "steps": None}, "steps must be a number"),
        ({"prompt": "a fish", "cfg": -0.1}, "cfg must be at least 0"),
        ({"prompt": "a fish", "cfg": "nan"}, "the range Discord can send"),
        ({"prompt": "a fish", "cfg": "inf"}, "the range Discord can send"),
        ({"prompt": "a fish", "cfg": MAX_NUMBER + 1}, "the range Discord can send"),
        ({"prompt": "a fish", "where": "server"}, "where must be one of: This channel, All"),
        ({"prompt": "a fish", "picture": "fish.png"}, "picture needs a file"),
    ],
)
def test_invalid_values_are_refused(here: Here, given: dict[str, Any], words: str) -> None:
    with pytest.raises(NotPossible) as caught:
        filled(here, **given)
    assert words in str(caught.value)


def test_autocomplete_sends_incomplete_values(here: Here) -> None:
    assert filled(here, complete=False, steps="7", cfg="six") == {"steps": 7, "cfg": "six"}
    with pytest.raises(NotPossible, match="There is no option"):
        filled(here, complete=False, colour="red")


def test_options_are_nested_in_their_subcommands() -> None:
    chain = [{"name": "group", "type": 2}, {"name": "sub", "type": 1}]
    assert nest(chain, [{"name": "x"}]) == [
        {"name": "group", "type": 2, "options": [{"name": "sub", "type": 1, "options": [{"name": "x"}]}]}
    ]


_value = st.text(st.characters(exclude_characters="\r"), max_size=30).map(str.strip)


def _begins_an_option(text: str) -> bool:
    return any(f"{name}:" in text for name in NAMES)


@given(st.dictionaries(st.sampled_from(NAMES), _value.filter(lambda text: not _begins_an_option(text)), max_size=5))
def test_typed_options_round_trip(values: dict[str, str]) -> None:
    line = " ".join(f"{name}:{value}" for name, value in values.items())
    assert parse_typed(DESCRIBED, line) == values


@given(st.text(max_size=80))
def test_any_line_gives_options_or_an_error(line: str) -> None:
    try:
        parsed = parse_typed(DESCRIBED, line)
    except NotPossible as error:
        parsed = {"": str(error)}
    assert set(parsed) <= {*NAMES, ""}
    assert (
        parsed.get("", "doesn't belong to any option. Options: prompt").find("doesn't belong to any option. Options:")
        >= 0
    )


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("prompt:a red fish: big, cfg:6", {"prompt": "a red fish: big,", "cfg": "6"}),
        ("  prompt:  a fish  ", {"prompt": "a fish"}),
        ("cfg2:x cfg:6", {"cfg2": "x", "cfg": "6"}),
        ("prompt:the nocfg:6 thing", {"prompt": "the nocfg:6 thing"}),
        ("prompt: cfg:", {"prompt": "", "cfg": ""}),
        ("", {}),
    ],
)
def test_a_value_runs_until_the_next_option(line: str, options: dict[str, str]) -> None:
    assert parse_typed(DESCRIBED, line) == options


def test_text_before_the_first_option_is_refused() -> None:
    with pytest.raises(NotPossible, match="'a red fish' doesn't belong to any option"):
        parse_typed(DESCRIBED, "a red fish cfg:6")
    with pytest.raises(NotPossible, match="This command has no options"):
        parse_typed([], "words")
    assert parse_typed([], "  ") == {}


def test_a_line_is_split_into_command_subcommand_and_options(here: Here) -> None:
    world, channel = here
    ana = world.add_user("ana")
    assert channel.guild is not None
    channel.guild.join(ana)
    sub = {"name": "save", "type": 1, "options": [{"name": "name", "type": STRING}]}
    options = [sub, {"name": "list", "type": 1}]
    world.commands[None, "preset", 1] = {"id": "1", "name": "preset", "type": 1, "options": options}
    world.commands[None, "ping", 1] = {"id": "2", "name": "ping", "type": 1}
    assert split_typed(world, channel, ana, "/preset save name:my own") == ("preset save", {"name": "my own"})
    assert split_typed(world, channel, ana, " /preset list ") == ("preset list", {})
    assert split_typed(world, channel, ana, "/ping") == ("ping", {})
    for line, words in (
        ("/preset", "needs a subcommand: save, list"),
        ("/preset drop", "needs a subcommand: save, list"),
        ("/pong", "There is no command /pong. Available: /ping, /preset."),
        ("", "There is no command"),
    ):
        with pytest.raises(NotPossible) as caught:
            split_typed(world, channel, ana, line)
        assert words in str(caught.value)
