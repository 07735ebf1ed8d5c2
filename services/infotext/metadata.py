"""The text that a picture carries beside its pixels: PNG "parameters", or EXIF's UserComment in JPEG and WebP.

Reads headers alone, never a pixel. Knows where programs put the text and how they encode it; knows nothing of what it says.
"""

from __future__ import annotations

import io
import re

from PIL import Image, UnidentifiedImageError
from PIL.PngImagePlugin import iTXt

from services.errors import UserError
from services.infotext.writer import INFOTEXT_KEY

#: larger files are not even fetched
MAX_FILE_BYTES = 20 * 1024 * 1024
#: characters; whatever is longer is no prompt, and is cut
MAX_TEXT = 64 * 1024

#: characters that show nothing and that no database stores; tabs and line feeds are not among them
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_FORMATS = ("PNG", "JPEG", "WEBP")
_EXIF_IFD, _USER_COMMENT = 0x8769, 0x9286
#: the first eight bytes of a UserComment name its encoding
_UNICODE, _ASCII, _UNDEFINED = b"UNICODE\0", b"ASCII\0\0\0", bytes(8)


def read_text(data: bytes) -> str | None:
    """The text in a picture's file, at most `MAX_TEXT` characters of it; None if there is none.

    Raises: UserError, if it is no PNG, JPEG or WebP.
    """
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            text = _png_text(picture.info.get(INFOTEXT_KEY)) or _exif_text(picture.info.get("exif"))
    except Image.DecompressionBombError as error:
        raise UserError("That picture has more pixels than I open; give me a smaller one.") from error
    except UnidentifiedImageError as error:
        raise UserError("That is no picture I can read; give me a PNG, JPEG or WebP file.") from error
    except Exception as error:  # from broken files Pillow raises whatever its parts raise
        raise UserError("That picture's file is broken; give me the original PNG, JPEG or WebP file.") from error
    return _CONTROL.sub("", text[:MAX_TEXT]).strip() or None


def exif_of(text: str) -> bytes:
    """An EXIF block with the text as its UserComment, encoded as A1111 encodes it, for Pillow's `save(exif=…)`.

    Units: two bytes a character; a JPEG holds 64 KB of EXIF, so at most some 32,000 characters.
    """
    exif = Image.Exif()
    exif.get_ifd(_EXIF_IFD)[_USER_COMMENT] = _UNICODE + text.encode("utf-16-be", "replace")
    return exif.tobytes()


def _png_text(value: object) -> str:
    """The chunk's text; some programs put UTF-8 into tEXt, which is Latin-1 by its definition."""
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
    """What a UserComment says; never raises."""
    head, body = comment[:8], comment[8:]
    if head == _UNICODE:
        return body.decode(_utf16_of(body), "replace").removeprefix("\ufeff")
    plain = body if head in (_ASCII, _UNDEFINED) else comment
    try:
        return plain.decode("utf-8")
    except UnicodeDecodeError:
        return plain.decode("latin-1")


def _utf16_of(body: bytes) -> str:
    """Which byte comes first. No byte order mark is prescribed, but every infotext is half zeros."""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    return "utf-16-be" if body[0::2].count(0) >= body[1::2].count(0) else "utf-16-le"
