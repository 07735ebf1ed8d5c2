"""What a picture file says besides its pixels, and how much of it is read."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.errors import UserError

#: chunks of a PNG or WebP file, segments of a JPEG file. Programs write 8 KB of pixels a chunk or more, so a file of the
#: largest size that is read has some 2,500.
MAX_PARTS = 20_000
#: bytes of a single text, once it's decompressed; ComfyUI's longest graphs take half of it
MAX_TEXT_BYTES = 1024 * 1024
#: bytes of all texts of a file
MAX_ALL_BYTES = 4 * MAX_TEXT_BYTES


@dataclass(slots=True)
class Contents:
    """The text in a file, by where it was."""

    #: PNG keyword → text; for a keyword that is used twice the last one, as other readers have it
    texts: dict[str, str] = field(default_factory=dict)
    #: as a TIFF file
    exif: bytes = b""
    xmp: bytes = b""
    #: JPEG's own kind of text
    comment: bytes = b""
    #: pixels were found, so there is no reason to think that text got lost
    has_pixels: bool = False
    _read: int = 0

    def room(self) -> int:
        """Bytes that the next text may take."""
        return max(0, min(MAX_TEXT_BYTES, MAX_ALL_BYTES - self._read))

    def take(self, text: bytes) -> bytes:
        """As much of the text as there is room for."""
        taken = text[: self.room()]
        self._read += len(taken)
        return taken

    def give_up(self) -> None:
        """Count a text that couldn't be decompressed as the longest, since that took as much time."""
        self._read += MAX_TEXT_BYTES


class PartCounter:
    """Stops the reading of a file that consists of too many parts."""

    def __init__(self) -> None:
        self._left = MAX_PARTS

    def count(self) -> None:
        """Raises: UserError."""
        self._left -= 1
        if self._left < 0:
            raise UserError(
                f"That picture's file has more than {MAX_PARTS:,} parts, which is more than I read; "
                "please save it again in an image editor that keeps the metadata, and send that file."
            )
