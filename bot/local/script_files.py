"""Files that people in a script give to a command: `picture:@picture` and `file:@path/to/file`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from playground import Discord, Message, NotPossible

MARK = "@"
#: stands for the first picture of the newest message that has one
PICTURE = "picture"
_ENDINGS = (".png", ".jpg", ".jpeg", ".webp")


def pictures_in(messages: Sequence[Message]) -> list[Message]:
    """Those of the bot's that show pictures; other files are none."""
    return [one for one in messages if one.is_bot and any(_is_picture(file.filename) for file in one.attachments)]


def newest_picture(messages: Sequence[Message]) -> Message:
    """ "The message" of a script.

    Raises: NotPossible, if there is none.
    """
    if not (found := pictures_in(messages)):
        raise NotPossible("There is no picture here yet.")
    return found[-1]


async def given_file(discord: Discord, messages: Sequence[Message], option: str, word: str) -> tuple[str, bytes]:
    """The name and the bytes of the file that a word in a script stands for.

    Raises: NotPossible, if there is no such file.
    """
    mark, name = word[:1], word[1:].strip()
    if mark != MARK or not name:
        raise NotPossible(
            f"{option} takes a file: write {option}:@picture for the newest picture, or {option}:@path/to/file."
        )
    if name == PICTURE:
        files = newest_picture(messages).attachments
        picture = next(one for one in files if _is_picture(one.filename))
        return picture.filename, await discord.fetch(picture)
    path = Path(name)
    if not path.is_file():
        raise NotPossible(f"There is no file '{name[:200]}' to give as {option}.")
    try:
        return path.name, path.read_bytes()
    except OSError as error:
        raise NotPossible(f"The file '{name[:200]}' cannot be read: {error.strerror}.") from error


def _is_picture(filename: str) -> bool:
    return filename.lower().endswith(_ENDINGS)
