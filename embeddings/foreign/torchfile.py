"""Open the files that torch.save writes: the zip of torch 1.6 and later, and the series of pickles before that.

Source: torch/serialization.py; the members allowed are those of A1111's safe.py and those that torch 2.13 adds.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from embeddings.display import printable
from embeddings.errors import RefusedFile
from embeddings.foreign.pickles import read_pickle
from embeddings.foreign.standins import Storage, TensorRecord
from embeddings.shapes import NOT_AN_EMBEDDING
from embeddings.tensors import ITEM_BYTES, RawTensor

ZIP_START = b"PK\x03\x04"
_ZIP_END, _ZIP_END_BYTES = b"PK\x05\x06", 22  # the end of an archive without a comment
PICKLE_START = b"\x80"
MAX_PICKLE_BYTES = 256 * 1024
MAX_UNPACKED_BYTES = 4 * 1024 * 1024
MAX_RATIO = 10  # the floats of real vectors hardly compress
MAX_MEMBERS = 64
_MAX_DIMENSIONS = 4

_MEMBER = re.compile(
    r"([^/]+)/(data\.pkl|data/[0-9]{1,20}|version|byteorder|\.format_version|\.storage_alignment"
    r"|\.data/serialization_id)"
)
_CODE = re.compile(r"[^/]+/(code/.*|constants\.pkl)")
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_LENGTH = struct.Struct("<q")
_DAMAGED_ARCHIVE = "This file's zip archive is damaged; please download it again."
_STORED_BYTES = {**ITEM_BYTES, "I64": 8}
#: what zipfile raises for broken archives; RuntimeError means that a password is missing
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OverflowError, RuntimeError, struct.error)

#: returns the bytes of a storage
ReadStorage = Callable[[Storage], bytes]


def open_zip(data: bytes) -> tuple[Any, ReadStorage]:
    """The plain data in a torch.save zip, and a function that reads its storages. Raises: RefusedFile."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        if not data[-_ZIP_END_BYTES:].startswith(_ZIP_END):
            raise RefusedFile("This file has hidden data after its archive; it may be malicious and wasn't loaded.")
        members = _members(archive)
        tree = read_pickle(_bytes(archive, members["data.pkl"]))
        if tree.end != members["data.pkl"].file_size:
            raise RefusedFile("This file has hidden data after its pickle; it may be malicious and wasn't loaded.")
        if "byteorder" in members and _bytes(archive, members["byteorder"]) != b"little":
            raise RefusedFile(
                "This file's numbers are big-endian; please save it again on a little-endian machine (x86 or ARM)."
            )
    except _DAMAGE as error:
        raise RefusedFile(_DAMAGED_ARCHIVE) from error

    def read_storage(storage: Storage) -> bytes:
        member = members.get(f"data/{storage.key}")
        if member is None:
            raise RefusedFile("This file refers to a tensor that it doesn't contain; please download it again.")
        return _bytes(archive, member)

    return tree.value, read_storage


def _members(archive: zipfile.ZipFile) -> Mapping[str, zipfile.ZipInfo]:
    """The archive's members by their names inside its one folder, all of them expected and small."""
    infos = archive.infolist()
    if len(infos) > MAX_MEMBERS:
        raise RefusedFile(f"This file's archive has {len(infos):,} entries; an embedding's has a handful.")
    if not infos or min(info.header_offset for info in infos) != 0:
        raise RefusedFile("This file has hidden data before its archive; it may be malicious and wasn't loaded.")
    members: dict[str, zipfile.ZipInfo] = {}
    folders = set[str]()
    for info in infos:
        name = _MEMBER.fullmatch(info.orig_filename)
        if name is None:
            if _CODE.fullmatch(info.orig_filename):
                raise RefusedFile(f"This is a TorchScript program, {NOT_AN_EMBEDDING}.")
            raise RefusedFile(
                f"This archive contains '{printable(info.orig_filename)}', which isn't part of a torch file; "
                "if it is a zip of embeddings, please unpack it and send the file inside."
            )
        if name[2] in members:
            raise RefusedFile(
                f"This file's archive contains '{printable(name[2])}' twice; it may be malicious and wasn't loaded."
            )
        folders.add(name[1])
        members[name[2]] = info
    if len(folders) > 1 or "data.pkl" not in members:
        raise RefusedFile("This file's archive isn't one that torch wrote.")
    _refuse_bombs(members)
    return members


def _refuse_bombs(members: Mapping[str, zipfile.ZipInfo]) -> None:
    for info in members.values():
        if info.flag_bits & 0x1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise RefusedFile("This file's archive is encrypted or compressed in a way that torch doesn't use.")
        if info.file_size > MAX_RATIO * max(info.compress_size, MAX_MEMBERS):
            raise RefusedFile("This file's archive is a zip bomb, so it wasn't unpacked.")
    if sum(info.file_size for info in members.values()) > MAX_UNPACKED_BYTES:
        raise RefusedFile(f"This file unpacks to more than {MAX_UNPACKED_BYTES:,} bytes, which no embedding does.")
    if members["data.pkl"].file_size > MAX_PICKLE_BYTES:
        raise RefusedFile(
            f"This file's pickle has more than {MAX_PICKLE_BYTES:,} bytes; an embedding's has about a thousand."
        )


def _bytes(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(info) as member:
            # read() without a limit would unpack all of a member that understates its size
            unpacked = member.read(info.file_size)
    except _DAMAGE as error:
        raise RefusedFile(_DAMAGED_ARCHIVE) from error
    if len(unpacked) != info.file_size:
        raise RefusedFile(_DAMAGED_ARCHIVE)
    return unpacked


def open_legacy(data: bytes) -> tuple[Any, ReadStorage]:
    """The same for files from before torch 1.6: five pickles, then one storage after another. Raises: RefusedFile."""
    magic = read_pickle(data)
    if magic.value != _LEGACY_MAGIC:
        raise RefusedFile(f"This is a pickle that torch didn't write, {NOT_AN_EMBEDDING}.")
    protocol = read_pickle(data, magic.end)
    system = read_pickle(data, protocol.end)
    match protocol.value, system.value:
        case 1001, {"little_endian": True}:
            pass
        case _:
            raise RefusedFile("This file was written by an unknown version of torch; please save it as safetensors.")
    tree = read_pickle(data, system.end)
    keys = read_pickle(data, tree.end)
    position = keys.end
    if not isinstance(keys.value, list) or sorted(tree.storages) != sorted(map(str, keys.value)):
        raise RefusedFile("This file's list of tensors is damaged; please download it again.")
    storages = _legacy_storages(data, position, [tree.storages.get(key) for key in keys.value])

    def read_storage(storage: Storage) -> bytes:
        if storage.key not in storages:
            raise RefusedFile("This file refers to a tensor that it doesn't contain; please download it again.")
        return storages[storage.key]

    return tree.value, read_storage


def _legacy_storages(data: bytes, position: int, order: list[Storage | None]) -> Mapping[str, bytes]:
    """Each storage is stored as its number of values in eight bytes, then the values."""
    found: dict[str, bytes] = {}
    for storage in order:
        if storage is None:
            raise RefusedFile("This file's list of tensors is damaged; please download it again.")
        begin = position + _LEGACY_LENGTH.size
        position = begin + storage.numel * _STORED_BYTES[storage.dtype]
        if storage.numel < 0 or position > len(data) or _LEGACY_LENGTH.unpack_from(data, begin - 8) != (storage.numel,):
            raise RefusedFile("A tensor in this file has a different size than declared, so the file is damaged.")
        found[storage.key] = data[begin:position]
    if position != len(data):
        raise RefusedFile("This file has hidden data after its tensors; it may be malicious and wasn't loaded.")
    return found


def materialise(record: TensorRecord, read_storage: ReadStorage) -> RawTensor:
    """The values of a tensor, if they are contiguous floats within its storage. Raises: RefusedFile."""
    storage = record.storage
    if storage.dtype not in ITEM_BYTES:
        raise RefusedFile(f"This file's vectors are stored as {storage.dtype}; token vectors must be F16, BF16 or F32.")
    if len(record.shape) > _MAX_DIMENSIONS or len(record.shape) != len(record.stride):
        raise RefusedFile("A tensor in this file has a shape that no token vectors have.")
    size = 1
    for length, stride in zip(reversed(record.shape), reversed(record.stride), strict=True):
        if not 0 <= length <= MAX_UNPACKED_BYTES or (stride != size and length > 1):
            raise RefusedFile("A tensor in this file isn't stored row by row, so its vectors can't be read.")
        size *= length
    data = read_storage(storage)
    item = ITEM_BYTES[storage.dtype]
    if len(data) != storage.numel * item:
        raise RefusedFile("A tensor in this file has a different size than declared, so the file is damaged.")
    if record.offset < 0 or record.offset + size > storage.numel:
        raise RefusedFile("A tensor in this file extends beyond its data, so the file is damaged.")
    return RawTensor(storage.dtype, record.shape, data[record.offset * item : (record.offset + size) * item])
