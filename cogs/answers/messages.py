"""A message on its way to Discord, as a value: it can be sent, or put in the place of another, as often as needed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import discord


class OutgoingFile(NamedTuple):
    """A file with its alt text."""

    name: str
    data: bytes
    description: str
    is_spoiler: bool = False


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """What is empty isn't sent; an edit leaves it as it is, but for the buttons."""

    content: str = ""
    embed: discord.Embed | None = None
    files: Sequence[OutgoingFile] = ()
    view: discord.ui.View | None = None

    def mentioning(self, member_id: int) -> Self:
        """The same with the member's name, where Discord doesn't show beside the message who asked for it."""
        return replace(self, content=f"<@{member_id}> {self.content}".strip())

    def as_new(self) -> dict[str, Any]:
        """Arguments of discord.py's `send`."""
        files = {"files": self._open_files()} if self.files else {}
        return {**self._common(), **files, "view": self.view or discord.utils.MISSING}

    def as_edit(self) -> dict[str, Any]:
        """Arguments of discord.py's `edit`."""
        files = {"attachments": self._open_files()} if self.files else {}
        return {**self._common(), **files, "view": self.view}

    def _common(self) -> dict[str, Any]:
        return {"content": self.content, **({"embed": self.embed} if self.embed else {})}

    def _open_files(self) -> list[discord.File]:
        return [
            discord.File(io.BytesIO(file.data), file.name, description=file.description, spoiler=file.is_spoiler)
            for file in self.files
        ]
