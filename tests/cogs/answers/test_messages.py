"""A message to Discord can be sent again and again, as a new one or in place of another."""

from __future__ import annotations

from typing import Any

import discord

from cogs.answers.messages import OutgoingFile, OutgoingMessage

FILES = (OutgoingFile("a.png", b"first", "a fish"), OutgoingFile("b.png", b"second", "a tree", is_spoiler=True))
EMBED = discord.Embed(description="card")


def contents(files: list[discord.File]) -> list[tuple[str, bytes, str | None]]:
    """Names, bytes and alt texts; reads the files, as sending them does."""
    return [(file.filename, file.fp.read(), file.description) for file in files]


async def test_a_message_can_be_sent_twice_and_then_edited_twice() -> None:
    message = OutgoingMessage("hello", embed=EMBED, files=FILES, view=discord.ui.View())
    sent: list[dict[str, Any]] = [message.as_new(), message.as_new()]
    edited: list[dict[str, Any]] = [message.as_edit(), message.as_edit()]
    expected = [("a.png", b"first", "a fish"), ("SPOILER_b.png", b"second", "a tree")]
    assert [contents(arguments.pop("files")) for arguments in sent] == [expected] * 2
    assert [contents(arguments.pop("attachments")) for arguments in edited] == [expected] * 2
    assert sent == edited == [{"content": "hello", "embed": EMBED, "view": message.view}] * 2


async def test_what_is_empty_is_not_sent() -> None:
    assert OutgoingMessage("hello").as_new() == {"content": "hello", "view": discord.utils.MISSING}


async def test_an_edit_keeps_files_and_card_and_removes_buttons() -> None:
    assert OutgoingMessage("hello").as_edit() == {"content": "hello", "view": None}


async def test_an_edit_without_words_removes_the_place_in_line() -> None:
    assert OutgoingMessage(embed=EMBED).as_edit()["content"] == ""


async def test_a_message_can_mention_its_member() -> None:
    message = OutgoingMessage("hello", files=FILES)
    assert message.mentioning(7).content == "<@7> hello"
    assert OutgoingMessage(files=FILES).mentioning(7).content == "<@7>"
    assert message.mentioning(7).files == FILES
    assert message.content == "hello"
