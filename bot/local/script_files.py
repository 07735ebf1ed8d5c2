"""Files that a script attaches to a command: `picture:@picture` and `file:@path/to/file`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from playground import Discord, Message, NotPossible

MARK = "@"
#: means the first picture of the newest message with pictures
PICTURE = "picture"
_ENDINGS = (".png", ".jpg", ".jpeg", ".webp")


def messages_with_pictures(messages: Sequence[Message]) -> list[Message]:
    """The bot's messages that have a picture attached."""
    return [
        message
        for message in messages
        if message.is_bot and any(_is_picture(file.filename) for file in message.attachments)
    ]


def newest_with_picture(messages: Sequence[Message]) -> Message:
    """The message that most actions of a script apply to.

    Raises: NotPossible if no message has a picture.
    """
    if not (found := messages_with_pictures(messages)):
        raise NotPossible("There is no picture in this channel yet; ask for one with /imagine first.")
    return found[-1]


async def read_attachment(discord: Discord, messages: Sequence[Message], option: str, value: str) -> tuple[str, bytes]:
    """The name and the content of the file that `value` refers to.

    Raises: NotPossible if there is no such file.
    """
    mark, name = value[:1], value[1:].strip()
    if mark != MARK or not name:
        raise NotPossible(
            f"{option} takes a file: write {option}:@picture for the newest picture, or {option}:@path/to/file."
        )
    if name == PICTURE:
        files = newest_with_picture(messages).attachments
        picture = next(file for file in files if _is_picture(file.filename))
        return picture.filename, await discord.fetch(picture)
    path = Path(name)
    if not path.is_file():
        raise NotPossible(f"There is no file '{name[:200]}' for {option}.")
    try:
        return path.name, path.read_bytes()
    except OSError as error:
        raise NotPossible(f"Can't read the file '{name[:200]}' for {option}: {error.strerror}.") from error


def _is_picture(filename: str) -> bool:
    return filename.lower().endswith(_ENDINGS)
