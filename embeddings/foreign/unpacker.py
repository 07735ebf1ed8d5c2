"""The other side of the sandbox: takes a stranger's file from stdin and answers with a safetensors file.

Runs in a process of its own, with Python's standard library alone, which gives up everything it will not need before it
reads the first byte: no file can be opened or written, nothing imported, run or connected to. See sandbox.py.
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
from embeddings.tensors import pack

#: A picture may be larger than an embedding, for the picture in it.
MAX_INPUT_BYTES = 8 * 1024 * 1024
READY = b"\n"
PNG = "PNG text (sd-ti-embedding)"
_MEMORY_BYTES = 512 * 1024 * 1024
_CPU_SECONDS = 2
_FORBIDDEN, _CRASHED = 77, 70  # exit codes

#: texts that people take for a download → what really came
_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"<", "This is a web page, not an embedding; the download may need a login."),
    (b"version https://git-lfs", "This is only a pointer to a file (git LFS); please download the file itself."),
    (b"RIFF", "Of pictures, only PNG is read, and this is another kind."),
    (b"\xff\xd8\xff", "Of pictures, only PNG is read, and this is a JPEG, which carries no embedding."),
    (b"\xff\x0a", "Of pictures, only PNG is read, and this is another kind."),
    (b"\0\0\0\x0cJXL ", "Of pictures, only PNG is read, and this is another kind."),
    (b"GGUF", "This is a model in the format GGUF, not an embedding."),
    (b"7z\xbc\xaf", "This is an archive; please unpack it and take the file in it."),
    (b"Rar!", "This is an archive; please unpack it and take the file in it."),
    (b"\x1f\x8b", "This is an archive; please unpack it and take the file in it."),
)


def unpack(data: bytes) -> Unpacked:
    """The token vectors in a torch file or a picture. Loads nothing, runs nothing. Raises: RefusedFile."""
    if not data:
        raise RefusedFile("The file is empty.")
    if data.startswith(PNG_START):
        return find_vectors(open_picture(data), PNG, _no_tensor)
    if data.startswith(ZIP_START):
        tree, read_storage = open_zip(data)
        return find_vectors(tree, "torch file", partial(materialise, read_storage=read_storage))
    if data.startswith(PICKLE_START):
        tree, read_storage = open_legacy(data)
        return find_vectors(tree, "torch file from before 1.6", partial(materialise, read_storage=read_storage))
    for start, sentence in _OTHERS:
        if data.startswith(start):
            raise RefusedFile(sentence)
    raise RefusedFile("It is neither a safetensors file, nor a torch file, nor a PNG picture.")


def _no_tensor(record: Any) -> Any:
    raise RefusedFile("Where its vectors should be, something else stands.")


def answer(data: bytes) -> bytes:
    """One line of JSON and, if the file is taken, the safetensors file behind it."""
    try:
        found = unpack(data)
        line = json.dumps({"container": found.container, "layout": found.layout, "hints": dict(found.hints)})
        return line.encode() + b"\n" + pack(found.tensors, {})
    except RefusedFile as refused:
        return json.dumps({"refused": str(refused)}).encode() + b"\n"
    except (MemoryError, RecursionError):
        return json.dumps({"refused": "It needs more memory than any embedding."}).encode() + b"\n"


def main() -> None:
    """Give everything up, say so, read, answer. Ends the process."""
    give_up_everything()
    code = 0
    try:
        os.write(1, READY)
        out = answer(sys.stdin.buffer.read(MAX_INPUT_BYTES + 1))
        while out:
            out = out[os.write(1, out) :]
    except BaseException:  # a traceback would open source files
        code = _CRASHED
    os._exit(code)


def give_up_everything() -> None:
    """Limit memory, time and files, and forbid every act that Python can watch. Cannot be taken back."""
    for encoding in ("cp437", "utf-8", "ascii", "latin-1"):
        "".encode(encoding)  # loads the codec, which later nothing could
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    spent = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
    resource.setrlimit(resource.RLIMIT_CPU, (spent + 1 + _CPU_SECONDS, spent + 1 + _CPU_SECONDS))
    for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(kind, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))  # those that are open: in, out and errors
    sys.addaudithook(_forbid)


def _forbid(event: str, arguments: tuple[Any, ...]) -> None:
    # Every event is of something that the work does not need: opening, importing, compiling, starting, connecting.
    os._exit(_FORBIDDEN)
