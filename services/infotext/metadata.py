"""The text that a picture's file carries: PNG "parameters", EXIF's UserComment, or wherever else programs put it.

Reads headers only, never a pixel. Knows the places and what text has A1111's form, but not what it means.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from PIL import Image

from services.errors import UserError
from services.infotext.files import Contents, read_contents
from services.infotext.files.exif import DESCRIPTION, EXIF_IFD, MAKE, MODEL, SOFTWARE, UNICODE, USER_COMMENT, read_exif
from services.infotext.programs import DRAW_THINGS_KEY, translate
from services.infotext.reader import read_infotext
from services.infotext.writer import INFOTEXT_KEY

#: larger files aren't even downloaded
MAX_FILE_BYTES = 20 * 1024 * 1024
#: characters; a longer text isn't a prompt, and is truncated
MAX_TEXT = 64 * 1024

#: invisible characters that PostgreSQL refuses to store; tabs and line feeds aren't among them
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_XMP_TEXT = re.compile(r"<(?:exif:UserComment|dc:description)>.{0,100}?<rdf:li[^>]{0,100}>([^<]*)<", re.DOTALL)


def read_text(data: bytes) -> str | None:
    """The text in a picture's file, up to `MAX_TEXT` characters; None if there is none.

    What another program wrote comes in A1111's format, if that program's format can be read.

    Raises: UserError, if it isn't a PNG, JPEG or WebP file that can be read, or the program's format can't be read.
    """
    contents = read_contents(data)
    exif = read_exif(contents.exif)
    texts = _texts(contents, exif)
    text = clean(texts.get(INFOTEXT_KEY, ""))
    if read_infotext(text) is None:
        found = next(filter(read_infotext, map(clean, _unusual_places(contents, exif))), None)
        text = found or clean(translate(texts) or "") or text
    if not text and not contents.has_pixels:
        raise UserError("That picture's file is damaged; please send the original PNG, JPEG or WebP file.")
    return text or None


def clean(text: str) -> str:
    """The start of a text, without what can't be stored or shown."""
    return _CONTROL.sub("", text[:MAX_TEXT]).strip()


def exif_of(text: str) -> bytes:
    """An EXIF block with the text as its UserComment, encoded as A1111 encodes it, for Pillow's `save(exif=…)`.

    Units: two bytes a character; a JPEG holds 64 KB of EXIF, so at most some 32,000 characters.
    """
    exif = Image.Exif()
    exif.get_ifd(EXIF_IFD)[USER_COMMENT] = UNICODE + text.encode("utf-16-be", "replace")
    return exif.tobytes()


def _texts(contents: Contents, exif: Mapping[int, str]) -> dict[str, str]:
    """By PNG's keywords, also where a program had to put them into EXIF."""
    texts = {INFOTEXT_KEY: exif.get(USER_COMMENT, ""), "Software": exif.get(SOFTWARE, "").strip("\0 ")}
    for tag in (MAKE, MODEL):  # ComfyUI's, as "prompt:{…}"
        keyword, _, text = exif.get(tag, "").partition(":")
        if keyword in ("prompt", "workflow"):
            texts[keyword] = text
    xmp = contents.xmp.decode("utf-8", "replace")
    if "Draw Things" in xmp:
        comments = (html.unescape(found).strip() for found in _XMP_TEXT.findall(xmp)[:10])
        texts[DRAW_THINGS_KEY] = next((comment for comment in comments if comment.startswith("{")), "")
    return texts | {keyword: text for keyword, text in contents.texts.items() if text.strip()}


def _unusual_places(contents: Contents, exif: Mapping[int, str]) -> list[str]:
    """Where text of any kind is found, so only A1111's form shows that it's about how the picture was made."""
    xmp = contents.xmp.decode("utf-8", "replace")
    texts = [contents.texts.get(keyword, "") for keyword in ("Comment", "comment", "Description")]
    return [
        contents.comment.decode("utf-8", "replace"),
        exif.get(DESCRIPTION, ""),
        *texts,
        *(html.unescape(found) for found in _XMP_TEXT.findall(xmp)[:10]),
    ]
