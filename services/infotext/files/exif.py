"""The text among EXIF's tags.

Pillow's own reader copies every tag that a file lists, and a crafted file of 64 KB lists gigabytes. This one reads the few
tags where programs put text, each at most once.

Source: TIFF 6.0, section 2; EXIF 2.32, section 4.6.
"""

from __future__ import annotations

from collections.abc import Iterator

DESCRIPTION, MAKE, MODEL, SOFTWARE, USER_COMMENT = 0x010E, 0x010F, 0x0110, 0x0131, 0x9286
#: the tag with the place of a second directory, which has the comment
EXIF_IFD = 0x8769
_WANTED = frozenset({DESCRIPTION, MAKE, MODEL, SOFTWARE, USER_COMMENT})
#: the first eight bytes of a UserComment name its encoding
UNICODE = b"UNICODE\0"
_ASCII, _UNDEFINED = b"ASCII\0\0\0", bytes(8)
_ORDERS = {b"II*\0": "little", b"MM\0*": "big"}
#: bytes a value takes by its type; text has one
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 7: 1}
#: cameras write some 60
_MAX_TAGS = 500


def read_exif(block: bytes) -> dict[int, str]:
    """Tag → its text, for the tags above that have any. Never raises."""
    block = block.removeprefix(b"Exif\0\0")
    order = _ORDERS.get(block[:4])
    if order is None:
        return {}
    tags: dict[int, bytes] = {}
    directories = [_number(block[4:8], order)]
    for n, place in enumerate(directories):
        for tag, value in _entries(block, place, order):
            if tag == EXIF_IFD and n == 0 and len(directories) == 1:
                directories.append(_number(value[:4], order))
            elif tag in _WANTED:
                tags.setdefault(tag, value)
    texts = {tag: _comment(value) if tag == USER_COMMENT else _plain(value) for tag, value in tags.items()}
    return {tag: text for tag, text in texts.items() if text.strip("\0 ")}


def _entries(block: bytes, place: int, order: str) -> Iterator[tuple[int, bytes]]:
    """The wanted tags of a directory and the place of the next directory."""
    for n in range(min(_number(block[place : place + 2], order), _MAX_TAGS)):
        entry = block[place + 2 + 12 * n : place + 14 + 12 * n]
        tag, kind, count = (_number(entry[start:end], order) for start, end in ((0, 2), (2, 4), (4, 8)))
        if len(entry) < 12 or kind not in _SIZES or tag not in _WANTED | {EXIF_IFD}:
            continue
        length, value = count * _SIZES[kind], entry[8:12]
        start = _number(value, order)
        yield tag, value[:length] if length <= 4 else block[start : start + length]


def _number(raw: bytes, order: str) -> int:
    return int.from_bytes(raw, "little" if order == "little" else "big")


def _comment(value: bytes) -> str:
    head, body = value[:8], value[8:]
    if head == UNICODE:
        return body.decode(_utf16_of(body), "replace").removeprefix("\ufeff")
    return _plain(body if head in (_ASCII, _UNDEFINED) else value)


def _plain(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _utf16_of(body: bytes) -> str:
    """The byte order. The format prescribes no byte order mark, but half of the bytes of any infotext are zero."""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    return "utf-16-be" if body[0::2].count(0) >= body[1::2].count(0) else "utf-16-le"
