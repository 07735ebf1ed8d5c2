"""Have a stranger's file taken apart in a process that can do nothing else, and believe none of its words unchecked.

The code that reads pickles and pictures (`unpacker.py`) cannot run what they hold. Should it be wrong all the same, it
fails in a process with no files, no network, no imports, little memory and two seconds; and what comes back is
read by the ordinary reader like any other file.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer

from embeddings.display import printable
from embeddings.errors import RefusedFile
from embeddings.foreign.unpacker import MAX_INPUT_BYTES, READY

START_SECONDS = 20.0  # on a machine that is busy with pictures
WORK_SECONDS = 2.0
#: what can come back: a line of words, and vectors with their header
MAX_ANSWER_BYTES = 5 * 1024 * 1024
_MAX_LINE_BYTES = 16 * 1024
_MAX_SENTENCE = 300

_ROOT = str(Path(__file__).parents[2])
#: -I and -S leave the environment, the working folder and every installed package out
_COMMAND = (
    sys.executable,
    "-I",
    "-S",
    "-B",
    "-c",
    "import sys; sys.path.append(sys.argv[1]); from embeddings.foreign.unpacker import main; main()",
    _ROOT,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a safetensors file, still to be read and checked, and words about where it came from."""

    data: bytes = field(repr=False)
    #: which kind of file it was taken from; empty for a safetensors file that nobody had to take apart
    container: str = ""
    #: the layout, where the names of the tensors do not tell it any more
    layout: str | None = None
    hints: Mapping[str, str] = field(default_factory=dict)


def unpack_apart(data: bytes, *, seconds: float = WORK_SECONDS) -> Answer:
    """Take the token vectors out of a torch file or a picture. Takes some 0.1 s; call it in a thread.

    Raises: RefusedFile, also if it takes more than `seconds` or more memory than an embedding needs.
    """
    if len(data) > MAX_INPUT_BYTES:
        raise RefusedFile(f"The file has {len(data):,} bytes; an embedding has at most {MAX_INPUT_BYTES:,}.")
    # the folder is nobody's, and the environment is empty: keys and tokens of this process are not its business
    with subprocess.Popen(
        _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/", env={}
    ) as process:
        try:
            return _understood(_ask(process, data, seconds))
        finally:
            process.kill()


def _ask(process: subprocess.Popen[bytes], data: bytes, seconds: float) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    with _killed_after(START_SECONDS, process):
        if process.stdout.read(len(READY)) != READY:
            raise RefusedFile("It could not be looked at, since no process could be started for it.")
    with _killed_after(seconds, process):
        try:
            process.stdin.write(data)
            process.stdin.close()
        except BrokenPipeError:  # it gave up, or was stopped
            return b""
        return process.stdout.read(MAX_ANSWER_BYTES + 1)


@contextmanager
def _killed_after(seconds: float, process: subprocess.Popen[bytes]) -> Iterator[None]:
    timer = Timer(seconds, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _understood(raw: bytes) -> Answer:
    line, _, data = raw.partition(b"\n")
    try:
        words = (
            json.loads(line.decode("utf-8")) if len(line) <= _MAX_LINE_BYTES and len(raw) <= MAX_ANSWER_BYTES else None
        )
    except (ValueError, RecursionError):
        words = None
    match words:
        case {"refused": str(sentence)}:
            raise RefusedFile(printable(sentence, _MAX_SENTENCE))
        case {"container": str(container), "layout": layout, "hints": dict(hints)}:
            words = {printable(str(hint)): printable(str(value), _MAX_SENTENCE) for hint, value in hints.items()}
            return Answer(data, printable(container), printable(layout) if isinstance(layout, str) else None, words)
    raise RefusedFile("Taking it apart needs more time or memory than any embedding should.")
