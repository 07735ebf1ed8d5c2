"""The content type and size of an uploaded picture, read from its header only."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True, slots=True)
class Picture:
    """Width and height are in pixels."""

    content_type: str
    width: int
    height: int


def picture_in(data: bytes) -> Picture | None:
    """None for anything a client wouldn't show as a picture."""
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP", "GIF")) as image:
            return Picture(Image.MIME[image.format or ""], image.width, image.height)
    except Exception:  # Pillow's decoders raise all sorts of errors for broken files
        return None
