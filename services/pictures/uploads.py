"""Make pictures small enough to upload: PNG, else lossless WebP, else JPEG, all with their infotext."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from services.infotext.metadata import exif_of, read_text

#: for one file, unless Discord names another limit
DEFAULT_LIMIT = 10 * 1024 * 1024  # bytes
#: for one request with all its files, regardless of the server's boost level
REQUEST_LIMIT = 25 * 1024 * 1024  # bytes
#: reserved for the card and the multipart form around the files
_OVERHEAD = 256 * 1024  # bytes
_JPEG_QUALITIES = (95, 90, 80, 65, 50)
#: smaller pictures aren't worth sending
_MIN_SIDE = 64  # pixels


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to upload."""

    data: bytes
    #: including the dot
    suffix: str
    #: tells the member about a conversion; empty for the original file
    note: str = ""


def fit_files(pictures: Sequence[bytes], limit: int | None) -> list[Upload]:
    """Fit PNG files into one request, with at most `limit` bytes per file."""
    allowed = min(limit or DEFAULT_LIMIT, (REQUEST_LIMIT - _OVERHEAD) // max(1, len(pictures)))
    return [fit_file(data, allowed) for data in pictures]


def fit_file(data: bytes, limit: int) -> Upload:
    """A PNG file in the best format that takes at most `limit` bytes.

    The smallest possible JPEG is returned even if it's larger than that.
    """
    if len(data) <= limit:
        return Upload(data, ".png")
    text = read_text(data) or ""
    with Image.open(io.BytesIO(data)) as picture:
        image = picture.convert("RGB")
    exif = exif_of(text)
    webp = _encode(image, "WEBP", lossless=True, quality=100, method=4, exif=exif)
    if len(webp) <= limit:
        return Upload(webp, ".webp", "as lossless WebP, because the PNG exceeds the upload limit")
    while True:
        for quality in _JPEG_QUALITIES:
            jpeg = _encode(image, "JPEG", quality=quality, subsampling=0, exif=exif)
            if len(jpeg) <= limit or min(image.size) < 2 * _MIN_SIDE:
                return Upload(jpeg, ".jpg", "as JPEG, because the PNG exceeds the upload limit")
        image = image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)


def _encode(image: Image.Image, format_name: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format_name, **options)
    return file.getvalue()
