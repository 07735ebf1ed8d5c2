"""The sandboxed process: reads an untrusted file from stdin and answers with a safetensors file.

Uses Python's standard library alone and drops every privilege before it reads the first byte: it can't open or write
files, import or run anything, or connect anywhere. Started by sandbox.py.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from functools import partial
from typing import Any

from embeddings.errors import RefusedFile
from embeddings.foreign.layouts import Unpacked, find_vectors
from embeddings.foreign.picture import PNG_START, open_picture
from embeddings.foreign.torchfile import PICKLE_START, ZIP_START, materialise, open_legacy, open_zip
from embeddings.shapes import NOT_AN_EMBEDDING
from embeddings.tensors import pack

#: larger than an embedding, since a picture contains more than its embedding
MAX_INPUT_BYTES = 8 * 1024 * 1024
READY = b"\n"
PNG = "PNG text (sd-ti-embedding)"
_MEMORY_BYTES = 512 * 1024 * 1024
_CPU_SECONDS = 2
_FORBIDDEN, _CRASHED = 77, 70  # exit codes

_OTHER_PICTURE = "This isn't a PNG, the only kind of picture that embeddings are read from."
_ARCHIVE = "This is an archive; please unpack it and send the file inside."
#: starts of files that people send by mistake → what they are
_OTHER_FILES: tuple[tuple[bytes, str], ...] = (
    (b"<", "This is a web page, not an embedding; downloading the file itself may require a login."),
    (b"version https://git-lfs", "This is only a Git LFS pointer; please download the file that it points to."),
    (b"RIFF", _OTHER_PICTURE),
    (b"\xff\xd8\xff", "This is a JPEG, which can't contain an embedding; A1111 stores embeddings in PNG files."),
    (b"\xff\x0a", _OTHER_PICTURE),
    (b"\0\0\0\x0cJXL ", _OTHER_PICTURE),
    (b"GGUF", f"This is a GGUF model, {NOT_AN_EMBEDDING}."),
    (b"7z\xbc\xaf", _ARCHIVE),
    (b"Rar!", _ARCHIVE),
    (b"\x1f\x8b", _ARCHIVE),
)


def unpack(data: bytes) -> Unpacked:
    """The token vectors in a torch file or a picture, read as data. Raises: RefusedFile."""
    if not data:
        raise RefusedFile("This file is empty; please download it again.")
    if data.startswith(PNG_START):
        return find_vectors(open_picture(data), PNG, _no_tensor)
    if data.startswith(ZIP_START):
        tree, read_storage = open_zip(data)
        return find_vectors(tree, "torch file", partial(materialise, read_storage=read_storage))
    if data.startswith(PICKLE_START):
        tree, read_storage = open_legacy(data)
        return find_vectors(tree, "torch file from before 1.6", partial(materialise, read_storage=read_storage))
    for start, sentence in _OTHER_FILES:
        if data.startswith(start):
            raise RefusedFile(sentence)
    raise RefusedFile("This isn't a safetensors file, a torch file or a PNG picture.")


def _no_tensor(record: Any) -> Any:
    raise RefusedFile("This file has something other than a tensor where its vectors should be.")


def answer(data: bytes) -> bytes:
    """One line of JSON, followed by the safetensors file if there is one."""
    try:
        found = unpack(data)
        line = json.dumps({"container": found.container, "layout": found.layout, "hints": dict(found.hints)})
        return line.encode() + b"\n" + pack(found.tensors, {})
    except RefusedFile as refused:
        return json.dumps({"refused": str(refused)}).encode() + b"\n"
    except (MemoryError, RecursionError):
        return (
            json.dumps({"refused": "This file needs more memory than any embedding, so it wasn't read."}).encode()
            + b"\n"
        )


def main() -> None:
    """Drop all privileges, report ready, read a file, answer, and end the process."""
    drop_privileges()
    code = 0
    try:
        os.write(1, READY)
        out = answer(sys.stdin.buffer.read(MAX_INPUT_BYTES + 1))
        while out:
            out = out[os.write(1, out) :]
    except BaseException:  # printing a traceback would open source files
        code = _CRASHED
    os._exit(code)


def drop_privileges() -> None:
    """Limit memory, time and open files, and end the process on any audit event. Can't be undone."""
    for encoding in ("cp437", "utf-8", "ascii", "latin-1"):
        "".encode(encoding)  # loads the codec, which can't be imported later
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    spent = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
    resource.setrlimit(resource.RLIMIT_CPU, (spent + 1 + _CPU_SECONDS, spent + 1 + _CPU_SECONDS))
    for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(kind, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))  # the three that are open: stdin, stdout and stderr
    sys.addaudithook(_forbid)


def _forbid(event: str, arguments: tuple[Any, ...]) -> None:
    # Reading a file raises no audit event: those are for opening, importing, compiling, starting and connecting.
    os._exit(_FORBIDDEN)
