"""Make pictures small enough for where they go: PNG, else lossless WebP, else JPEG, each with its text."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from services.infotext.metadata import exif_of, read_text

#: of one file, where Discord says nothing else
DEFAULT_LIMIT = 10 * 1024 * 1024  # bytes
#: of one request with all its files, whatever the server's level
REQUEST_LIMIT = 25 * 1024 * 1024  # bytes
#: for the card and the form around the files
_ROOM = 256 * 1024  # bytes
_JPEG_QUALITIES = (95, 90, 80, 65, 50)
#: smaller than this no picture is worth sending
_LEAST_SIDE = 64  # pixels


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it is sent."""

    data: bytes
    #: with its dot
    suffix: str
    #: what was done to it, for the member; empty where it is the picture itself
    note: str = ""


def fit_files(pictures: Sequence[bytes], limit: int | None) -> list[Upload]:
    """PNG files as they can be sent together, where one file may have `limit` bytes."""
    allowed = min(limit or DEFAULT_LIMIT, (REQUEST_LIMIT - _ROOM) // max(1, len(pictures)))
    return [fit_file(data, allowed) for data in pictures]


def fit_file(data: bytes, limit: int) -> Upload:
    """One PNG file in the best form that has at most `limit` bytes."""
    if len(data) <= limit:
        return Upload(data, ".png")
    text = read_text(data) or ""
    with Image.open(io.BytesIO(data)) as picture:
        image = picture.convert("RGB")
    exif = exif_of(text)
    webp = _encoded(image, "WEBP", lossless=True, quality=100, method=4, exif=exif)
    if len(webp) <= limit:
        return Upload(webp, ".webp", "as lossless WebP, since the PNG is too large for this server")
    while True:
        for quality in _JPEG_QUALITIES:
            jpeg = _encoded(image, "JPEG", quality=quality, subsampling=0, exif=exif)
            if len(jpeg) <= limit or min(image.size) < 2 * _LEAST_SIDE:
                return Upload(jpeg, ".jpg", "as JPEG, since the PNG is too large for this server")
        image = image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)


def _encoded(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()
