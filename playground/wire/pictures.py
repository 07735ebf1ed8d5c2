"""What Discord tells of an uploaded file that is a picture: its kind and size, read from the header alone."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True, slots=True)
class Picture:
    """Sides in pixels."""

    content_type: str
    width: int
    height: int


def picture_in(data: bytes) -> Picture | None:
    """None for whatever no client would show as a picture."""
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP", "GIF")) as image:
            return Picture(Image.MIME[image.format or ""], image.width, image.height)
    except Exception:  # from broken files Pillow raises whatever its parts raise
        return None
