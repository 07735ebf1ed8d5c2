"""The text that a picture's file carries: PNG "parameters", or EXIF's UserComment in JPEG and WebP.

Reads headers only, never a pixel. Knows where programs put the text and how they encode it, but not what it means.
"""

from __future__ import annotations

import io
import re

from PIL import Image, UnidentifiedImageError
from PIL.PngImagePlugin import iTXt

from services.errors import UserError
from services.infotext.writer import INFOTEXT_KEY

#: larger files aren't even downloaded
MAX_FILE_BYTES = 20 * 1024 * 1024
#: characters; a longer text isn't a prompt, and is truncated
MAX_TEXT = 64 * 1024

#: invisible characters that PostgreSQL refuses to store; tabs and line feeds aren't among them
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_FORMATS = ("PNG", "JPEG", "WEBP")
_EXIF_IFD, _USER_COMMENT = 0x8769, 0x9286
#: the first eight bytes of a UserComment name its encoding
_UNICODE, _ASCII, _UNDEFINED = b"UNICODE\0", b"ASCII\0\0\0", bytes(8)


def read_text(data: bytes) -> str | None:
    """The text in a picture's file, up to `MAX_TEXT` characters; None if there is none.

    Raises: UserError, if it isn't a PNG, JPEG or WebP file.
    """
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            text = _png_text(picture.info.get(INFOTEXT_KEY)) or _exif_text(picture.info.get("exif"))
    except Image.DecompressionBombError as error:
        raise UserError("That picture has more pixels than I'm willing to open; please send a smaller one.") from error
    except UnidentifiedImageError as error:
        raise UserError("I can't read that file; please send a PNG, JPEG or WebP picture.") from error
    except Exception as error:  # Pillow lets through whatever its parsers raise on broken files
        raise UserError("That picture's file is damaged; please send the original PNG, JPEG or WebP file.") from error
    return _CONTROL.sub("", text[:MAX_TEXT]).strip() or None


def exif_of(text: str) -> bytes:
    """An EXIF block with the text as its UserComment, encoded as A1111 encodes it, for Pillow's `save(exif=…)`.

    Units: two bytes a character; a JPEG holds 64 KB of EXIF, so at most some 32,000 characters.
    """
    exif = Image.Exif()
    exif.get_ifd(_EXIF_IFD)[_USER_COMMENT] = _UNICODE + text.encode("utf-16-be", "replace")
    return exif.tobytes()


def _png_text(value: object) -> str:
    """The chunk's text; some programs put UTF-8 into tEXt, which is defined as Latin-1."""
    if not isinstance(value, str):
        return ""
    if isinstance(value, iTXt):
        return str(value)
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


def _exif_text(block: object) -> str:
    if not isinstance(block, bytes):
        return ""
    exif = Image.Exif()
    exif.load(block)
    comment = exif.get_ifd(_EXIF_IFD).get(_USER_COMMENT)
    if isinstance(comment, str):
        comment = comment.encode("utf-8", "replace")
    return _decoded(comment) if isinstance(comment, bytes) else ""


def _decoded(comment: bytes) -> str:
    """The text of a UserComment; never raises."""
    head, body = comment[:8], comment[8:]
    if head == _UNICODE:
        return body.decode(_utf16_of(body), "replace").removeprefix("\ufeff")
    plain = body if head in (_ASCII, _UNDEFINED) else comment
    try:
        return plain.decode("utf-8")
    except UnicodeDecodeError:
        return plain.decode("latin-1")


def _utf16_of(body: bytes) -> str:
    """The byte order. The format prescribes no byte order mark, but half of the bytes of any infotext are zero."""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    return "utf-16-be" if body[0::2].count(0) >= body[1::2].count(0) else "utf-16-le"
