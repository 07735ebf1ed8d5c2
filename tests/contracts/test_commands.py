"""Every command as it is sent to Discord, checked against Discord's limits without a connection."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.app import App, open_app
from bot.settings import Settings
from playground.rules.commands import check_commands

SUBCOMMAND, GROUP, STRING, INTEGER, NUMBER = 1, 2, 3, 4, 10
#: what Discord allows in names of commands and options, in lower case
NAME = re.compile(r"[-_'\w]{1,32}")


@pytest.fixture
async def app(database_url: str, tmp_path: Path) -> AsyncIterator[App]:
    """The whole bot, not connected."""
    settings = Settings.model_validate({"database_url": database_url, "data_dir": tmp_path, "engine_device": "cpu"})
    async with open_app(settings) as opened:
        yield opened


@pytest.fixture
def commands(app: App) -> list[dict[str, Any]]:
    """All commands in Discord's JSON."""
    return [command.to_dict(app.client.tree) for command in app.client.tree.get_commands()]


def everything(nodes: list[dict[str, Any]], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Commands, subcommands and options, each with its path."""
    for node in nodes:
        yield f"{path}/{node['name']}", node
        yield from everything(node.get("options") or [], f"{path}/{node['name']}")


async def test_discord_accepts_all_commands(commands: list[dict[str, Any]]) -> None:
    check_commands(commands)
    assert {command["name"] for command in commands} >= {"imagine", "preset", "embedding", "model"}


async def test_names_and_descriptions_are_within_the_limits(commands: list[dict[str, Any]]) -> None:
    for path, node in everything(commands):
        if node.get("type", 1) in (2, 3) and path.count("/") == 1 and "description" not in node:
            continue  # an entry in the menu of a message or a member has no description
        assert NAME.fullmatch(node["name"]), path
        assert node["name"] == node["name"].lower(), path
        assert 1 <= len(node["description"]) <= 100, path
        assert not node["description"].endswith("…"), f"{path}: its description was cut off"
        assert node["description"] != "…", f"{path} has no description"


async def test_options_are_complete_and_few_and_required_ones_come_first(commands: list[dict[str, Any]]) -> None:
    for path, node in everything(commands):
        options = [option for option in node.get("options") or [] if option["type"] > GROUP]
        assert len(options) <= 25, path
        assert len({option["name"] for option in options}) == len(options), path
        required = [bool(option.get("required")) for option in options]
        assert required == sorted(required, reverse=True), path
        assert len(node.get("choices") or []) <= 25, path
        for choice in node.get("choices") or []:
            assert 1 <= len(choice["name"]) <= 100, path
            assert not node.get("autocomplete"), path


async def test_the_options_of_imagine_are_in_the_order_of_their_use(commands: list[dict[str, Any]]) -> None:
    (imagine,) = (command for command in commands if command["name"] == "imagine")
    options = {option["name"]: option for option in imagine["options"]}
    assert list(options)[:6] == ["prompt", "negative", "model", "embedding1", "embedding2", "embedding3"]
    for name in ("model", "embedding1", "embedding2", "embedding3", "preset", "size"):
        assert options[name].get("autocomplete"), name
    assert [options[name]["type"] for name in ("prompt", "cfg", "steps", "seed", "count")] == [
        STRING,
        NUMBER,
        INTEGER,
        INTEGER,
        INTEGER,
    ]


async def test_the_bot_asks_for_no_privileged_intent(app: App) -> None:
    assert not app.client.intents.message_content
    assert not app.client.intents.members
    assert not app.client.intents.presences


IN_SERVERS, IN_BOT_DM = 0, 1


async def test_commands_say_where_and_by_whom_they_can_be_used(commands: list[dict[str, Any]]) -> None:
    by_name = {command["name"]: command for command in commands}
    servers_alone = {"preset", "presets"}
    for name, command in by_name.items():
        expected = [IN_SERVERS] if name in servers_alone else [IN_SERVERS, IN_BOT_DM]
        assert command["contexts"] == expected, name
        assert command["integration_types"] == [0], name
    managing = {name for name, command in by_name.items() if command["default_member_permissions"]}
    assert managing == {"preset", "settings"}


async def test_numbers_carry_their_bounds(commands: list[dict[str, Any]]) -> None:
    numbers = [(path, node) for path, node in everything(commands) if node.get("type") in (INTEGER, NUMBER)]
    assert len(numbers) > 8
    for path, option in numbers:
        assert option.get("min_value") is not None, path
        assert option.get("max_value") is not None, path
